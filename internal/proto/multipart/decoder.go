// Package multipart takes multipart bodies (RFC 2046 section 5.1, RFC 7578) apart.
package multipart

import (
	"bytes"
	"errors"
	"strings"

	"weir/internal/plain"
	"weir/internal/stream"
)

const (
	// maxLine is how much of a header line counts; the rest is dropped.
	maxLine = 4096
	// maxNesting is how deep parts may consist of parts.
	maxNesting = 16
)

// DefaultMaxHeaderSize is the limit of all headers of a part, if nothing else is said.
const DefaultMaxHeaderSize = 16 << 10

var errHeaders = errors.New("the headers of a part are larger than maxHeaderSize")

// Head is the head of a part.
type Head struct {
	Protocol    *string      `js:"protocol"`
	Headers     plain.Object `js:"headers"` // by lower-case name: text, or an array of texts if repeated
	HeaderNames plain.Object `js:"headerNames"`
}

// Boundary returns the boundary a content-type has, "" if it is not that of a multipart body.
func Boundary(contentType string) string {
	if len(contentType) > 1000 || !strings.HasPrefix(contentType, "multipart/") {
		return ""
	}
	_, value, ok := strings.Cut(contentType, "boundary=")
	if !ok {
		return ""
	}
	quoted, ok := strings.CutPrefix(value, `"`)
	if !ok {
		value, _, _ = strings.Cut(value, ";")
		return strings.TrimSpace(value)
	}
	var b strings.Builder
	for i := 0; i < len(quoted) && quoted[i] != '"'; i++ {
		if quoted[i] == '\\' && i+1 < len(quoted) {
			i++
		}
		b.WriteByte(quoted[i])
	}
	return b.String()
}

type state uint8

const (
	skipping   state = iota // before a delimiter, outside of parts
	delimited               // behind a delimiter
	header                  // in the headers of a part
	body                    // in its body
	ending                  // behind the delimiter that ended a part, which was not told yet
	containing              // in its body, which consists of parts
)

// Decoder takes one body apart. Make one with NewDecoder.
//
// Delimiters are found anywhere, not only at the beginning of a line. The line end before a delimiter counts as part of the
// body before it.
type Decoder struct {
	maxHeaderSize int
	depth         int
	delimiter     []byte
	state         state
	line          []byte // of the headers, as far as it came
	size          int    // of the headers
	headers       plain.Builder
	inner         *Decoder // of a part that consists of parts
	innerIn       stream.Data
	draining      bool // inner may have more events
}

// NewDecoder returns a decoder for a body with a boundary. Headers of more than maxHeaderSize bytes are an error.
func NewDecoder(boundary string, maxHeaderSize int) *Decoder {
	return &Decoder{delimiter: []byte("--" + boundary), maxHeaderSize: maxHeaderSize}
}

// Next returns the next event: MessageStart with a *Head, or none if there are no headers, Data, MessageEnd. It is nil when
// all of in is used but what may be the beginning of a delimiter. Parts that consist of parts are replaced by those.
func (d *Decoder) Next(in *stream.Data) (stream.Event, error) {
	for {
		if d.draining {
			e, err := d.inner.Next(&d.innerIn)
			if e != nil || err != nil {
				return e, err
			}
			d.innerIn.Own()
			d.draining = false
			if d.state == delimited { // the part around it has ended
				end := d.inner.End(&d.innerIn)
				if end != nil {
					d.draining = true
					return end, nil
				}
				d.inner = nil
			}
		}
		switch d.state {
		case skipping:
			d.upToDelimiter(in)
			if d.state == skipping {
				return nil, nil
			}
		case delimited:
			if in.Size() < 2 {
				return nil, nil
			}
			b := in.Bytes()
			if b[0] == '\r' && b[1] == '\n' {
				in.Skip(2)
				d.state, d.size, d.headers, d.line = header, 0, plain.Builder{}, nil
			} else {
				d.state = skipping
			}
		case header:
			done, err := d.header(in)
			if err != nil {
				return nil, err
			}
			if !done {
				return nil, nil
			}
			if boundary := d.contentBoundary(); boundary != "" && d.depth < maxNesting {
				d.state = containing
				d.inner = NewDecoder(boundary, d.maxHeaderSize)
				d.inner.depth = d.depth + 1
				continue
			}
			d.state = body
			if d.headers.Object == nil {
				return &stream.MessageStart{}, nil
			}
			return &stream.MessageStart{Head: &Head{Headers: d.headers.Object}}, nil
		case body:
			if in.Empty() {
				return nil, nil
			}
			if piece := d.upToDelimiter(in); !piece.Empty() {
				if d.state == delimited {
					d.state = ending
				}
				return piece, nil
			}
			if d.state == body {
				return nil, nil
			}
			return &stream.MessageEnd{}, nil
		case ending:
			d.state = delimited
			return &stream.MessageEnd{}, nil
		case containing:
			piece := d.upToDelimiter(in)
			if piece.Empty() && d.state == containing {
				return nil, nil
			}
			d.innerIn.Push(piece)
			d.draining = true
		}
	}
}

// upToDelimiter cuts off what comes before the next delimiter. If that is there it is skipped, and the state is delimited;
// otherwise what may be its beginning stays in in.
func (d *Decoder) upToDelimiter(in *stream.Data) *stream.Data {
	b := in.Bytes()
	if i := bytes.Index(b, d.delimiter); i >= 0 {
		piece := in.Shift(i)
		in.Skip(len(d.delimiter))
		d.state = delimited
		return piece
	}
	k := min(len(d.delimiter)-1, len(b))
	for !bytes.HasPrefix(d.delimiter, b[len(b)-k:]) {
		k--
	}
	return in.Shift(len(b) - k)
}

// header reads header lines; done says that the empty line came.
func (d *Decoder) header(in *stream.Data) (done bool, err error) {
	for !in.Empty() {
		b := in.Segments()[0]
		i := bytes.IndexByte(b, '\n')
		n := i + 1
		if i < 0 {
			n = len(b)
		}
		if d.size += n; d.size > d.maxHeaderSize {
			return false, errHeaders
		}
		d.line = append(d.line, b[:min(n, max(maxLine-len(d.line), 0))]...)
		in.Skip(n)
		if i < 0 {
			continue
		}
		line := d.line
		d.line = nil
		if len(line) <= 2 {
			return true, nil
		}
		d.add(line)
	}
	return false, nil
}

func (d *Decoder) add(line []byte) {
	name, value, ok := strings.Cut(strings.TrimRight(string(line), "\r\n"), ":")
	if !ok {
		return
	}
	name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimLeft(value, " \t")
	f := d.headers.Find(name)
	if f == nil {
		d.headers.Set(name, value)
	} else if list, ok := f.Value.([]any); ok {
		f.Value = append(list, value)
	} else {
		f.Value = []any{f.Value, value}
	}
}

func (d *Decoder) contentBoundary() string {
	v, _ := d.headers.Object.Get("content-type")
	s, _ := v.(string)
	return Boundary(s)
}

// End is to be called until it returns nil when the body has ended, with what is left of it: it gives the end of a part that
// was not ended by a delimiter.
func (d *Decoder) End(in *stream.Data) stream.Event {
	switch d.state {
	case containing:
		d.innerIn.Push(in.Shift(in.Size()))
		if e := d.inner.End(&d.innerIn); e != nil {
			return e
		}
	case body:
		if !in.Empty() {
			return in.Shift(in.Size())
		}
		d.state = skipping
		return &stream.MessageEnd{}
	case ending:
		d.state = skipping
		return &stream.MessageEnd{}
	}
	d.state = skipping
	in.Clear()
	return nil
}
