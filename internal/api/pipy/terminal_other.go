//go:build !linux

package pipy

import "errors"

func terminalRaw() bool { return false }

func setTerminalRaw(raw bool) error {
	if raw {
		return errors.New("raw terminal mode is not supported on this system")
	}
	return nil
}
