package target

import (
	"io"
	"os"
	"sync"
)

// Stdout returns the target that writes records, each with a line end, to the standard output.
var Stdout = sync.OnceValue(func() *Target { return start("stdout", Limit, stream{os.Stdout}) })

// Stderr is Stdout for the standard error.
var Stderr = sync.OnceValue(func() *Target { return start("stderr", Limit, stream{os.Stderr}) })

type stream struct{ w io.Writer }

func (s stream) carry(t *Target) {
	t.each(func(rs []record) {
		var b []byte
		for _, r := range rs {
			b = append(append(b, r.text...), '\n')
		}
		if _, err := s.w.Write(b); err != nil {
			t.lost(rs)
			return
		}
		t.delivered(rs)
	})
}
