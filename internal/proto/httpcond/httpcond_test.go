package httpcond

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

type fields map[string]string

func (f fields) Get(name string) (string, bool) { v, ok := f[name]; return v, ok }

// The first ones are the examples of RFC 9110 section 14.1.2.
func TestParseRange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field string
		size  int64
		want  string
	}{
		{"bytes=0-499", 10000, "[{0 500}]"},
		{"bytes=500-999", 10000, "[{500 500}]"},
		{"bytes=-500", 10000, "[{9500 500}]"},
		{"bytes=9500-", 10000, "[{9500 500}]"},
		{"bytes=0-0,-1", 10000, "[{0 1} {9999 1}]"},
		{"bytes= 0-0, 4500-5499 ,-1", 10000, "[{0 1} {4500 1000} {9999 1}]"},
		{"bytes=500-600,601-999", 10000, "[{500 101} {601 399}]"},
		{"BYTES=0-", 5, "[{0 5}]"},
		{"bytes=0-99", 5, "[{0 5}]"},
		{"bytes=-99", 5, "[{0 5}]"},
		{"bytes=0-18446744073709551616", 5, "[{0 5}]"},
		{"bytes=2-3,9-", 5, "[{2 2}]"},
		{"bytes=5-", 5, "no range can be satisfied"},
		{"bytes=18446744073709551616-", 5, "no range can be satisfied"},
		{"bytes=-0", 5, "no range can be satisfied"},
		{"bytes=0-", 0, "no range can be satisfied"},
		{"bytes=-1", 0, "no range can be satisfied"},
		{"bytes=0-4,0-4", 5, "[]"}, // more than there is
		{"bytes=" + strings.Repeat("0-0,", 65), 100, "[]"},
		{"items=0-1", 5, "[]"}, {"bytes", 5, "[]"}, {"bytes=", 5, "[]"}, {"bytes=1", 5, "[]"}, {"bytes=-", 5, "[]"},
		{"bytes=2-1", 5, "[]"}, {"bytes=a-b", 5, "[]"}, {"bytes=+1-2", 5, "[]"}, {"bytes=--1", 5, "[]"}, {"", 5, "[]"},
	} {
		spans, err := ParseRange(c.field, c.size)
		got := fmt.Sprint(spans)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q of %d: got %s, want %s", c.field, c.size, got, c.want)
		}
	}
	if s := (Span{21010, 26012}).ContentRange(47022); s != "bytes 21010-47021/47022" {
		t.Error(s)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	const old, same, later = "Sat, 29 Oct 1994 19:43:30 GMT", "Sat, 29 Oct 1994 19:43:31 GMT", "Sat, 29 Oct 1994 19:43:32 GMT"
	when := time.Date(1994, 10, 29, 19, 43, 31, 5e8, time.UTC)
	full := Validators{`"xyzzy"`, when}
	for _, c := range []struct {
		method string
		f      fields
		v      Validators
		want   Outcome
	}{
		{"GET", nil, full, Proceed},
		{"GET", fields{"if-match": `"xyzzy"`}, full, Proceed},
		{"GET", fields{"if-match": `"xyzzy", "r2d2xxxx", "c3piozzzz"`}, full, Proceed},
		{"GET", fields{"if-match": `"r2d2xxxx" , "xyzzy"`}, full, Proceed},
		{"GET", fields{"if-match": `*`}, full, Proceed},
		{"GET", fields{"if-match": `"other"`}, full, Failed},
		{"GET", fields{"if-match": `W/"xyzzy"`}, full, Failed},
		{"GET", fields{"if-match": `"xyzzy"`}, Validators{ETag: `W/"xyzzy"`}, Failed},
		{"GET", fields{"if-match": `xyzzy`}, full, Failed},
		{"GET", fields{"if-match": `"xyzzy`}, full, Failed},
		{"GET", fields{"if-match": `"xyzzy"`, "if-unmodified-since": old}, full, Proceed},
		{"GET", fields{"if-unmodified-since": old}, full, Failed},
		{"GET", fields{"if-unmodified-since": same}, full, Proceed},
		{"GET", fields{"if-unmodified-since": "rubbish"}, full, Proceed},
		{"GET", fields{"if-unmodified-since": old}, Validators{}, Proceed},
		{"GET", fields{"if-none-match": `"xyzzy"`}, full, NotModified},
		{"HEAD", fields{"if-none-match": `W/"xyzzy"`}, full, NotModified},
		{"GET", fields{"if-none-match": `"a", W/"xyzzy"`}, full, NotModified},
		{"GET", fields{"if-none-match": `"a,b","xyzzy"`}, full, NotModified},
		{"GET", fields{"if-none-match": `*`}, full, NotModified},
		{"PUT", fields{"if-none-match": `*`}, full, Failed},
		{"GET", fields{"if-none-match": `"a"`, "if-modified-since": later}, full, Proceed},
		{"GET", fields{"if-modified-since": same}, full, NotModified},
		{"GET", fields{"if-modified-since": later}, full, NotModified},
		{"GET", fields{"if-modified-since": old}, full, Proceed},
		{"GET", fields{"if-modified-since": later}, Validators{}, Proceed},
		{"POST", fields{"if-modified-since": later}, full, Proceed},
		{"GET", fields{"if-modified-since": "Saturday, 29-Oct-94 19:43:31 GMT"}, full, NotModified},
	} {
		if got := Check(c.method, c.f, c.v); got != c.want {
			t.Errorf("%s %v with %v: got %d, want %d", c.method, c.f, c.v, got, c.want)
		}
	}
	for _, c := range []struct {
		field string
		v     Validators
		want  bool
	}{
		{`"xyzzy"`, full, true}, {`W/"xyzzy"`, full, false}, {`"a"`, full, false}, {same, full, true}, {later, full, false},
		{old, full, false}, {"rubbish", full, false}, {`"xyzzy"`, Validators{}, false}, {same, Validators{}, false},
	} {
		if got := RangeApplies(fields{"if-range": c.field}, c.v); got != c.want {
			t.Errorf("If-Range: %s with %v: got %v", c.field, c.v, got)
		}
	}
	if !RangeApplies(fields{}, full) {
		t.Error("without If-Range")
	}
}

