//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package osapi

import (
	"io/fs"
	"os"
)

// readStats knows the time of the last change only: it stands for all three.
func readStats(path string) (*stats, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	t := float64(info.ModTime().UnixNano()) / 1e9
	s := &stats{size: info.Size(), atime: t, mtime: t, ctime: t}
	switch m := info.Mode(); {
	case m.IsRegular():
		s.kind = regularFile
	case m.IsDir():
		s.kind = directory
	case m&fs.ModeCharDevice != 0:
		s.kind = characterDevice
	case m&fs.ModeDevice != 0:
		s.kind = blockDevice
	case m&fs.ModeNamedPipe != 0:
		s.kind = fifo
	case m&fs.ModeSocket != 0:
		s.kind = socket
	}
	return s, nil
}
