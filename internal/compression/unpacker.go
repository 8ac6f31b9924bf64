package compression

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"weir/internal/coroutine"
)

// MaxWindow is how far back zstd data may refer, which is what an Unpacker has to remember of it: the limit that RFC 9659
// sets for HTTP. The other formats cannot ask for more than 16 MiB.
const MaxWindow = 8 << 20

var (
	errClosed   = errors.New("compression: closed")
	errTooEarly = errors.New("the data ends too early")
)

// Chunk is the most bytes that Next returns at once.
const Chunk = 16 << 10

// Unpacker decompresses one stream. Its memory is bounded by the window of the format, however much the data unpacks to:
// what it makes is made when Next asks for it.
//
// The libraries want to read their input; they do so in a coroutine that waits for Feed.
type Unpacker struct {
	format Format
	in     []byte
	fed    bool  // there was input
	ended  bool  // there is no more
	err    error // what Next returns from now on

	co  *coroutine.Coroutine
	out []byte // what it has made
}

// NewUnpacker returns an Unpacker. Close must follow.
func NewUnpacker(f Format) *Unpacker { return &Unpacker{format: f} }

// Feed takes more input, when Next has used up what was fed before. The bytes must stay as they are until Next returns no
// more output.
func (u *Unpacker) Feed(b []byte) {
	u.in = b
	u.fed = u.fed || len(b) > 0
}

// Own makes the Unpacker independent of the bytes it was fed with.
func (u *Unpacker) Own() { u.in = bytes.Clone(u.in) }

// End says that there is no more input than what was fed.
func (u *Unpacker) End() { u.ended = true }

// Next unpacks some more. It returns
//
//   - between 1 and Chunk bytes, which are the caller's; there may be more
//   - nil, nil if it needs more input
//   - nil, io.EOF at the end of the compressed data; whatever follows is not looked at. No input at all counts as such an
//     end.
//   - nil and an error if the data cannot be unpacked, or ends too early
func (u *Unpacker) Next() ([]byte, error) {
	if u.err != nil {
		return nil, u.err
	}
	if len(u.in) == 0 && !u.ended && u.co == nil {
		return nil, nil
	}
	if !u.fed {
		return nil, io.EOF
	}
	if u.co == nil {
		u.co = coroutine.New(u.run)
	}
	done := u.co.Resume()
	out := u.out
	u.out = nil
	if done {
		u.finish(u.co.Err())
	}
	return out, u.err
}

func (u *Unpacker) finish(err error) {
	if err != io.EOF {
		var mistake *coroutine.PanicError
		if errors.As(err, &mistake) { // of a library: it must end the stream, not the process
			err = fmt.Errorf("%v", mistake.Value)
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errTooEarly
		}
		err = fmt.Errorf("invalid %v data: %w", u.format, err)
	}
	u.err, u.in = err, nil
	u.Close()
}

// Close gives the memory back.
func (u *Unpacker) Close() {
	if u.co != nil {
		u.co.Stop()
		u.co, u.out = nil, nil
	}
	if u.err == nil {
		u.err = errClosed
	}
}

// run is the coroutine. A reader that panics is not used again.
func (u *Unpacker) run(*coroutine.Coroutine) error {
	pool := &readers[u.format]
	r := pool.Get().(reader)
	err := r.open(input{u})
	if err == nil {
		err = r.unpack(output{u})
	}
	r.close()
	pool.Put(r)
	return err
}

// output is where unpacked bytes go to.
type output struct{ u *Unpacker }

func (o output) Write(b []byte) (n int, err error) {
	for n < len(b) {
		k := min(len(b)-n, Chunk)
		o.u.out = bytes.Clone(b[n : n+k])
		if err := o.u.co.Wait(); err != nil {
			return n, err
		}
		n += k
	}
	return n, nil
}

// input is where the libraries read from.
type input struct{ u *Unpacker }

func (i input) Read(b []byte) (int, error) {
	u := i.u
	for len(u.in) == 0 {
		if u.ended {
			return 0, io.EOF
		}
		if err := u.co.Wait(); err != nil {
			return 0, err
		}
	}
	n := copy(b, u.in)
	u.in = u.in[n:]
	return n, nil
}

// reader unpacks from the source it is opened with.
type reader interface {
	open(src io.Reader) error
	// unpack writes out what it can as soon as it can. It never returns nil: io.EOF is the end.
	unpack(out io.Writer) error
	close() // lets go of the source
}

// buffer is what is between a library's Read and the output.
type buffer [Chunk]byte

