package websocket

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"weir/internal/stream"
)

func encode(t testing.TB, e *Encoder, h Head, pieces ...string) string {
	t.Helper()
	out := new(stream.Data)
	if err := e.Start(h); err != nil {
		t.Fatal(err)
	}
	for _, p := range pieces {
		b := []byte(p)
		if err := e.Data(out, stream.NewTransient(b)); err != nil {
			t.Fatal(err)
		}
		out.Own()
		for i := range b {
			b[i] = 0xDB
		}
	}
	e.End(out)
	return string(out.Bytes())
}

// frames describes the frames of unmasked data messages.
func frames(s string) string {
	var out strings.Builder
	for s != "" {
		n, h := int(s[1]), 2
		if n == 126 {
			n, h = int(s[2])<<8|int(s[3]), 4
		}
		fmt.Fprintf(&out, "%02x:%d ", s[0], n)
		s = s[h+n:]
	}
	return out.String()
}

func TestEncode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		head Head
		body string
		want string
	}{
		{Head{Opcode: Text}, "Hello", hello},
		{Head{Opcode: Ping}, "Hello", ping},
		{Head{Opcode: Close}, "\x03\xe8bye", bye},
		{Head{Opcode: Binary}, x(256), "\x82\x7e\x01\x00" + x(256)},
		{Head{Opcode: Text}, x(125), "\x81\x7d" + x(125)},
		{Head{Opcode: Text}, x(126), "\x81\x7e\x00\x7e" + x(126)},
		{Head{Opcode: Pong}, x(125), "\x8a\x7d" + x(125)},
		{Head{Opcode: Text}, "", "\x81\x00"},
		{Head{Opcode: Text, RSV: 4}, "a", "\xc1\x01a"},
	} {
		if got := encode(t, new(Encoder), c.head, c.body); got != c.want {
			t.Errorf("%v: got %q, want %q", c.head, got, c.want)
		}
		if got := encode(t, new(Encoder), c.head, bytesOf(c.body)...); got != c.want {
			t.Errorf("%v, byte by byte: got %q, want %q", c.head, got, c.want)
		}
	}
}

func TestFrameSize(t *testing.T) {
	t.Parallel()
	e := new(Encoder)
	for n, want := range map[int]string{
		16383: "81:16383 ",
		16384: "01:16384 80:0 ",
		16385: "01:16384 80:1 ",
		65536: "01:16384 00:16384 00:16384 00:16384 80:0 ",
		40000: "01:16384 00:16384 80:7232 ",
	} {
		for _, pieces := range [][]string{{x(n)}, {x(n / 2), x(n - n/2)}, {x(10), x(n - 10)}} {
			if got := frames(encode(t, e, Head{Opcode: Text}, pieces...)); got != want {
				t.Errorf("%d in %d pieces: got %s, want %s", n, len(pieces), got, want)
			}
		}
	}
	if got := encode(t, e, Head{Opcode: Text, RSV: 4}, x(20000)); got[0] != 0x41 || got[4+16384] != 0x80 {
		t.Error("the reserved bits belong to the first frame only")
	}
}

func TestEncodeErrors(t *testing.T) {
	t.Parallel()
	e := new(Encoder)
	for _, op := range []Opcode{0, 3, 7, 11, 15, 16, 255} {
		if e.Start(Head{Opcode: op}) == nil || e.InMessage() {
			t.Errorf("opcode %d was taken", op)
		}
	}
	out := new(stream.Data)
	e.Start(Head{Opcode: Ping})
	if err := e.Data(out, stream.NewString(x(100))); err != nil {
		t.Fatal(err)
	}
	if err := e.Data(out, stream.NewString(x(26))); err == nil || e.InMessage() || !out.Empty() {
		t.Error("a large ping was taken")
	}
	if got := encode(t, e, Head{Opcode: Text}, "Hello"); got != hello {
		t.Errorf("afterwards: got %q", got)
	}
}

// Keys differ from frame to frame and from encoder to encoder.
func TestKeys(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 50 {
		e := new(Encoder)
		for range 100 {
			f := encode(t, e, Head{Opcode: Text, Masked: true}, "Hello")
			if got := feed(new(Decoder), f); got != `1m"Hello"; ` {
				t.Fatalf("got %s", got)
			}
			seen[f[2:6]] = true
		}
	}
	if len(seen) < 4990 {
		t.Errorf("%d keys for 5000 frames", len(seen))
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	key := [4]byte{1, 2, 3, 4}
	src := []byte("0123456789abcdefghijklmnopqrstuvwxyz")
	for pos := range 8 {
		for n := range len(src) {
			got := mask([]byte("+"), src[:n], key, pos)
			want := []byte("+")
			for i, b := range src[:n] {
				want = append(want, b^key[(pos+i)%4])
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%d bytes at %d: got %q, want %q", n, pos, got, want)
			}
		}
	}
}

func BenchmarkMask(b *testing.B) {
	src, dst := make([]byte, 16384), make([]byte, 0, 16384)
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		mask(dst, src, [4]byte{1, 2, 3, 4}, 1)
	}
}
