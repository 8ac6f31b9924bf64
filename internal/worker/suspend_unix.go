//go:build unix

package worker

import (
	"os"
	"syscall"
)

// SuspendSignal is the signal that opens and closes the admin service.
var SuspendSignal os.Signal = syscall.SIGTSTP
