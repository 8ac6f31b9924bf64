//go:build unix

package worker

import (
	"os"
	"syscall"
)

// suspend is the signal that opens and closes the admin service.
var suspend os.Signal = syscall.SIGTSTP
