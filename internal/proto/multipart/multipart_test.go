package multipart

import (
	"fmt"
	"strings"
	"testing"

	"weir/internal/stream"
)

func TestBoundary(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"multipart/form-data; boundary=abc":                  "abc",
		"multipart/mixed;boundary=abc; charset=x":            "abc",
		`multipart/mixed; boundary="a b"; charset=x`:         "a b",
		`multipart/mixed; boundary="a\"b"`:                   `a"b`,
		"multipart/mixed":                                    "",
		"Multipart/mixed; boundary=abc":                      "",
		"text/plain; boundary=abc":                           "",
		"multipart/x; boundary=" + strings.Repeat("x", 1000): "",
	} {
		if got := Boundary(in); got != want {
			t.Errorf("%.60s: %q", in, got)
		}
	}
}

// decode returns the parts as text; pieces of a body are joined.
func decode(boundary, in string, cuts ...int) string {
	d := NewDecoder(boundary, 200)
	var out strings.Builder
	emit := func(e stream.Event) {
		switch e := e.(type) {
		case *stream.MessageStart:
			out.WriteString("[")
			if e.Head != nil {
				fmt.Fprint(&out, e.Head.(*Head).Headers)
			}
			out.WriteString("|")
		case *stream.Data:
			out.Write(e.Bytes())
		case *stream.MessageEnd:
			out.WriteString("]")
		}
	}
	var data stream.Data
	from := 0
	for _, to := range append(cuts, len(in)) {
		piece := []byte(in[from:to])
		from = to
		data.Push(stream.NewTransient(piece))
		for {
			e, err := d.Next(&data)
			if err != nil {
				return out.String() + " " + err.Error()
			}
			if e == nil {
				break
			}
			emit(e)
		}
		data.Own()
		for i := range piece {
			piece[i] = '#'
		}
	}
	for e := d.End(&data); e != nil; e = d.End(&data) {
		emit(e)
	}
	return out.String()
}

var bodies = []struct{ name, boundary, in, want string }{
	{"RFC 2046 section 5.1.1", "simple boundary",
		"This is the preamble.\r\n\r\n--simple boundary\r\n\r\nThis is implicitly typed.\r\n--simple boundary\r\n" +
			"Content-type: text/plain; charset=us-ascii\r\n\r\nThis is explicitly typed.\r\n\r\n--simple boundary--\r\n\r\nThis is the epilogue.",
		"[|This is implicitly typed.\r\n][[{content-type text/plain; charset=us-ascii}]|This is explicitly typed.\r\n\r\n]"},
	{"RFC 7578 section 4.3", "AaB03x",
		"--AaB03x\r\ncontent-disposition: form-data; name=\"_charset_\"\r\n\r\niso-8859-1\r\n--AaB03x--\r\n",
		"[[{content-disposition form-data; name=\"_charset_\"}]|iso-8859-1\r\n]"},
	{"nested", "a",
		"--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\nX: 1\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\nepi\r\n--a\r\n\r\nthree--a--",
		"[[{x 1}]|one\r\n][|two\r\n][|three]"},
	{"nested without an end", "a",
		"--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--a\r\n\r\ntwo", "[|one\r\n][|two]"},
	{"truncated", "a", "--a\r\nX: 1\r\n\r\nhalf--", "[[{x 1}]|half--]"},
	{"truncated in headers", "a", "--a\r\nX: 1\r\n", ""},
	{"nearly a delimiter", "ab", "--ab\r\n\r\n--a--a\r\n--ab--", "[|--a--a\r\n]"},
	{"repeated headers, lone LF, no colon", "a", "--a\r\nX: 1\nbad\nx:\t2\nX:3\n\nbody--a", "[[{x [1 2 3]}]|body]"},
	{"blank after the delimiter", "a", "--a \r\n\r\nno--a\r\n\r\nyes--a--", "[|yes]"},
	{"empty part", "a", "--a\r\n\r\n--a\r\n\r\n--a--", "[|][|]"},
	{"long headers", "a", "--a\r\nX: " + strings.Repeat("y", 300), " the headers of a part are larger than maxHeaderSize"},
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, c := range bodies {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := decode(c.boundary, c.in); got != c.want {
				t.Fatalf("got  %q\nwant %q", got, c.want)
			}
			var all []int
			for i := 1; i < len(c.in); i++ {
				all = append(all, i)
				if got := decode(c.boundary, c.in, i); got != c.want {
					t.Fatalf("cut at %d: %q", i, got)
				}
			}
			if got := decode(c.boundary, c.in, all...); got != c.want {
				t.Fatalf("byte by byte: %q", got)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range bodies {
		f.Add(c.boundary, c.in, uint16(10))
	}
	f.Fuzz(func(t *testing.T, boundary, in string, cut uint16) {
		if boundary == "" {
			return
		}
		want := decode(boundary, in)
		if got := decode(boundary, in, int(cut)%(len(in)+1)); got != want {
			t.Fatalf("cut: %q\nuncut: %q", got, want)
		}
	})
}
