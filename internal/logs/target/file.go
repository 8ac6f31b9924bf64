package target

import (
	"path/filepath"
	"sync"

	"weir/internal/logs"
)

var files struct {
	sync.Mutex
	byPath map[string]*Target
}

// File returns the target that appends records, each with a line end, to a file. All loggers of the process share one for each
// absolute path; the options of the first count. It is not to be closed.
func File(path string, options logs.FileOptions) (*Target, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	files.Lock()
	defer files.Unlock()
	if t := files.byPath[absolute]; t != nil {
		return t, nil
	}
	if files.byPath == nil {
		files.byPath = map[string]*Target{}
	}
	t := start(absolute, Limit, &file{path: absolute, options: options})
	files.byPath[absolute] = t
	return t, nil
}

// file writes with as few calls as rotation allows: a file that is put aside by size needs each record by itself.
type file struct {
	path    string
	options logs.FileOptions
	file    *logs.File // nil before it is open
	buffer  []byte
	failing bool
}

// writeSize is from how many bytes on records are written that can go together.
const writeSize = 64 << 10

func (f *file) carry(t *Target) { t.each(func(rs []record) { f.deliver(t, rs) }) }

func (f *file) deliver(t *Target, rs []record) {
	if !f.open() {
		t.lost(rs)
		return
	}
	first := 0
	for i, r := range rs {
		f.buffer = append(append(f.buffer, r.text...), '\n')
		if f.options == (logs.FileOptions{}) && len(f.buffer) < writeSize && i+1 < len(rs) {
			continue
		}
		n, err := f.file.Write(f.buffer)
		f.report(err)
		if n < len(f.buffer) {
			t.lost(rs[first : i+1])
		} else {
			t.delivered(rs[first : i+1])
		}
		first, f.buffer = i+1, f.buffer[:0]
	}
	if cap(f.buffer) > 4*writeSize {
		f.buffer = nil
	}
}

func (f *file) open() bool {
	if f.file != nil {
		return true
	}
	opened, err := logs.SharedFile(f.path, f.options)
	f.report(err)
	f.file = opened
	return err == nil
}

// report logs the first of several failures.
func (f *file) report(err error) {
	if err != nil && !f.failing {
		logs.Errorf("[file] cannot write log file %s: %v", f.path, err)
	}
	f.failing = err != nil
}
