package metrics

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// usage reads /proc.
func usage() (u processUsage, ok bool) {
	var r unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &r) != nil {
		return u, false
	}
	u.cpu = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return u, false
	}
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return u, false
	}
	pages := func(b []byte) float64 {
		n, _ := strconv.ParseUint(string(b), 10, 64) // the kernel prints numbers
		return float64(n) * float64(os.Getpagesize())
	}
	u.virtual, u.resident = pages(fields[0]), pages(fields[1])
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return u, false
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return u, false
	}
	u.fds = float64(len(names) - 1) // without the directory itself
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil {
		u.maxFDs = float64(limit.Cur)
	}
	return u, true
}
