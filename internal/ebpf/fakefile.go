package ebpf

import (
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// fakePath is a file of some kind that a descriptor stands for, fakeProcess a process.
type (
	fakePath    string
	fakeProcess int
)

// Unpin implements Backend.
func (f *Fake) Unpin(path string) error { delete(f.pinned, path); return nil }

// Pins implements Backend.
func (f *Fake) Pins(dir string) ([]PinInfo, error) {
	if f.Missing[dir] {
		return nil, &fs.PathError{Op: "lstat", Path: dir, Err: syscall.ENOENT}
	}
	var list []PinInfo
	for path, x := range f.pinned {
		if !strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/") {
			continue
		}
		p := PinInfo{Path: path}
		switch x := x.(type) {
		case *fakeMap:
			p.Kind, p.ID = "map", x.id
		case *fakeProgram:
			p.Kind, p.ID = "program", x.id
		case *fakeLink:
			p.Kind, p.ID = "link", x.id
		}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b PinInfo) int { return strings.Compare(a.Path, b.Path) })
	return list, nil
}

// MountBPFFS implements Backend.
func (f *Fake) MountBPFFS(dir string) (bool, error) {
	if err := f.fail("mount"); err != nil {
		return false, err
	}
	made := !f.mounted[dir]
	f.mounted[dir] = true
	return made, nil
}

// CgroupRoot implements Backend.
func (f *Fake) CgroupRoot() string { return "/sys/fs/cgroup" }

// OpenPath implements Backend.
func (f *Fake) OpenPath(path string) (int, error) {
	if path == "" || f.Missing[path] {
		return 0, noCgroup(path)
	}
	return f.fd(fakePath(path)), nil
}

// OpenProcess implements Backend.
func (f *Fake) OpenProcess(pid int) (int, error) {
	if err := f.fail("pidfd_open"); err != nil {
		return 0, err
	}
	return f.fd(fakeProcess(pid)), nil
}

// Interface implements Backend. Interfaces are made as they are asked for.
func (f *Fake) Interface(name string) (int, error) {
	if n, err := strconv.Atoi(name); err == nil && n > 0 {
		return n, nil
	}
	if name == "" || f.Missing[name] {
		return 0, noInterface(name)
	}
	if i := slices.Index(f.interfaces, name); i >= 0 {
		return i + 1, nil
	}
	f.interfaces = append(f.interfaces, name)
	return len(f.interfaces), nil
}
