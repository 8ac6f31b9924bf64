//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package osapi

import "golang.org/x/sys/unix"

func readStats(path string) (*stats, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return nil, err
	}
	s := &stats{size: st.Size, atime: seconds(st.Atim), mtime: seconds(st.Mtim), ctime: seconds(st.Ctim)}
	switch uint32(st.Mode) & unix.S_IFMT {
	case unix.S_IFREG:
		s.kind = regularFile
	case unix.S_IFDIR:
		s.kind = directory
	case unix.S_IFCHR:
		s.kind = characterDevice
	case unix.S_IFBLK:
		s.kind = blockDevice
	case unix.S_IFIFO:
		s.kind = fifo
	case unix.S_IFLNK:
		s.kind = symbolicLink
	case unix.S_IFSOCK:
		s.kind = socket
	}
	return s, nil
}

func seconds(t unix.Timespec) float64 { return float64(t.Nano()) / 1e9 }
