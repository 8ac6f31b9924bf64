//go:build linux

package link

import "fmt"

// failCall makes an error of a failed command; nil stays nil.
func failCall(call, what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s (%s): %w", call, what, err)
}

func rawError(call string, err error) error { return failCall(call, "this attachment", err) }
