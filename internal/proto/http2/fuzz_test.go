package http2

import (
	"testing"

	xhttp2 "golang.org/x/net/http2"

	"weir/internal/proto/http1"
	"weir/internal/stream"
)

// What comes of any input must not depend on the pieces it comes in, and the output must be valid frames.
func fuzz(f *testing.F, server bool) {
	seed := newSide(f, nil)
	seed.get(1)
	seed.post(3, "content-length 3")
	seed.framer.WriteDataPadded(3, false, []byte("abc"), make([]byte, 3))
	seed.headers(3, true, "t v")
	seed.headers(1, false, ":status 200")
	seed.framer.WriteData(1, true, []byte("abc"))
	seed.framer.WriteWindowUpdate(1, 5)
	seed.framer.WriteSettings(xhttp2.Setting{ID: 4, Val: 3})
	seed.framer.WriteGoAway(1, 0, nil)
	f.Add(seed.in.Bytes(), 3)
	f.Add([]byte("\x00\x00\x00\x01\x05\x00\x00\x00\x01"), 1)
	f.Fuzz(func(t *testing.T, in []byte, piece int) {
		run := func(piece int) (string, string) {
			s := newSide(t, func(c *Config) { c.Server = server })
			s.hello()
			if server {
				s.reply = func(st *Stream) {
					s.conn.SendHead(st, &http1.Head{Headers: http1.Headers{{Name: "a", Value: "b"}}}, -1, false)
					s.conn.SendData(st, stream.NewString("hello"))
					s.conn.SendEnd(st, nil)
				}
			} else {
				for range 2 {
					st := new(Stream)
					s.conn.Open(st)
					s.conn.SendHead(st, &http1.Head{}, -1, true)
				}
			}
			s.in.Write(in)
			events := s.feed(piece)
			return events, s.sent()
		}
		events, out := run(0)
		if piece = piece&63 + 1; true {
			if e, o := run(piece); e != events || o != out {
				t.Fatalf("in pieces of %d:\n%s\n%s\nwhole:\n%s\n%s", piece, e, o, events, out)
			}
		}
	})
}

func FuzzServer(f *testing.F) { fuzz(f, true) }
func FuzzClient(f *testing.F) { fuzz(f, false) }
