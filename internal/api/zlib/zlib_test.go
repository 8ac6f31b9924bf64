package zlib_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"testing"

	"weir/internal/api/zlib"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

func TestZlib(t *testing.T) {
	t.Parallel()
	var two bytes.Buffer
	for _, s := range []string{"one", "two"} {
		w := gzip.NewWriter(&two)
		io.WriteString(w, s)
		w.Close()
	}
	const prelude = `function fails(f) { try { f(); return 'no error' } catch (e) { return e.message } };
		var long = new Data('all work and no play '.repeat(10000)), d = new Data('hello');
		var hex = s => new Data(s, 'hex');`
	for _, c := range []struct{ name, src, want string }{
		{"deflate there and back", "zlib.inflate(zlib.deflate(long)).toString() === long.toString() && zlib.deflate(long).size < 1000", "true"},
		{"gzip there and back", "zlib.gunzip(zlib.gzip(long)).toString() === long.toString() && zlib.gzip(long).size < 1000", "true"},
		{"input is kept", "zlib.gzip(d); d.toString()", "hello"},
		{"zlib format", "zlib.deflate(d).toString('hex').slice(0, 4)", "789c"},
		{"gzip header", "zlib.gzip(d).toString('hex').slice(0, 20)", "1f8b0800000000000003"},
		{"many pieces", "var z = zlib.gzip(d), e = new Data; for (var b of z.toArray()) e.push(new Data([b])); zlib.gunzip(e).toString()", "hello"},
		{"null", "[zlib.deflate(null), zlib.inflate(null), zlib.gzip(null), zlib.gunzip(null)].join()", ",,,"},
		{"empty", "[zlib.deflate(new Data).size, zlib.inflate(new Data).size, zlib.gzip(new Data).size, zlib.gunzip(new Data).size].join()", "0,0,0,0"},
		{"cut short", "var z = zlib.deflate(long); var part = zlib.inflate(z.shift(z.size - 6)).toString(); part.length > 0 && long.toString().startsWith(part)", "true"},
		{"header cut short", "[zlib.gunzip(hex('1f8b08')).size, zlib.inflate(hex('78')).size].join()", "0,0"},
		{"further members", fmt.Sprintf("zlib.gunzip(hex('%x')).toString()", two.Bytes()), "one"},
		{"bytes after the end", "zlib.inflate(zlib.deflate(d).push('more')).toString()", "hello"},
		{"corrupt", "[() => zlib.inflate(d), () => zlib.gunzip(d), () => zlib.inflate(hex('789c0102030405060708')), () => zlib.gunzip(hex('1f8b0800000000000003ffffffffffff'))].map(fails).join()", "inflate() failed,gunzip() failed,inflate() failed,gunzip() failed"},
		{"wrong check sum", "var z = zlib.deflate(d), a = z.toArray(); a[a.length - 1] ^= 1; fails(() => zlib.inflate(new Data(a)))", "inflate() failed"},
		{"arguments", "[() => zlib.deflate(), () => zlib.gzip('x'), () => zlib.inflate({})].map(fails).join('|')", "requires 1 or more arguments|argument #1 expects an instance of pipy::Data|argument #1 expects an instance of pipy::Data"},
	} {
		if got := scripttest.Run(t, []*script.Namespace{event.Namespace, zlib.Namespace}, prelude+c.src); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestSurface(t *testing.T) {
	t.Parallel()
	scripttest.Surface(t, "04-codecs.tsv", []string{"zlib"}, zlib.Namespace)
}
