//go:build unix

package httpapi

import "syscall"

const nonblock = syscall.O_NONBLOCK
