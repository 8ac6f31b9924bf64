package dubbo

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The fields are at the bits that the table of the protocol's specification has them at: magic 0-15, request 16, two-way 17,
// event 18, serialization 19-23, status 24-31, request ID 32-95, data length 96-127.
func TestHead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, wire string
		head       Head
		size       int
	}{
		{"nothing set", "dabb 00 00 0000000000000000 00000000", Head{}, 0},
		{"request, two-way, Hessian 2", "dabb c2 00 0000000000000001 00000100", Head{RequestID: 1, IsRequest: true, IsTwoWay: true, SerializationType: 2}, 256},
		{"one-way request, JSON", "dabb 86 00 0000000000000002 00000003", Head{RequestID: 2, IsRequest: true, SerializationType: 6}, 3},
		{"heartbeat", "dabb e2 00 0000000000000003 00000001", Head{RequestID: 3, IsRequest: true, IsTwoWay: true, IsEvent: true, SerializationType: 2}, 1},
		{"answer to a heartbeat", "dabb 22 14 0000000000000003 00000001", Head{RequestID: 3, IsEvent: true, SerializationType: 2, Status: 20}, 1},
		{"OK", "dabb 02 14 0000000000000001 00000010", Head{RequestID: 1, SerializationType: 2, Status: 20}, 16},
		{"server is busy", "dabb 02 64 ffffffffffffffff 00000000", Head{RequestID: 1<<64 - 1, SerializationType: 2, Status: 100}, 0},
		{"everything set", "dabb ff ff 0123456789abcdef ffffffff",
			Head{RequestID: 0x0123456789abcdef, IsRequest: true, IsTwoWay: true, IsEvent: true, SerializationType: 31, Status: 255}, 1<<32 - 1},
	} {
		in := unhex(t, c.wire)
		h, size := Parse(in)
		if *h != c.head || size != c.size {
			t.Errorf("%s: got %+v, %d", c.name, *h, size)
		}
		if out := Append([]byte("x"), h, size); string(out) != "x"+string(in) {
			t.Errorf("%s: written as %x", c.name, out)
		}
		for i := range in {
			if err := Check(in[:i]); err != nil {
				t.Errorf("%s: the first %d bytes: %v", c.name, i, err)
			}
		}
	}
	// Numbers that do not fit are cut, and do not spill into their neighbours.
	if got := Append(nil, &Head{SerializationType: 0xe3, Status: 0x114}, 1<<33+5); !bytes.Equal(got, unhex(t, "dabb 03 14 0000000000000000 00000005")) {
		t.Errorf("large numbers are written as %x", got)
	}
	for _, s := range []string{"\xbb", "\xda\xda", "GET / HTTP/1.1\r\n"} {
		if Check([]byte(s)) == nil {
			t.Errorf("%q is the beginning of a head", s)
		}
	}
}

func FuzzHead(f *testing.F) {
	f.Add(unhex(f, "dabbc214000000000000000500000003"))
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if Check(b) != nil || len(b) < HeadSize {
			return
		}
		h, size := Parse(b)
		if got := Append(nil, h, size); !bytes.Equal(got, b[:HeadSize]) {
			t.Fatalf("%x became %x", b[:HeadSize], got)
		}
	})
}