func TestCodings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field string
		want  [3]int // gzip, br, zstd
	}{
		{"", [3]int{}}, {"gzip", [3]int{1000}}, {"GZip, Br", [3]int{1000, 1000}}, {"gzip;q=0, br;q=0.5", [3]int{0, 500}},
		{"*", [3]int{1000, 1000, 1000}}, {"*;q=0.1, br;q=0", [3]int{100, 0, 100}}, {"gzip ; q = 0.25,zstd;q=1.000", [3]int{250, 0, 1000}},
		{"gzip;q=0.", [3]int{}}, {"gzip;q=x", [3]int{1000}}, {"gzip;q=0.1234", [3]int{1000}}, {"gzip;q=1.5", [3]int{1000}},
		{"gzip;level=9;Q=0.001", [3]int{1}}, {"x-gzip", [3]int{1000}}, {",,;q=1,", [3]int{}}, {"identity;q=0", [3]int{}},
		{strings.Repeat("a,", 40) + "gzip", [3]int{}},
	} {
		k := ParseAcceptEncoding(c.field)
		if got := [3]int{k.Weight("gzip"), k.Weight("br"), k.Weight("zstd")}; got != c.want {
			t.Errorf("%q: got %v, want %v", c.field, got, c.want)
		}
	}
}

// Spans lie within the representation, are not empty, and are no more than it in sum.
func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"bytes=0-499", "bytes=-1,2-", "bytes=0-0,-1", "items=1-2", "bytes=9-"} {
		f.Add(s, int64(10))
	}
	f.Fuzz(func(t *testing.T, field string, size int64) {
		if size < 0 {
			return
		}
		spans, err := ParseRange(field, size)
		if err != nil && (!errors.Is(err, ErrUnsatisfiable) || spans != nil) {
			t.Fatal(err, spans)
		}
		var total int64
		for _, s := range spans {
			if s.Start < 0 || s.Length <= 0 || s.Start > size-s.Length {
				t.Fatalf("%q of %d: %v", field, size, s)
			}
			total += s.Length
		}
		if total > size {
			t.Fatalf("%d bytes of %d", total, size)
		}
	})
}

// No field makes the conditions fail otherwise than by their values.
func FuzzConditions(f *testing.F) {
	f.Add(`"a", W/"b"`, "Sat, 29 Oct 1994 19:43:31 GMT", "gzip;q=0.5, *")
	f.Fuzz(func(t *testing.T, tags, date, codings string) {
		v := Validators{ETag: `"a"`, Modified: time.Unix(1, 0)}
		Check("GET", fields{"if-match": tags, "if-none-match": tags}, v)
		Check("GET", fields{"if-unmodified-since": date, "if-modified-since": date}, v)
		RangeApplies(fields{"if-range": tags}, v)
		if w := ParseAcceptEncoding(codings).Weight("gzip"); w < 0 || w > 1000 {
			t.Errorf("weight %d", w)
		}
	})
}
