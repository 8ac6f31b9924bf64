//go:build unix

package pipy

import (
	"os"

	"golang.org/x/sys/unix"
)

// signalByName finds a signal by its name, such as SIGHUP.
func signalByName(name string) (os.Signal, bool) {
	s := unix.SignalNum(name)
	return s, s != 0
}
