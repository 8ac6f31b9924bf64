package filter

import (
	"io"

	"weir/internal/reactor"
	"weir/internal/stream"
)

// source reads a file or a pipe on goroutines and hands over what it gets on the loop, each piece in a turn of its own
// that carries the source's tap: congestion downstream stops the reading.
type source struct {
	loop *reactor.Loop
	tap  *reactor.Tap
	file io.ReadCloser
	left int64 // bytes to read yet, negative for all
	// onData gets what was read, onEnd the end: nil for the end of the file, or the error.
	onData  func(d *stream.Data)
	onEnd   func(err error)
	reading bool
	closed  bool
}

// readSize is how much is read at once; it is handed on in chunks of stream.ChunkSize.
const readSize = 4 * stream.ChunkSize

// start begins to read. It must be called on the loop.
func (s *source) start() {
	s.tap = reactor.NewTap(func() { s.loop.Later(s.next) })
	s.next()
}

func (s *source) next() {
	if s.closed || s.reading || s.tap.Paused() {
		return
	}
	size := readSize
	if s.left >= 0 {
		size = int(min(s.left, readSize))
	}
	if size == 0 {
		s.finish(nil)
		return
	}
	s.reading = true
	go func() {
		b := make([]byte, size)
		n, err := s.file.Read(b)
		s.loop.Post(func() {
			s.reading = false
			s.loop.TurnFrom(s.tap, func() { s.got(b[:n], err) })
		})
	}()
}

func (s *source) got(b []byte, err error) {
	if s.left >= 0 {
		s.left -= int64(len(b))
	}
	for len(b) > 0 && !s.closed {
		n := min(len(b), stream.ChunkSize)
		s.onData(stream.NewData(b[:n:n]))
		b = b[n:]
	}
	if s.closed {
		return
	}
	switch err {
	case nil:
		s.loop.Later(s.next)
	case io.EOF:
		s.finish(nil)
	default:
		s.finish(err)
	}
}

func (s *source) finish(err error) {
	s.close()
	s.onEnd(err)
}

// close ends the reading; nothing is handed over any more.
func (s *source) close() {
	if !s.closed {
		s.closed = true
		s.file.Close()
	}
}
