//go:build !linux

package ebpf

// OpenDirectory opens a cgroup for its descriptor.
func OpenDirectory(string) (int, error) { return 0, ErrPlatform }

// OpenProcess returns a descriptor for a process.
func OpenProcess(int) (int, error) { return 0, ErrPlatform }

// MountBPFFS mounts bpffs at a directory.
func MountBPFFS(string) (bool, error) { return false, ErrPlatform }

// CgroupRoot returns where the hierarchy of cgroup v2 is mounted.
func CgroupRoot() string { return "" }

// PinInfo is a file in bpffs.
type PinInfo struct {
	Path, Kind string
	ID         uint32
}

// Pins lists what is pinned in a directory.
func Pins(string) ([]PinInfo, error) { return nil, ErrPlatform }
