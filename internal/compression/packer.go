package compression

import (
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// writer is what the libraries have in common.
type writer interface {
	io.WriteCloser
	Flush() error
	Reset(w io.Writer)
}

// DefaultLevel stands for the level that suits a format best for data made on the fly.
const DefaultLevel = -1

type levels struct{ least, most, usual int }

var levelsOf = [numFormats]levels{
	Gzip: {0, 9, 6}, Zlib: {0, 9, 6}, Deflate: {0, 9, 6}, AnyDeflate: {0, 9, 6}, Brotli: {0, 11, 4}, Zstd: {1, 22, 3},
}

// CheckLevel reports a level that a format does not have.
func CheckLevel(f Format, level int) error {
	l := levelsOf[f]
	if level != DefaultLevel && (level < l.least || level > l.most) {
		return fmt.Errorf("%v has levels from %d to %d", f, l.least, l.most)
	}
	return nil
}

// Windows are kept small: a proxy packs many streams at once.
const (
	brotliWindow = 19 // 512 KiB, as a power of two
	zstdWindow   = 1 << 19
)

// kind identifies the writers that can stand in for each other.
type kind struct {
	format Format
	level  int
}

var (
	writersMu sync.Mutex
	writers   = map[kind]*sync.Pool{}
)

func writersOf(k kind) *sync.Pool {
	writersMu.Lock()
	defer writersMu.Unlock()
	p := writers[k]
	if p == nil {
		p = &sync.Pool{New: func() any { return newWriter(k) }}
		writers[k] = p
	}
	return p
}

// newWriter makes a writer for a level that CheckLevel accepts; the libraries fail on others only.
func newWriter(k kind) (w writer) {
	var err error
	switch k.format {
	case Gzip:
		w, err = gzip.NewWriterLevel(io.Discard, k.level)
	case Zlib, AnyDeflate:
		w, err = zlib.NewWriterLevel(io.Discard, k.level)
	case Deflate:
		w, err = flate.NewWriter(io.Discard, k.level)
	case Brotli:
		w = brotli.NewWriterOptions(io.Discard, brotli.WriterOptions{Quality: k.level, LGWin: brotliWindow})
	case Zstd:
		w, err = zstd.NewWriter(io.Discard, zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(k.level)), zstd.WithEncoderConcurrency(1),
			zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(zstdWindow))
	}
	if err != nil {
		panic(err)
	}
	return w
}

// Packer compresses one stream.
type Packer struct {
	w    writer
	pool *sync.Pool
}

// NewPacker returns a Packer that writes what it makes to out, which must not fail. Close must follow.
func NewPacker(f Format, level int, out io.Writer) (*Packer, error) {
	if err := CheckLevel(f, level); err != nil {
		return nil, err
	}
	if level == DefaultLevel {
		level = levelsOf[f].usual
	}
	p := &Packer{pool: writersOf(kind{f, level})}
	p.w = p.pool.Get().(writer)
	p.w.Reset(out)
	return p, nil
}

// Write takes more of the stream. Of what it makes of that, much may come out with later calls only.
func (p *Packer) Write(b []byte) (int, error) { return p.w.Write(b) }

// Flush writes out all that is needed to unpack what was written so far.
func (p *Packer) Flush() error { return p.w.Flush() }

// Finish writes the end of the stream.
func (p *Packer) Finish() error { return p.w.Close() }

// Close gives the memory back. It writes nothing.
func (p *Packer) Close() {
	if p.w != nil {
		p.w.Reset(io.Discard)
		p.pool.Put(p.w)
		p.w = nil
	}
}
