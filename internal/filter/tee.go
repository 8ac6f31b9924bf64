package filter

import (
	"io"

	"weir/internal/logs"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "tee", Length: 1, Sig: "tee(path: string | fn() -> string, options?) (L,N)",
		Rows: []script.Row{
			{Path: "option:tee.append", Kind: "option", Signature: "bool = false"},
			{Path: "option:tee.shared", Kind: "option", Signature: "bool = false"},
			{Path: "option:tee.maxFileSize", Kind: "option", Signature: "int = 0"},
			{Path: "option:tee.maxFileCount", Kind: "option", Signature: "int = 0"},
			{Path: "option:tee.rotateInterval", Kind: "option", Signature: "number (s) = 0"},
		},
		Build: buildTee,
	})
}

type teeDef struct {
	path      pipeline.Param
	appending bool
	shared    bool
	rotation  logs.FileOptions
}

func buildTee(b *pipeline.Build) (pipeline.Def, error) {
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
	return &teeDef{b.Param(0), o.Bool("append", false), o.Bool("shared", false), logs.FileOptions{
		MaxSize: int64(o.Int("maxFileSize", 0)), MaxCount: o.Int("maxFileCount", 0), Interval: o.Duration("rotateInterval", 0),
	}}, o.Err()
}

func (d *teeDef) New() pipeline.Filter { return &tee{def: d} }

// tee passes everything, and writes the bytes to a file.
type tee struct {
	pipeline.Base
	def   *teeDef
	state choice
	path  string
	sink  *fileSink
	open  bool // the sink is in use
}

func (f *tee) Process(e stream.Event) {
	switch d := e.(type) {
	case *stream.Data:
		if d.Empty() {
			break
		}
		if f.state == undecided && !f.decide() {
			return
		}
		if f.state == decided {
			f.begin()
			f.sink.write(d)
		}
	case *stream.StreamEnd:
		if !f.def.shared {
			f.close()
		}
	}
	f.Output(e)
}

// decide finds out the path. It returns false if that fails, which is output.
func (f *tee) decide() bool {
	f.state = undecidable
	v, ok := f.def.path.Value(&f.Base)
	if !ok {
		return false
	}
	if f.path, ok = f.Realm().AsString(v); !ok {
		f.Fail("path is not or did not return a string")
		return false
	}
	f.state = decided
	return true
}

// begin opens the file, again if need be.
func (f *tee) begin() {
	if f.open {
		return
	}
	f.open = true
	if f.sink == nil {
		f.sink = &fileSink{loop: f.World().Loop}
		if f.def.shared && f.path != "-" {
			f.sink.writer = sharedWriter(f.path, f.writer)
			return
		}
		f.sink.writer = f.writer(false)
	}
	f.sink.writer.retain()
}

// writer returns a new writer. What was written by one before it, or before its file was closed, stays.
func (f *tee) writer(again bool) *fileWriter {
	path, log, appending := f.path, f.World().Log, f.def.appending || again
	var rotation logs.FileOptions
	if f.def.shared {
		rotation = f.def.rotation
	}
	return &fileWriter{
		open: func() (io.WriteCloser, error) {
			file, err := openForWriting(path, appending, rotation)
			appending = appending || err == nil
			return file, err
		},
		failed: func(err error) { log.Errorf("[tee] cannot write to %s: %v", path, err) },
		closed: func(error) {},
	}
}

func (f *tee) close() {
	if f.open {
		f.open = false
		f.sink.close()
	}
}

func (f *tee) Reset() { f.close() }
