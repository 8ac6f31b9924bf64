package filter

import (
	"weir/internal/compression"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "decompress", Length: 1,
		Sig:  "decompress(algorithm: 'inflate'|'gzip'|'brotli'|'deflate-raw'|'zstd' | fn() -> string, options?) (L,N)",
		Rows: []script.Row{{Path: "option:decompress.maxSize", Kind: "option", Signature: "binary size = -1: bytes a stream may unpack to"}},
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			if err := b.Need(1); err != nil {
				return nil, err
			}
			limit, err := limitOption(b, 1, "maxSize")
			return &decompressDef{algorithm{b.Param(0), unpackNames}, limit}, err
		},
	})
}

var unpackNames = map[string]compression.Format{
	"inflate": compression.Zlib, "deflate": compression.Zlib, "gzip": compression.Gzip, "deflate-raw": compression.Deflate,
	"brotli": compression.Brotli, "br": compression.Brotli, "zstd": compression.Zstd,
}

type decompressDef struct {
	algorithm algorithm
	limit     int64
}

func (d *decompressDef) New() pipeline.Filter {
	f := &decompress{def: d}
	f.unpacker.init(&f.Base, d.limit, f.see, f.Fail)
	return f
}

// decompress unpacks all Data as one compressed stream.
type decompress struct {
	pipeline.Base
	def      *decompressDef
	state    choice
	format   compression.Format
	unpacker unpacker
}

func (f *decompress) Process(e stream.Event) {
	if !f.unpacker.takes(e) {
		f.see(e)
	}
}

func (f *decompress) see(e stream.Event) {
	if f.state == undecided {
		var ok bool
		if f.format, ok = f.def.algorithm.format(&f.Base); !ok {
			f.state = undecidable
			return
		}
		f.state = decided
	}
	switch e := e.(type) {
	case *stream.Data:
		if f.state == decided {
			f.unpacker.open(f.format)
			f.unpacker.unpack(e)
		}
	case *stream.StreamEnd:
		if f.unpacker.finish(e.Code == stream.NoError) {
			f.Output(e)
		}
	}
}

func (f *decompress) Reset() { f.unpacker.reset() }
