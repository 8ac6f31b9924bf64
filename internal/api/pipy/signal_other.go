//go:build !unix

package pipy

import (
	"os"
	"syscall"
)

// signalByName finds a signal by its name. Few exist here.
func signalByName(name string) (os.Signal, bool) {
	switch name {
	case "SIGINT":
		return os.Interrupt, true
	case "SIGTERM":
		return syscall.SIGTERM, true
	case "SIGHUP":
		return syscall.SIGHUP, true
	}
	return nil, false
}
