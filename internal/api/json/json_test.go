package json

import (
	"encoding/json"
	"runtime"
	"testing"

	"weir/internal/api/cstruct"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/script/scripttest"
	"weir/internal/stream"
)

func run(t *testing.T, src string) string {
	t.Helper()
	return scripttest.Run(t, []*script.Namespace{event.Namespace, cstruct.Namespace, Namespace}, src)
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{"JSON.stringify(JSON.parse(' {\"a\": [1, \"é\", null, true, -1.5e3]} '))", `{"a":[1,"é",null,true,-1500]}`},
		{"JSON.stringify(JSON.parse('[1,2]', (k, v) => typeof v == 'number' ? v * 2 : v))", "[2,4]"},
		{"JSON.stringify({ a: 1, b: undefined, c: [() => 1] }, null, 2)", "{\n  \"a\": 1,\n  \"c\": [\n    null\n  ]\n}"},
		{"JSON.stringify(JSON.decode(new Data('{\"a\":\"é\"}')))", `{"a":"é"}`},
		{"JSON.decode(new Data('[1,2]'), (k, v) => k === '1' ? 'two' : v).join()", "1,two"},
		{"var v = JSON.decode(new Data('{\"long\":[\"ab\",\"abc\",\"é\"],\"n\":1}'), null, { maxStringSize: 2 }); " +
			"[v.long.map(s => typeof s), v.long[1] instanceof CString, v.long[1].size, v.long[1] + '!', JSON.stringify(v), JSON.encode(v)].join(' ')",
			`string,object,string true 3 abc! {"long":["ab","abc","é"],"n":1} {"long":["ab","abc","é"],"n":1}`},
		{"JSON.decode(new Data('\"long\"'), null, { maxStringSize: 3 }) instanceof CString", "true"},
		{"JSON.decode(new Data('\"long\"'), null, { maxStringSize: -1 })", "long"},
		{"JSON.decode(new Data('{\"a\":\"long\",\"b\":2}'), function (k, v) { return k ? k + typeof v + v + typeof this : v }, { maxStringSize: 3 }).a", "aobjectlongobject"},
		{"JSON.encode({ a: [1, 'é'] }).toString()", `{"a":[1,"é"]}`},
		{"JSON.encode([1], null, 1).toString()", "[\n 1\n]"},
		{"JSON.encode({ a: 1, b: 2 }, (k, v) => k == 'a' ? undefined : v).toString()", `{"b":2}`},
		{"String(JSON.encode(undefined))", "undefined"},
		{"JSON.encode(new Data('x')) instanceof Data", "true"},
		{"JSON.stringify(new Data('x'))", "{}"},
		{"JSON.parse.name + JSON.parse.length + Object.keys(JSON).join()", "parse2decode,encode"},
		{"typeof globalThis.__explainJSON", "undefined"},

		{"JSON.parse('{\"a\":1,}')", "error: JSON: invalid character '}' looking for beginning of object key string at position 7 (line 1, column 8)"},
		{"JSON.parse('{\\n  \"a\": x}')", "error: JSON: invalid character 'x' looking for beginning of value at position 9 (line 2, column 8)"},
		{"JSON.parse('[1')", "error: JSON: unexpected end of JSON input at position 2 (line 1, column 3)"},
		{"JSON.parse('')", "error: JSON: unexpected end of JSON input at position 0 (line 1, column 1)"},
		{"JSON.parse('1 2')", "error: JSON: invalid character '2' after top-level value at position 2 (line 1, column 3)"},
		{"JSON.parse('\"\\t\"')", "error: JSON: invalid character '\\t' in string literal at position 1 (line 1, column 2)"},
		{"try { JSON.parse('x') } catch (e) { var name = e.name }; name", "SyntaxError"},
		{"JSON.parse('1', () => { throw new SyntaxError('mine') })", "error: mine"},
		{"JSON.parse('1', () => { throw new Error('mine') })", "error: mine"},
		{"var o = {}; o.o = o; try { JSON.stringify(o) } catch (e) { var n = e.name }; n", "TypeError"},
		{"JSON.decode()", "error: requires 1 or more arguments"},
		{"JSON.decode(null)", "error: argument #1 expects an instance of pipy::Data"},
		{"JSON.decode('1')", "error: argument #1 expects an instance of pipy::Data"},
		{"JSON.decode(new Data('1'), 1)", "error: argument #2 expects a function"},
		{"JSON.decode(new Data('1'), null, 1)", "error: argument #3 expects an object"},
		{"JSON.decode(new Data('1'), null, { maxStringSize: [] })", "error: options.maxStringSize expects a finite number"},
		{"JSON.decode(new Data('[1'))", "error: JSON: unexpected end of JSON input at position 2 (line 1, column 3)"},
		{"JSON.decode(new Data([0x22, 0xff, 0x22]))", "error: JSON: invalid bytes in UTF-8 string at position 1 (line 1, column 2)"},
		{"JSON.encode()", "error: requires 1 or more arguments"},
	} {
		if got := run(t, c.src); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

func FuzzExplain(f *testing.F) {
	f.Add([]byte(`{"a":[1,2,{"b":null}],}`))
	f.Add([]byte("\"\xff\""))
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := Explain(b); (err == nil) != (json.Valid(b) && invalidUTF8(b) < 0) {
			t.Errorf("%q: %v", b, err)
		}
	})
}

func TestSurface(t *testing.T) {
	t.Parallel()
	scripttest.Surface(t, "04-codecs.tsv", []string{"JSON"}, Namespace)
}

// A body of 100 KB that is decoded and encoded again is copied once on each way: into what is parsed, and into the Data.
func TestCopies(t *testing.T) {
	for name, text := range documents() {
		r, _ := scripttest.New(t, event.Namespace, Namespace)
		end := r.Scope()
		input := r.Hold(event.NewData(r, stream.NewString(text)))
		result, err := r.Run("main.js", "(d => JSON.encode(JSON.decode(d)))")
		if err != nil {
			t.Fatal(err)
		}
		f := r.Hold(result.Value)
		end()
		again := func() {
			end := r.Scope()
			defer end()
			v, err := r.Call(f.Value(), input.Value())
			if err != nil {
				t.Fatal(err)
			}
			if d, ok := event.DataOf(r, v); !ok || string(d.Bytes()) != text {
				t.Fatalf("%s is not the same again", name)
			}
		}
		again() // makes the memory that is kept
		const times = 10
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range times {
			again()
			r.EndTurn()
		}
		runtime.ReadMemStats(&after)
		// Comparing takes no memory. Allocation rounds up to an eighth.
		if copies := float64(after.TotalAlloc-before.TotalAlloc) / times / float64(len(text)); copies > 2.3 {
			t.Errorf("%s is copied %.1f times", name, copies)
		}
	}
}
