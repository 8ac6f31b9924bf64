package compression

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
)

var formats = []Format{Gzip, Zlib, Deflate, Brotli, Zstd}

// samples are texts of different kinds.
func samples() map[string][]byte {
	noise := make([]byte, 70_000)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	return map[string][]byte{
		"nothing": {}, "one": []byte("x"), "text": []byte(strings.Repeat("the quick brown fox ", 3000)), "noise": noise,
	}
}

func pack(t testing.TB, f Format, level int, text []byte, piece int) []byte {
	t.Helper()
	var out bytes.Buffer
	p, err := NewPacker(f, level, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for len(text) > 0 {
		n := min(piece, len(text))
		if _, err := p.Write(text[:n]); err != nil {
			t.Fatal(err)
		}
		text = text[n:]
	}
	if err := p.Finish(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// unpack feeds pieces of a size and returns what comes out, until the end or an error.
func unpack(t testing.TB, f Format, packed []byte, piece int) ([]byte, error) {
	t.Helper()
	u := NewUnpacker(f)
	defer u.Close()
	var out []byte
	drain := func() error {
		for {
			b, err := u.Next()
			if len(b) > Chunk {
				t.Fatalf("%d bytes at once", len(b))
			}
			if out = append(out, b...); len(b) == 0 || err != nil {
				return err
			}
		}
	}
	for len(packed) > 0 {
		n := min(piece, len(packed))
		u.Feed(bytes.Clone(packed[:n]))
		if err := drain(); err != nil {
			return out, err
		}
		packed = packed[n:]
	}
	u.End()
	err := drain()
	if err == nil {
		t.Fatal("no end")
	}
	return out, err
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, f := range formats {
		for name, text := range samples() {
			for _, piece := range []int{1, 7, 1000, 1 << 20} {
				if piece == 1 && len(text) > 65_000 {
					continue
				}
				packed := pack(t, f, DefaultLevel, text, piece)
				got, err := unpack(t, f, packed, piece)
				if err != io.EOF || !bytes.Equal(got, text) {
					t.Errorf("%v of %s in pieces of %d: %d bytes of %d, %v", f, name, piece, len(got), len(text), err)
				}
			}
		}
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	text := samples()["text"]
	for _, f := range formats {
		l := levelsOf[f]
		for level := l.least; level <= l.most; level++ {
			if got, err := unpack(t, f, pack(t, f, level, text, 1<<20), 1<<20); err != io.EOF || !bytes.Equal(got, text) {
				t.Errorf("%v at level %d: %v", f, level, err)
			}
		}
		for _, level := range []int{-2, l.least - 1, l.most + 1} {
			if level == DefaultLevel {
				continue
			}
			if err := CheckLevel(f, level); err == nil {
				t.Errorf("%v has level %d", f, level)
			}
			if _, err := NewPacker(f, level, io.Discard); err == nil {
				t.Errorf("a packer of %v at level %d", f, level)
			}
		}
	}
}

// What was flushed comes out without more input.
func TestFlush(t *testing.T) {
	t.Parallel()
	for _, f := range formats {
		var packed bytes.Buffer
		p, _ := NewPacker(f, DefaultLevel, &packed)
		u := NewUnpacker(f)
		for i := range 5 {
			text := fmt.Sprintf("event %d\n", i)
			p.Write([]byte(text))
			if err := p.Flush(); err != nil {
				t.Fatal(err)
			}
			u.Feed(bytes.Clone(packed.Bytes()))
			packed.Reset()
			var got []byte
			for {
				b, err := u.Next()
				if err != nil {
					t.Fatalf("%v: %v", f, err)
				}
				if len(b) == 0 {
					break
				}
				got = append(got, b...)
			}
			if string(got) != text {
				t.Errorf("%v: got %q after %q", f, got, text)
			}
		}
		p.Close()
		u.Close()
	}
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	text := samples()["text"]
	for _, f := range formats {
		packed := pack(t, f, DefaultLevel, text, 1<<20)
		for _, n := range []int{1, 3, len(packed) / 2, len(packed) - 1} {
			want := fmt.Sprintf("invalid %v data: the data ends too early", f)
			if _, err := unpack(t, f, packed[:n], 100); err == nil || err == io.EOF || err.Error() != want && f != Zstd {
				t.Errorf("%v cut at %d of %d: %v", f, n, len(packed), err)
			}
		}
		if f != Deflate { // which has no checksum, and nothing that tells it from anything else
			if _, err := unpack(t, f, []byte("HTTP/1.1 200 OK\r\n\r\n"), 5); err == nil || err == io.EOF {
				t.Errorf("%v: text is taken for it: %v", f, err)
			}
		}
		if f != Deflate && f != Brotli { // which have no checksum
			bad := bytes.Clone(packed)
			bad[len(bad)/2] ^= 0x10
			if got, err := unpack(t, f, bad, 100); err == nil || err == io.EOF {
				t.Errorf("%v: a changed bit is not seen: %d bytes, %v", f, len(got), err)
			}
		}
	}
}

func TestWhatFollows(t *testing.T) {
	t.Parallel()
	text := samples()["text"]
	for _, f := range formats {
		packed := pack(t, f, DefaultLevel, text, 1<<20)
		for _, tail := range []string{"\x00\x00\x00\x00", "some garbage that follows"} {
			for _, piece := range []int{1, 1 << 20} {
				if got, err := unpack(t, f, append(bytes.Clone(packed), tail...), piece); err != io.EOF || !bytes.Equal(got, text) {
					t.Errorf("%v with %q in pieces of %d: %d bytes of %d, %v", f, tail, piece, len(got), len(text), err)
				}
			}
		}
	}
	for _, f := range []Format{Gzip, Zstd} { // several in a row are one
		packed := append(pack(t, f, DefaultLevel, []byte("one "), 9), pack(t, f, DefaultLevel, []byte("two"), 9)...)
		if got, err := unpack(t, f, packed, 1); err != io.EOF || string(got) != "one two" {
			t.Errorf("%v: %q, %v", f, got, err)
		}
	}
}

func TestAnyDeflate(t *testing.T) {
	t.Parallel()
	for _, f := range []Format{Zlib, Deflate, AnyDeflate} {
		packed := pack(t, f, DefaultLevel, []byte("hello"), 9)
		if got, err := unpack(t, AnyDeflate, packed, 1); err != io.EOF || string(got) != "hello" {
			t.Errorf("%v: %q, %v", f, got, err)
		}
	}
}

func TestUnpackNothing(t *testing.T) {
	t.Parallel()
	for _, f := range formats {
		if got, err := unpack(t, f, nil, 1); err != io.EOF || len(got) > 0 {
			t.Errorf("%v: %q, %v", f, got, err)
		}
	}
}

// A stream that is given up gives its memory back in a state that serves the next one.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	text := samples()["noise"]
	for _, f := range formats {
		packed := pack(t, f, DefaultLevel, text, 1<<20)
		for i := range 20 {
			u := NewUnpacker(f)
			u.Feed(packed[:len(packed)*(i+1)/21])
			for range i % 3 {
				u.Next()
			}
			u.Close()
			if _, err := u.Next(); err == nil {
				t.Fatal("goes on after Close")
			}
			p, _ := NewPacker(f, DefaultLevel, io.Discard)
			p.Write(text[:i*100])
			p.Close()
			if got, err := unpack(t, f, pack(t, f, DefaultLevel, text, 5000), 5000); err != io.EOF || !bytes.Equal(got, text) {
				t.Fatalf("%v: %d bytes, %v", f, len(got), err)
			}
		}
	}
}

// The command-line tools of the system understand what is packed here, and the other way round.
func TestTools(t *testing.T) {
	t.Parallel()
	text := samples()["text"]
	for _, c := range []struct {
		f            Format
		pack, unpack []string
	}{
		{Gzip, []string{"gzip", "-c"}, []string{"gzip", "-dc"}},
		{Brotli, []string{"brotli", "-c"}, []string{"brotli", "-dc"}},
		{Zstd, []string{"zstd", "-qc"}, []string{"zstd", "-qdc"}},
		{Zstd, []string{"zstd", "-qc19"}, []string{"zstd", "-qdc"}},
		{Zlib, []string{"python3", "-c", "import sys,zlib; sys.stdout.buffer.write(zlib.compress(sys.stdin.buffer.read()))"},
			[]string{"python3", "-c", "import sys,zlib; sys.stdout.buffer.write(zlib.decompress(sys.stdin.buffer.read()))"}},
	} {
		if got, err := unpack(t, c.f, run(t, text, c.pack...), 777); err != io.EOF || !bytes.Equal(got, text) {
			t.Errorf("unpack what %v made: %d bytes of %d, %v", c.pack, len(got), len(text), err)
		}
		if got := run(t, pack(t, c.f, DefaultLevel, text, 777), c.unpack...); !bytes.Equal(got, text) {
			t.Errorf("%v made %d bytes of %d", c.unpack, len(got), len(text))
		}
	}
}

func run(t *testing.T, in []byte, command ...string) []byte {
	t.Helper()
	c := exec.Command(command[0], command[1:]...)
	c.Stdin = bytes.NewReader(in)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v", command, err)
	}
	return out
}

// Whatever comes, in whatever pieces: no crash, the same result, bounded output at a time.
func FuzzUnpack(f *testing.F) {
	for i, format := range formats {
		f.Add(uint8(i), 3, pack(f, format, DefaultLevel, []byte("hello hello hello"), 100))
	}
	f.Fuzz(func(t *testing.T, which uint8, piece int, packed []byte) {
		format := Format(which % uint8(numFormats))
		piece = max(1, min(piece, len(packed)))
		if len(packed) > 1<<12 {
			return
		}
		limit := 4 << 20 // a bomb may go on for ever
		read := func(piece int) (out []byte, err error) {
			u := NewUnpacker(format)
			defer u.Close()
			for rest := packed; ; {
				b, err := u.Next()
				out = append(out, b...)
				switch {
				case err != nil || len(out) > limit:
					return out[:min(len(out), limit)], err
				case len(b) > 0:
				case len(rest) == 0:
					u.End()
				default:
					n := min(piece, len(rest))
					u.Feed(rest[:n])
					rest = rest[n:]
				}
			}
		}
		a, errA := read(piece)
		b, errB := read(len(packed) + 1)
		if errA != nil && errA != io.EOF { // how much came out before that depends on the pieces
			a, b = nil, nil
		}
		if !bytes.Equal(a, b) || (errA == io.EOF) != (errB == io.EOF) || (errA == nil) != (errB == nil) {
			t.Fatalf("%v: %d bytes, %v; whole: %d bytes, %v", format, len(a), errA, len(b), errB)
		}
	})
}
