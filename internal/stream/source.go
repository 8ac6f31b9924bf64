package stream

import (
	"fmt"
	"io"
)

// Source is a body that lies elsewhere, such as in a large file.
type Source interface {
	// Size returns the number of bytes.
	Size() int64
	// Open returns a reader for all of them. It may be called again.
	Open() (io.ReadCloser, error)
}

// MaxLoad is the size of the largest Source that is read into memory.
const MaxLoad = 64 << 20

// Load makes the Source of a message, if there is one, its Body.
func (m *Message) Load() error {
	s := m.Source
	if s == nil {
		return nil
	}
	if s.Size() > MaxLoad {
		return fmt.Errorf("a body of %d bytes is too large to be held in memory", s.Size())
	}
	r, err := s.Open()
	if err != nil {
		return fmt.Errorf("cannot read the body: %w", err)
	}
	defer r.Close()
	b := make([]byte, s.Size())
	if _, err := io.ReadFull(r, b); err != nil {
		return fmt.Errorf("cannot read the body: %w", err)
	}
	m.Body, m.Source = NewData(b), nil
	return nil
}
