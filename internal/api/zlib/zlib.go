// Package zlib offers the global zlib: compression of whole Data.
package zlib

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"

	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

// Namespace is the object zlib.
var Namespace = &script.Namespace{
	Name: "zlib",
	Sig:  "singleton object",
	Methods: []script.Method{
		method("deflate", func(d *stream.Data) (*stream.Data, error) {
			return compress(d, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
		}),
		method("inflate", func(d *stream.Data) (*stream.Data, error) {
			return expand(d, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) })
		}),
		method("gzip", func(d *stream.Data) (*stream.Data, error) {
			return compress(d, func(w io.Writer) io.WriteCloser {
				z := gzip.NewWriter(w)
				z.OS, z.ModTime = unix, time.Unix(0, 0)
				return z
			})
		}),
		method("gunzip", func(d *stream.Data) (*stream.Data, error) {
			return expand(d, func(r io.Reader) (io.Reader, error) {
				in := bufio.NewReader(r)
				if magic, _ := in.Peek(2); len(magic) == 2 && string(magic) != "\x1f\x8b" {
					return nil, gzip.ErrHeader // else taken for a header that is cut short
				}
				z, err := gzip.NewReader(in)
				if err == nil {
					z.Multistream(false)
				}
				return z, err
			})
		}),
	},
}

// unix is the operating system in a gzip header.
const unix = 3

// MaxSize bounds what is decompressed: a few bytes can stand for very many.
const MaxSize = 1 << 30

func method(name string, f func(*stream.Data) (*stream.Data, error)) script.Method {
	return script.Method{Name: name, Sig: name + "(data: Data | null): Data | null", Length: 1,
		Fn: func(c *script.Call) (script.Value, error) {
			if err := c.Need(1); err != nil {
				return script.Undefined, err
			}
			if c.Arg(0).IsNull() {
				return script.Null, nil
			}
			d, ok := event.DataOf(c.Realm, c.Arg(0))
			if !ok {
				return script.Undefined, script.ArgError(0, "an instance of pipy::Data")
			}
			if d.Empty() {
				return event.NewData(c.Realm, new(stream.Data)), nil
			}
			out, err := f(d)
			if err != nil {
				return script.Undefined, fmt.Errorf("%s() failed%w", name, err)
			}
			return event.NewData(c.Realm, out), nil
		}}
}

func compress(d *stream.Data, writer func(io.Writer) io.WriteCloser) (*stream.Data, error) {
	var b bytes.Buffer
	w := writer(&b)
	for _, s := range d.Segments() {
		w.Write(s) // to memory: neither this nor Close fails
	}
	w.Close()
	return stream.NewData(b.Bytes()), nil
}

// Reasons that are told besides the name of the function.
var (
	errCorrupt = errors.New("")
	errTooLong = fmt.Errorf(": the result is longer than %d bytes", MaxSize)
)

// expand decompresses as much as there is: input that is cut short is not an error, and what follows its end is ignored.
func expand(d *stream.Data, reader func(io.Reader) (io.Reader, error)) (*stream.Data, error) {
	in := make([]io.Reader, len(d.Segments()))
	for i, s := range d.Segments() {
		in[i] = bytes.NewReader(s)
	}
	r, err := reader(io.MultiReader(in...))
	var b bytes.Buffer
	if err == nil {
		_, err = b.ReadFrom(io.LimitReader(r, MaxSize+1))
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errCorrupt
	case b.Len() > MaxSize:
		return nil, errTooLong
	}
	return stream.NewData(b.Bytes()), nil
}
