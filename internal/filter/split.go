package filter

import (
	"bytes"
	"errors"

	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "split", Length: 1, Sig: "split(separator: string|Data | fn() -> string|Data) (L,N)", Build: buildSplit,
	})
}

type splitDef struct {
	separator *separator // nil if a callback gives it
	param     pipeline.Param
}

func buildSplit(b *pipeline.Build) (pipeline.Def, error) {
	if err := b.Need(1); err != nil {
		return nil, err
	}
	d := &splitDef{param: b.Param(0)}
	if d.param.IsFunction() {
		return d, nil
	}
	var err error
	d.separator, err = newSeparator(b.Realm, b.Arg(0))
	if err == errNoSeparator {
		err = script.ArgError(0, "a string, a Data or a function")
	}
	return d, err
}

// separator is what parts end with, prepared for finding it in pieces of data.
type separator struct {
	bytes []byte
	// back[i] is how many bytes still match if bytes[:i] did and what follows does not.
	back []int
}

// maxSeparator is the most bytes a separator may have.
const maxSeparator = 1024

var errNoSeparator = errors.New("separator is not or did not return a string or a Data")

func newSeparator(r *script.Realm, v script.Value) (*separator, error) {
	var b []byte
	if s, ok := r.AsString(v); ok {
		b = []byte(s)
	} else if d, ok := event.DataOf(r, v); ok {
		b = d.AppendTo(nil)
	} else {
		return nil, errNoSeparator
	}
	switch {
	case len(b) == 0:
		return nil, errors.New("separator is empty")
	case len(b) > maxSeparator:
		return nil, errors.New("separator over 1KB is not supported")
	}
	s := &separator{bytes: b, back: make([]int, len(b))}
	for i, n := 1, 0; i+1 < len(b); i++ {
		n = s.match(n, b[i])
		s.back[i+1] = n
	}
	return s, nil
}

// match returns how many bytes of the separator match after c, if n did before.
func (s *separator) match(n int, c byte) int {
	for n > 0 && s.bytes[n] != c {
		n = s.back[n]
	}
	if s.bytes[n] == c {
		n++
	}
	return n
}

func (d *splitDef) New() pipeline.Filter { return &split{def: d} }

// split makes messages of the parts of a stream, or of the bodies of messages.
type split struct {
	pipeline.Base
	def       *splitDef
	separator *separator // nil before the first byte
	failed    bool       // there is none: everything is dropped up to the end
	inPart    bool       // a message is open
	matched   int        // bytes of the separator at the end of what came, which were not output
}

func (f *split) Process(e stream.Event) {
	switch e := e.(type) {
	case *stream.Data:
		if !e.Empty() && f.open() {
			f.feed(e)
		}
	case *stream.MessageEnd:
		f.end()
	case *stream.StreamEnd:
		f.end()
		f.Output(e)
	}
}

// open finds out what the separator is. It returns false if that is impossible.
func (f *split) open() bool {
	if f.separator != nil || f.failed {
		return !f.failed
	}
	f.failed = true
	s := f.def.separator
	if s == nil {
		v, ok := f.def.param.Value(&f.Base)
		if !ok {
			return false
		}
		var err error
		if s, err = newSeparator(f.Realm(), v); err != nil {
			f.Fail(err.Error())
			return false
		}
	}
	f.separator, f.failed = s, false
	return true
}

// feed cuts d, which is empty afterwards.
func (f *split) feed(d *stream.Data) {
	s := f.separator
	in, all := d.Shift(d.Size()), new(stream.Data)
	all.Append(s.bytes[:f.matched:f.matched])
	all.Push(in)
	size := f.matched // of what was looked at of all
	for _, b := range in.Segments() {
		for len(b) > 0 {
			if f.matched == 0 { // skip what cannot be a separator
				n := bytes.IndexByte(b, s.bytes[0])
				if n < 0 {
					n = len(b)
				}
				if size, b = size+n, b[n:]; len(b) == 0 {
					break
				}
			}
			f.matched = s.match(f.matched, b[0])
			if size, b = size+1, b[1:]; f.matched < len(s.bytes) {
				continue
			}
			f.part(all.Shift(size - f.matched))
			all.Skip(f.matched)
			size, f.matched = 0, 0
			f.closePart()
		}
	}
	f.part(all.Shift(size - f.matched))
}

// part outputs a piece of a part.
func (f *split) part(d *stream.Data) {
	if !d.Empty() {
		f.openPart()
		f.Output(d)
	}
}

func (f *split) openPart() {
	if !f.inPart {
		f.inPart = true
		f.Output(&stream.MessageStart{})
	}
}

func (f *split) closePart() {
	f.openPart()
	f.inPart = false
	f.Output(&stream.MessageEnd{})
}

// end outputs the rest of the last part.
func (f *split) end() {
	if f.separator != nil {
		f.part(stream.NewData(f.separator.bytes[:f.matched:f.matched]))
		f.closePart()
	}
	f.separator, f.failed, f.matched = nil, false, 0
}
