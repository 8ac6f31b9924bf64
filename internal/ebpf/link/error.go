//go:build linux

package link

import core "weir/internal/ebpf"

// failCall makes an error of a failed command; nil stays nil.
func failCall(call, what string, err error) error { return core.Fail(call, what, err) }

func rawError(call string, err error) error { return failCall(call, "this attachment", err) }
