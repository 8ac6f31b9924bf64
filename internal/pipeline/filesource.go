package pipeline

import (
	"io"

	"weir/internal/reactor"
	"weir/internal/stream"
)

// FileSource reads a file or a pipe on goroutines and hands over what it gets on the loop, each piece in a turn of its own
// that carries the source's tap: congestion downstream stops the reading.
type FileSource struct {
	Loop *reactor.Loop
	File io.ReadCloser
	Left int64 // bytes to read yet, negative for all
	// OnData gets what was read, OnEnd the end: nil for the end of the file, or the error.
	OnData func(d *stream.Data)
	OnEnd  func(err error)

	tap     *reactor.Tap
	reading bool
	closed  bool
}

// ReadSize is how much is read at once; it is handed on in chunks of stream.ChunkSize.
const ReadSize = 4 * stream.ChunkSize

// Start begins to read. It must be called on the loop.
func (s *FileSource) Start() {
	s.tap = reactor.NewTap(func() { s.Loop.Later(s.next) })
	s.next()
}

func (s *FileSource) next() {
	if s.closed || s.reading || s.tap.Paused() {
		return
	}
	size := ReadSize
	if s.Left >= 0 {
		size = int(min(s.Left, ReadSize))
	}
	if size == 0 {
		s.finish(nil)
		return
	}
	s.reading = true
	go func() {
		b := make([]byte, size)
		n, err := s.File.Read(b)
		s.Loop.Post(func() {
			s.reading = false
			s.Loop.TurnFrom(s.tap, func() { s.got(b[:n], err) })
		})
	}()
}

func (s *FileSource) got(b []byte, err error) {
	if s.Left >= 0 {
		s.Left -= int64(len(b))
	}
	for len(b) > 0 && !s.closed {
		n := min(len(b), stream.ChunkSize)
		s.OnData(stream.NewData(b[:n:n]))
		b = b[n:]
	}
	if s.closed {
		return
	}
	switch err {
	case nil:
		s.Loop.Later(s.next)
	case io.EOF:
		s.finish(nil)
	default:
		s.finish(err)
	}
}

func (s *FileSource) finish(err error) {
	s.Close()
	s.OnEnd(err)
}

// Close ends the reading; nothing is handed over any more.
func (s *FileSource) Close() {
	if !s.closed {
		s.closed = true
		s.File.Close()
	}
}
