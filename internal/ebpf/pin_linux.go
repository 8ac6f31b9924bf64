package ebpf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// maxPins bounds a list.
const maxPins = 100000

func (kernel) Unpin(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (kernel) Pins(dir string) ([]PinInfo, error) {
	var list []PinInfo
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if path != dir && os.IsNotExist(err) {
				return nil
			}
			return err
		}
		if !d.Type().IsRegular() || len(list) >= maxPins {
			return nil
		}
		if p, ok := pinAt(path); ok {
			list = append(list, p)
		}
		return nil
	})
	return list, err
}

// pinAt opens a pin to see what it is. Files that are none, and those that cannot be opened, are left out.
func pinAt(path string) (p PinInfo, ok bool) {
	fd, err := kernel{}.Get(path)
	if err != nil {
		return p, false
	}
	defer unix.Close(fd)
	target, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	for mark, kind := range map[string]string{"bpf-map": "map", "bpf-prog": "program", "bpf_link": "link", "bpf-link": "link"} {
		if strings.Contains(target, mark) {
			p.Kind = kind
		}
	}
	info, _ := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", fd))
	field := map[string]string{"map": "map_id", "program": "prog_id", "link": "link_id"}[p.Kind]
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); name == field && field != "" {
			id, _ := strconv.ParseUint(strings.TrimSpace(value), 10, 32)
			p.ID = uint32(id)
		}
	}
	p.Path = path
	return p, p.Kind != ""
}