func (b *buffer) pump(from io.Reader, to io.Writer) error {
	for {
		n, err := from.Read(b[:])
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

var readers = [numFormats]sync.Pool{
	Gzip:       {New: func() any { return new(gzipReader) }},
	Zlib:       {New: func() any { return &deflateReader{zlib: true} }},
	Deflate:    {New: func() any { return &deflateReader{raw: true} }},
	AnyDeflate: {New: func() any { return &deflateReader{zlib: true, raw: true} }},
	Brotli:     {New: func() any { return new(brotliReader) }},
	Zstd:       {New: func() any { return new(zstdReader) }},
}

// nothing is an empty source.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.EOF }

// gzipReader reads one member after the other, as gzip(1) does, and leaves alone what follows the last.
type gzipReader struct {
	src bufio.Reader
	z   gzip.Reader
	buf buffer
}

func (r *gzipReader) open(src io.Reader) error {
	r.src.Reset(src)
	return r.member()
}

func (r *gzipReader) member() error {
	if err := r.z.Reset(&r.src); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	r.z.Multistream(false)
	return nil
}

func (r *gzipReader) unpack(out io.Writer) error {
	for {
		if err := r.buf.pump(&r.z, out); err != io.EOF {
			return err
		}
		magic, err := r.src.Peek(2)
		if err != nil && err != io.EOF {
			return err
		}
		if string(magic) != "\x1f\x8b" {
			return io.EOF
		}
		if err := r.member(); err != nil {
			return err
		}
	}
}

func (r *gzipReader) close() { r.src.Reset(nothing{}) }

// deflateReader reads deflate data, in the frame of zlib or without one.
type deflateReader struct {
	zlib, raw bool // which of them are expected
	src       bufio.Reader
	framed    io.ReadCloser
	bare      io.ReadCloser
	current   io.Reader
	buf       buffer
}

func (r *deflateReader) open(src io.Reader) (err error) {
	r.src.Reset(src)
	framed := r.zlib
	if r.zlib && r.raw {
		head, err := r.src.Peek(2)
		if err != nil && err != io.EOF {
			return err
		}
		// The header of a zlib stream (RFC 1950 §2.2). Bare data with these two bytes is possible, but no encoder makes it.
		framed = len(head) == 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0
	}
	switch {
	case framed && r.framed == nil:
		r.framed, err = zlib.NewReader(&r.src)
	case framed:
		err = r.framed.(zlib.Resetter).Reset(&r.src, nil)
	case r.bare == nil:
		r.bare = flate.NewReader(&r.src)
	default:
		err = r.bare.(flate.Resetter).Reset(&r.src, nil)
	}
	r.current = r.bare
	if framed {
		r.current = r.framed
	}
	return err
}

func (r *deflateReader) unpack(out io.Writer) error { return r.buf.pump(r.current, out) }

func (r *deflateReader) close() { r.src.Reset(nothing{}) }

type brotliReader struct {
	z   *brotli.Reader
	buf buffer
}

func (r *brotliReader) open(src io.Reader) error {
	if r.z == nil {
		r.z = brotli.NewReader(src)
		return nil
	}
	return r.z.Reset(src)
}

// excess is how the library reports bytes behind the end of the data, with an error it does not export.
const excess = "brotli: excessive input"

func (r *brotliReader) unpack(out io.Writer) error {
	err := r.buf.pump(r.z, out)
	if err.Error() == excess {
		err = io.EOF
	}
	return err
}

func (r *brotliReader) close() { r.z.Reset(nothing{}) }

type zstdReader struct {
	d   *zstd.Decoder
	src bufio.Reader
	// begun is set if the data begins as it should: then a frame that does not is something that follows the data.
	begun bool
}

func (r *zstdReader) open(src io.Reader) (err error) {
	r.src.Reset(src)
	magic, err := r.src.Peek(4)
	if err != nil && err != io.EOF {
		return err
	}
	r.begun = len(magic) == 4 && (string(magic) == "\x28\xb5\x2f\xfd" || magic[0]&0xf0 == 0x50 && string(magic[1:]) == "\x2a\x4d\x18")
	if r.d == nil {
		r.d, err = zstd.NewReader(&r.src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(MaxWindow))
		return err
	}
	return r.d.Reset(&r.src)
}

func (r *zstdReader) unpack(out io.Writer) error {
	_, err := r.d.WriteTo(out)
	if err == nil || r.begun && errors.Is(err, zstd.ErrMagicMismatch) {
		err = io.EOF
	}
	return err
}

func (r *zstdReader) close() {
	r.d.Reset(nil)
	r.src.Reset(nothing{})
}
