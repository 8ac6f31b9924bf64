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

// TestAppendixB has the four examples of the specification's appendix B as bytes: decoded, cut anywhere, and written back.
func TestAppendixB(t *testing.T) {
	t.Parallel()
	record := func(kind Type, id byte, content string) string {
		pad := (8 - len(content)%8) % 8
		return string([]byte{1, byte(kind), 0, id, byte(len(content) >> 8), byte(len(content)), byte(pad), 0}) + content + strings.Repeat("\x00", pad)
	}
	const params = "\013\002SERVER_PORT80\013\016SERVER_ADDR199.170.183.42"
	begin := func(id byte, keep string) string {
		return record(BeginRequest, id, "\x00\x01"+keep+"\x00\x00\x00\x00\x00")
	}
	end := func(id byte, status string) string { return record(EndRequest, id, status+"\x00\x00\x00\x00") }
	const page = "Content-type: text/html\r\n\r\n<html>\n<head> ... "
	for name, in := range map[string]string{
		"no data on stdin": begin(1, "\x00") + record(Params, 1, params) + record(Params, 1, "") + record(Stdin, 1, "") +
			record(Stdout, 1, page) + record(Stdout, 1, "") + end(1, "\x00\x00\x00\x00"),
		"data on stdin, parameters in two records": begin(1, "\x00") + record(Params, 1, params[:20]) + record(Params, 1, params[20:]) + record(Params, 1, "") +
			record(Stdin, 1, "quantity=100&item=3047936") + record(Stdin, 1, "") + record(Stdout, 1, page) + record(Stdout, 1, "") + end(1, "\x00\x00\x00\x00"),
		"an error": begin(1, "\x00") + record(Params, 1, params) + record(Params, 1, "") + record(Stdin, 1, "") + record(Stdout, 1, page) +
			record(Stderr, 1, "config error: missing SI_UID\n") + record(Stdout, 1, "") + record(Stderr, 1, "") + end(1, "\x00\x00\x03\xaa"),
		"two requests at once": begin(1, "\x01") + record(Params, 1, params) + record(Params, 1, "") + begin(2, "\x01") + record(Params, 2, params) +
			record(Stdin, 1, "") + record(Params, 2, "") + record(Stdin, 2, "") + record(Stdout, 2, page) + record(Stdout, 1, page) +
			record(Stdout, 2, "") + end(2, "\x00\x00\x00\x00") + record(Stdout, 1, "") + end(1, "\x00\x00\x00\x00"),
	} {
		var out, content []byte
		whole := func() codectest.Decoder[Record] {
			var d Decoder
			return codectest.Decoder[Record]{
				Feed: func(p []byte) (int, bool, error) { n, done := d.Feed(p); return n, done, nil },
				Get: func() Record {
					r := d.Record()
					r.Content = append([]byte(nil), r.Content...)
					return r
				},
			}
		}
		list, _ := codectest.Cut(t, whole, []byte(in))
		for _, r := range list {
			out = Append(out, r.Type, r.ID, r.Content)
			switch r.Type {
			case BeginRequest:
				role, keep, err := ParseBegin(r.Content)
				if role != Responder || keep != (name == "two requests at once") || err != nil {
					t.Errorf("%s: role %d, %v, %v", name, role, keep, err)
				}
			case EndRequest:
				status, protocol, err := ParseEnd(r.Content)
				if status != map[bool]uint32{true: 938}[name == "an error"] || protocol != RequestComplete || err != nil {
					t.Errorf("%s: ended with %d, %d, %v", name, status, protocol, err)
				}
			case Params:
				if r.ID == 1 {
					content = append(content, r.Content...)
				}
			}
		}
		if string(out) != in {
			t.Errorf("%s is written as\n%q", name, out)
		}
		want := plain.Object{{Name: "SERVER_PORT", Value: "80"}, {Name: "SERVER_ADDR", Value: "199.170.183.42"}}
		if got, err := ParsePairs(content); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
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
