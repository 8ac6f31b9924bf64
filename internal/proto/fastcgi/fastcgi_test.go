package fastcgi

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"weir/internal/plain"
	"weir/internal/proto/codectest"
	"weir/internal/stream"
)

func decoder() codectest.Decoder[string] {
	var d Decoder
	return codectest.Decoder[string]{
		Feed: func(p []byte) (int, bool, error) { n, done := d.Feed(p); return n, done, nil },
		Get: func() string {
			r := d.Record()
			return fmt.Sprintf("%d %d %.40q %d", r.Type, r.ID, r.Content, len(r.Content))
		},
	}
}

// TestExample is the first example of the specification's appendix B, with the padding weir writes.
func TestExample(t *testing.T) {
	t.Parallel()
	in := AppendBegin(nil, 1, Responder, false)
	in = AppendParams(in, 1, plain.Object{{Name: "SERVER_PORT", Value: "80"}, {Name: "SERVER_ADDR", Value: "199.170.183.42"}})
	in = Append(in, Stdin, 1, nil)
	var out stream.Data
	PushStream(&out, Stdout, 1, stream.NewString("Content-type: text/html\r\n\r\n<html>\n<head> ... "))
	in = out.AppendTo(in)
	in = Append(in, Stdout, 1, nil)
	in = AppendEnd(in, 1, 0x01020304, RequestComplete)
	got, _ := codectest.Cut(t, decoder, in)
	want := []string{
		`1 1 "\x00\x01\x00\x00\x00\x00\x00\x00" 8`,
		`4 1 "\v\x02SERVER_PORT80\v\x0eSERVER_ADDR199.170.183." 42`, `4 1 "" 0`, `5 1 "" 0`,
		`6 1 "Content-type: text/html\r\n\r\n<html>\n<head>" 45`, `6 1 "" 0`, `3 1 "\x01\x02\x03\x04\x00\x00\x00\x00" 8`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(in)%8 != 0 {
		t.Error("records are not padded to 8 bytes")
	}
}

func TestPairs(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200)
	want := plain.Object{{Name: "a", Value: ""}, {Name: long, Value: "b"}, {Name: "c", Value: long}}
	var b []byte
	b = AppendPair(b, "a", "replaced")
	for _, f := range want {
		b = AppendPair(b, f.Name, f.Value.(string))
	}
	got, err := ParsePairs(b)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for i := 1; i < 4; i++ {
		if _, err := ParsePairs(b[:len(b)-i]); err == nil {
			t.Errorf("%d bytes less are no error", i)
		}
	}
	for _, s := range []string{"\x80", "\xff\xff\xff\xff\xff\xff\xff\xff", "\x01", "\x00\x01"} {
		if _, err := ParsePairs([]byte(s)); err == nil {
			t.Errorf("%q is no error", s)
		}
	}
}

// Parameters of any size come back whole, whatever the records.
func TestLargeParams(t *testing.T) {
	t.Parallel()
	want := plain.Object{{Name: "a", Value: strings.Repeat("x", 60000)}, {Name: "b", Value: strings.Repeat("y", 200000)},
		{Name: "c", Value: "z"}}
	var content []byte
	var d Decoder
	for b := AppendParams(nil, 7, want); len(b) > 0; {
		n, done := d.Feed(b)
		if b = b[n:]; done {
			content = append(content, d.Record().Content...)
		}
	}
	got, err := ParsePairs(content)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%d parameters, %v", len(got), err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(AppendEnd(AppendBegin(nil, 1, Filter, true), 1, 0, 1), uint16(3))
	f.Add(AppendParams(nil, 2, plain.Object{{Name: "a", Value: "b"}}), uint16(3))
	f.Fuzz(func(t *testing.T, in []byte, cut uint16) {
		want, _ := codectest.Decode(t, decoder(), in)
		got, _ := codectest.Decode(t, decoder(), in, int(cut)%(len(in)+1))
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("cut: %v\nuncut: %v", got, want)
		}
		if o, err := ParsePairs(in); err == nil {
			var b []byte
			for _, p := range o {
				b = AppendPair(b, p.Name, p.Value.(string))
			}
			if again, err := ParsePairs(b); err != nil || !reflect.DeepEqual(again, o) {
				t.Fatalf("%v, %v", again, err)
			}
		}
		ParseBegin(in)
		ParseEnd(in)
	})
}
