package filter

import (
	"weir/internal/compression"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "compress", Length: 1,
		Sig: "compress(algorithm: 'deflate'|'gzip'|'deflate-raw'|'brotli'|'zstd' | fn() -> string, options?) (L,N)",
		Rows: []script.Row{
			{Path: "option:compress.level", Kind: "option", Signature: "int = the usual level of the algorithm"},
			{Path: "option:compress.flush", Kind: "option", Signature: "bool = false: everything comes out at once"},
		},
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			if err := b.Need(1); err != nil {
				return nil, err
			}
			o, err := packingOptions(b, 1)
			return &compressDef{algorithm{b.Param(0), packNames}, o}, err
		},
	})
}

var packNames = map[string]compression.Format{
	"deflate": compression.Zlib, "gzip": compression.Gzip, "deflate-raw": compression.Deflate,
	"brotli": compression.Brotli, "br": compression.Brotli, "zstd": compression.Zstd,
}

// algorithm is the parameter of compress and decompress.
type algorithm struct {
	pipeline.Param
	names map[string]compression.Format
}

// format returns what to use; if ok is false, the reason was output.
func (a algorithm) format(b *pipeline.Base) (f compression.Format, ok bool) {
	v, ok := a.Value(b)
	if !ok {
		return 0, false
	}
	name, ok := b.Realm().AsString(v)
	if !ok {
		b.Fail("algorithm is not or did not return a string")
		return 0, false
	}
	if f, ok = a.names[name]; !ok {
		b.Fail("unknown compression algorithm: " + name)
	}
	return f, ok
}

// packing are the options of filters that compress.
type packing struct {
	level int
	flush bool
}

func packingOptions(b *pipeline.Build, arg int) (packing, error) {
	o, err := options(b, arg)
	if err != nil {
		return packing{}, err
	}
	return packing{o.Int("level", compression.DefaultLevel), o.Bool("flush", false)}, o.Err()
}

type compressDef struct {
	algorithm algorithm
	packing   packing
}

func (d *compressDef) New() pipeline.Filter { return &compress{def: d} }

// compress makes one compressed stream of all Data.
type compress struct {
	pipeline.Base
	def    *compressDef
	state  choice
	format compression.Format
	packer packer
}

// choice is how far a filter is with a parameter it asks for at the first event.
type choice uint8

const (
	undecided choice = iota
	decided
	undecidable // that was reported: only StreamEnd passes
)

func (f *compress) Process(e stream.Event) {
	if f.state == undecided {
		f.decide()
		if f.state == undecidable {
			return
		}
	}
	d, isData := e.(*stream.Data)
	end, isEnd := e.(*stream.StreamEnd)
	if f.state == undecidable {
		if isEnd {
			f.Output(e)
		}
		return
	}
	if !isData && !isEnd {
		return
	}
	f.packer.open(f.format, f.def.packing.level)
	if isData {
		f.packer.write(&f.Base, d, f.def.packing.flush)
		return
	}
	f.packer.finish(&f.Base, end.Code == stream.NoError)
	f.Output(e)
}

func (f *compress) decide() {
	var ok bool
	if f.format, ok = f.def.algorithm.format(&f.Base); !ok {
		f.state = undecidable
		return
	}
	f.state = decided
	if err := compression.CheckLevel(f.format, f.def.packing.level); err != nil {
		f.state = undecidable
		f.Fail("options.level: " + err.Error())
	}
}

func (f *compress) Reset() { f.packer.close() }

// packer compresses for a filter.
type packer struct {
	p   *compression.Packer
	out *stream.Data
}

// open begins a stream unless one is open. The level must have been checked.
func (p *packer) open(f compression.Format, level int) {
	if p.p == nil {
		p.out = new(stream.Data)
		p.p, _ = compression.NewPacker(f, level, p)
	}
}

// Write implements io.Writer for the output of p.p.
func (p *packer) Write(b []byte) (int, error) { return p.out.Write(b) }

// write packs d and outputs what comes out of that. With flush, that is all of it. Errors are impossible: Write has none.
func (p *packer) write(b *pipeline.Base, d *stream.Data, flush bool) {
	for _, s := range d.Segments() {
		p.p.Write(s)
	}
	if flush {
		p.p.Flush()
	}
	p.emit(b)
}

// finish ends the stream. A stream that is not complete stays so: what there is comes out, but no end.
func (p *packer) finish(b *pipeline.Base, complete bool) {
	if complete {
		p.p.Finish()
	} else {
		p.p.Flush()
	}
	p.emit(b)
	p.close()
}

func (p *packer) emit(b *pipeline.Base) {
	if d := p.out; !d.Empty() {
		p.out = new(stream.Data)
		b.Output(d)
	}
}

// close ends without any output.
func (p *packer) close() {
	if p.p != nil {
		p.p.Close()
		p.p, p.out = nil, nil
	}
}
