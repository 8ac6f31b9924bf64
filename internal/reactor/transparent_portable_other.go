//go:build !linux

package reactor

import "errors"

func setTransparent(uintptr) error { return errors.New("only supported on Linux") }

func setFreeBind(uintptr) error { return errors.New("only supported on Linux") }
