//go:build unix

package reactor

import "golang.org/x/sys/unix"

// RaiseFileLimit raises the number of files the process may open to what the administrator allows. It fails silently:
// the old limit then stays.
func RaiseFileLimit() {
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &r) == nil && r.Cur < r.Max {
		r.Cur = r.Max
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &r)
	}
}
