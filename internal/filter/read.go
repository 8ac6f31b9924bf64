package filter

import (
	"io"
	"math"
	"os"

	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "read", Length: 1, Sig: "read(path: string | fn() -> string, options?) (L,N)",
		Rows: []script.Row{
			{Path: "option:read.seek", Kind: "option", Signature: "number | fn() = 0"},
			{Path: "option:read.size", Kind: "option", Signature: "number | fn() = unlimited"},
		},
		Build: buildRead,
	})
}

type readDef struct {
	path       pipeline.Param
	seek, size pipeline.Param // undefined for the default
}

func buildRead(b *pipeline.Build) (pipeline.Def, error) {
	if err := b.Need(1); err != nil {
		return nil, err
	}
	if v := b.Arg(0); !v.IsString() && !b.IsFunction(v) {
		return nil, script.ArgError(0, "a string or a function")
	}
	o, err := options(b, 1)
	if err != nil {
		return nil, err
	}
	amount := func(name string) pipeline.Param {
		v := o.Value(name)
		if !v.IsUndefined() && !b.IsFunction(v) {
			v = script.Number(float64(o.Size(name, 0)))
		}
		return b.ParamOf(v)
	}
	return &readDef{b.Param(0), amount("seek"), amount("size")}, o.Err()
}

func (d *readDef) New() pipeline.Filter { return &read{def: d} }

// read outputs what is in a file. Its input only tells it when to begin.
type read struct {
	pipeline.Base
	def     *readDef
	started bool
	held    bool // the loop is kept alive
	source  *pipeline.FileSource
}

func (f *read) Process(stream.Event) {
	if f.started {
		return
	}
	f.started = true
	v, ok := f.def.path.Value(&f.Base)
	if !ok {
		return
	}
	path, ok := f.Realm().AsString(v)
	if !ok {
		f.Fail("path is not or did not return a string")
		return
	}
	seek, ok := f.amount("seek", f.def.seek, 0)
	if !ok {
		return
	}
	size, ok := f.amount("size", f.def.size, -1)
	if !ok || size == 0 {
		return
	}
	f.held = true
	loop := f.World().Loop
	loop.Hold()
	go func() { // opening a pipe waits for the other side
		file, err := openForReading(path, seek)
		loop.Post(func() {
			switch {
			case f.Ended():
				if err == nil {
					file.Close()
				}
			case err != nil:
				f.unhold()
				f.Fail("unable to open file for reading: " + path)
			default:
				f.source = &pipeline.FileSource{Loop: loop, File: file, Left: size, OnEnd: f.end,
					OnData: func(d *stream.Data) { f.Output(d) }}
				f.source.Start()
			}
		})
	}()
}

// amount returns the number an option gives.
func (f *read) amount(name string, p pipeline.Param, def int64) (int64, bool) {
	v, ok := p.Value(&f.Base)
	if !ok || v.IsUndefined() && !p.IsFunction() {
		return def, ok
	}
	n, ok := f.Realm().NumberOf(v)
	if !ok || !(n >= 0) {
		f.Fail("options." + name + " expects a positive number")
		return 0, false
	}
	return int64(min(n, math.MaxInt64/2)), true
}

func openForReading(path string, seek int64) (io.ReadCloser, error) {
	if path == "-" {
		if _, err := io.CopyN(io.Discard, os.Stdin, seek); err != nil && err != io.EOF {
			return nil, err
		}
		return io.NopCloser(os.Stdin), nil
	}
	file, err := os.Open(path)
	if err != nil || seek == 0 {
		return file, err
	}
	if _, err = file.Seek(seek, io.SeekStart); err != nil {
		file.Close()
	}
	return file, err
}

func (f *read) end(err error) {
	f.unhold()
	e := &stream.StreamEnd{}
	if err != nil {
		e.Code = stream.ReadError
	}
	f.Output(e)
}

func (f *read) unhold() {
	if f.held {
		f.held = false
		f.World().Loop.Unhold()
	}
}

func (f *read) Reset() {
	if f.source != nil {
		f.source.Close()
	}
	f.unhold()
}
