package httpapi

import (
	"weir/internal/proto/httpcond"
	"weir/internal/stream"

	"github.com/klauspost/compress/gzip"
)

// coding is a content coding and the suffix of files that have it.
type coding struct{ name, suffix string }

// codings in the order of preference among those a client wants equally.
var codings = [...]coding{{"br", ".br"}, {"zstd", ".zst"}, {"gzip", ".gz"}}

// staticFile is a file in the forms it exists in.
type staticFile struct {
	name   string
	plain  *form
	packed [len(codings)]*form
	made   *form // gzip, compressed here
	held   int64 // bytes counted in the directory's cache
}

// load looks for the forms. It reports whether there is any.
func (f *staticFile) load(s store) bool {
	plain := s.load(f.name, f.plain)
	if plain != f.plain {
		f.plain, f.made = plain, nil
	}
	some := plain != nil
	for i, c := range codings {
		f.packed[i] = s.load(f.name+c.suffix, f.packed[i])
		some = some || f.packed[i] != nil
	}
	return some
}

// size returns the bytes held in memory.
func (f *staticFile) size() int64 {
	n := 0
	for _, k := range append([]*form{f.plain, f.made}, f.packed[:]...) {
		if k != nil {
			n += len(k.bytes)
		}
	}
	return int64(n)
}

// choose returns the compressed form a client wants most, nil if it wants none of those that exist.
func (f *staticFile) choose(accept httpcond.Codings) (best *form, name string) {
	most := 0
	for i, c := range codings {
		if w := accept.Weight(c.name); f.packed[i] != nil && w > most {
			best, name, most = f.packed[i], c.name, w
		}
	}
	return best, name
}

// negotiable reports whether what is sent depends on the codings a client accepts.
func (f *staticFile) negotiable() bool {
	for _, k := range f.packed {
		if k != nil {
			return true
		}
	}
	return false
}

// compress makes a gzip form. A file too large to be held in memory stays as it is.
func (f *staticFile) compress() (*form, error) {
	if f.made != nil {
		return f.made, nil
	}
	if f.plain.size > stream.MaxLoad {
		return nil, nil
	}
	b, err := f.plain.content()
	if err != nil {
		return nil, err
	}
	var d stream.Data
	w := gzip.NewWriter(&d)
	w.Write(b) // to memory: neither this nor Close fails
	w.Close()
	f.made = f.plain.derived("gzip", d.Bytes())
	return f.made, nil
}
