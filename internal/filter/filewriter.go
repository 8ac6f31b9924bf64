package filter

import (
	"io"
	"os"
	"path/filepath"
	"sync"

	"weir/internal/logs"
	"weir/internal/reactor"
	"weir/internal/stream"
)

// fileWriter writes to a file, on a goroutine that runs while there is something to write. Filters of several workers may
// share one. The file is opened at the first write, and closed when its last user has let go and all is written.
type fileWriter struct {
	open   func() (io.WriteCloser, error)
	failed func(err error) // is told the first of a row of failures, on the goroutine
	closed func(err error) // is told that all is over, and the first error, on the goroutine
	path   string          // key in sharedWriters; empty if it is not shared

	mu      sync.Mutex
	users   int
	pending []pendingWrite
	running bool
	over    bool // nobody uses it, and the file is closed

	// Only the goroutine uses these.
	file    io.WriteCloser
	err     error // the first one
	failing bool
}

// retain adds a user.
func (w *fileWriter) retain() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.users++
	w.over = false
}

type pendingWrite struct {
	d    *stream.Data
	sink *fileSink // is told when it is done
}

func (w *fileWriter) write(d *stream.Data, sink *fileSink) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending = append(w.pending, pendingWrite{d, sink})
	w.start()
}

// release is called by a user that writes no more.
func (w *fileWriter) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.users--
	w.start()
}

func (w *fileWriter) start() {
	if !w.running {
		w.running = true
		go w.run()
	}
}

func (w *fileWriter) run() {
	for {
		pending, ending := w.next()
		if ending {
			w.close()
		} else if pending == nil {
			return
		}
		written := map[*fileSink]int{}
		for _, p := range pending {
			w.put(p.d.Bytes())
			written[p.sink] += p.d.Size()
		}
		for s, n := range written {
			s.loop.Post(func() { s.written(n) })
		}
	}
}

// next returns what is to be written. If there is nothing, the file is to be closed, or the goroutine is to end.
func (w *fileWriter) next() (pending []pendingWrite, ending bool) {
	if w.path != "" {
		sharedWriters.Lock()
		defer sharedWriters.Unlock()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	pending, w.pending = w.pending, nil
	switch {
	case pending != nil:
	case w.users == 0 && !w.over:
		w.over, ending = true, true
		if w.path != "" {
			delete(sharedWriters.byPath, w.path)
		}
	default:
		w.running = false
	}
	return pending, ending
}

func (w *fileWriter) put(b []byte) {
	var err error
	if w.file == nil {
		w.file, err = w.open()
	}
	if err == nil {
		_, err = w.file.Write(b)
	} else {
		w.file = nil
	}
	if err != nil && !w.failing {
		w.failed(err)
	}
	w.failing = err != nil
	if w.err == nil {
		w.err = err
	}
}

func (w *fileWriter) close() {
	if w.file != nil {
		if err := w.file.Close(); w.err == nil {
			w.err = err
		}
		w.file = nil
	}
	w.closed(w.err)
}

// sharedWriters are the files that several pipelines write to.
var sharedWriters struct {
	sync.Mutex
	byPath map[string]*fileWriter
	opened map[string]bool // paths there was a writer for: what it wrote stays
}

// sharedWriter returns the one writer for a path that the process has. make makes it, told whether the file was written to
// before.
func sharedWriter(path string, make func(again bool) *fileWriter) *fileWriter {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	sharedWriters.Lock()
	defer sharedWriters.Unlock()
	if sharedWriters.byPath == nil {
		sharedWriters.byPath, sharedWriters.opened = map[string]*fileWriter{}, map[string]bool{}
	}
	w := sharedWriters.byPath[path]
	if w == nil {
		w = make(sharedWriters.opened[path])
		w.path = path
		sharedWriters.byPath[path] = w
		sharedWriters.opened[path] = true
	}
	w.retain()
	return w
}

// openForWriting opens a file that rotates itself, and makes it and its folders if they are not there. A path of "-" is the
// standard output.
func openForWriting(path string, appending bool, o logs.FileOptions) (io.WriteCloser, error) {
	if path == "-" {
		return standardOutput{}, nil
	}
	if logs.DebugEnabled(logs.Files) {
		logs.Debugf(logs.Files, "[file] opening %s for writing", path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	if !appending {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
		if err != nil {
			return nil, err
		}
		if err := file.Close(); err != nil {
			return nil, err
		}
	}
	return logs.OpenFile(path, o)
}

// standardOutput is what stays open.
type standardOutput struct{}

func (standardOutput) Write(b []byte) (int, error) { return os.Stdout.Write(b) }
func (standardOutput) Close() error                { return nil }

// fileSink is a filter's use of a fileWriter. While there is something to write it keeps the loop alive; if that becomes
// much, it stops those who write.
type fileSink struct {
	loop   *reactor.Loop
	writer *fileWriter
	queued int // bytes that are not written yet
	brake  reactor.Brake
}

// write writes a copy of d, which must not be empty.
func (s *fileSink) write(d *stream.Data) {
	if s.queued == 0 {
		s.loop.Hold()
	}
	if s.queued += d.Size(); s.queued > maxInput {
		s.brake.Engage(s.loop.CurrentTap())
	}
	s.writer.write(d.Clone().Own(), s)
}

// written is called when n bytes are written, or cannot be.
func (s *fileSink) written(n int) {
	if s.queued -= n; s.queued <= maxInput/2 {
		s.brake.Release()
	}
	if s.queued == 0 {
		s.loop.Unhold()
	}
}

// close says that nothing more comes. What is queued will be written.
func (s *fileSink) close() {
	s.brake.Release()
	s.writer.release()
}
