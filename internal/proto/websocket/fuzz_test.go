package websocket

import (
	"bytes"
	"testing"

	"weir/internal/stream"
)

// FuzzDecode decodes the same bytes whole and in pieces.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{hello, helloMasked, hel + ping + lo, hel + bye, "\x82\x7e\x01\x00" + x(256), "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"} {
		f.Add(s+hello, uint16(len(s)/2), uint8(0), uint8(0))
		f.Add(s+s, uint16(len(s)), uint8(3), uint8(7))
	}
	f.Fuzz(func(t *testing.T, in string, cut uint16, size, options uint8) {
		decoder := func() *Decoder {
			return &Decoder{BufferSize: 1 + int(size), MaxMessageSize: int64(size) * 3, RSV: options & 7, Masking: Masking(options >> 3 % 3)}
		}
		whole := feed(decoder(), in)
		at := min(int(cut), len(in))
		if got := feed(decoder(), in[:at], in[at:]); got != whole {
			t.Fatalf("cut at %d: got %s\nwhole: %s", at, got, whole)
		}
		if got := feed(decoder(), bytesOf(in)...); got != whole {
			t.Fatalf("byte by byte: got %s\nwhole: %s", got, whole)
		}
	})
}

// FuzzRoundTrip encodes a message and decodes it again.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("Hello"), uint8(1), true, uint8(0), uint32(3))
	f.Add(make([]byte, 70000), uint8(2), false, uint8(4), uint32(16384))
	f.Fuzz(func(t *testing.T, body []byte, opcode uint8, masked bool, rsv uint8, cut uint32) {
		h := Head{Opcode(opcode), masked, rsv & 7}
		e, out := new(Encoder), new(stream.Data)
		if e.Start(h) != nil {
			return
		}
		at := min(int(cut), len(body))
		for _, p := range [][]byte{body[:at], body[at:]} {
			if e.Data(out, stream.NewData(p)) != nil {
				return
			}
		}
		e.End(out)
		d := &Decoder{RSV: 7}
		var got []byte
		for {
			ev, err := d.Next(out)
			if err != nil {
				if h.Opcode.Control() { // it may carry an invalid status code, or reserved bits
					return
				}
				t.Fatal(err)
			}
			if ev == nil {
				break
			}
			switch ev := ev.(type) {
			case *stream.MessageStart:
				if *ev.Head.(*Head) != h {
					t.Fatalf("head %v is %v", h, ev.Head)
				}
			case *stream.Data:
				got = ev.AppendTo(got)
			}
		}
		if !bytes.Equal(got, body) || d.InMessage() {
			t.Fatalf("%d bytes became %d", len(body), len(got))
		}
	})
}
