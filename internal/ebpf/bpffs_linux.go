package ebpf

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	defaultBPFFS = "/sys/fs/bpf"
	bpffsMagic   = 0xcafe4a11
	cgroup2Magic = 0x63677270
)

func magic(path string) int64 {
	var s unix.Statfs_t
	if unix.Statfs(path, &s) != nil {
		return 0
	}
	return int64(s.Type) & 0xffffffff
}

// mountFor mounts bpffs at its usual place if a path needs it and nobody has. A failure shows when the path is used.
func mountFor(path string) {
	if path = filepath.Clean(path); strings.HasPrefix(path, defaultBPFFS+"/") && magic(defaultBPFFS) != bpffsMagic {
		kernel{}.MountBPFFS(defaultBPFFS)
	}
}

func (kernel) MountBPFFS(dir string) (bool, error) {
	if magic(dir) == bpffsMagic {
		return false, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, err
	}
	if err := unix.Mount("bpf", dir, "bpf", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=0700"); err != nil {
		return false, &Error{Call: "mount", Errno: err.(unix.Errno)}
	}
	return true, nil
}

// CgroupRoot looks at the usual place, and below it, where the hierarchy is beside version 1.
func (kernel) CgroupRoot() string {
	for _, dir := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		if magic(dir) == cgroup2Magic {
			return dir
		}
	}
	b, _ := os.ReadFile("/proc/self/mounts")
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 2 && f[2] == "cgroup2" {
			return f[1]
		}
	}
	return ""
}
