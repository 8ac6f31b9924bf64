package csv_test

import (
	"encoding/json"
	"strings"
	"testing"

	"weir/internal/api/csv"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

const prelude = "function fails(f) { try { f(); return 'no error' } catch (e) { return e.message } }; var j = JSON.stringify; "

func TestCSV(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{`j(CSV.parse('a,b\r\n1,"x ""y"", z"\r\n'))`, `[["a","b"],["1","x \"y\", z"]]`},
		{`j(CSV.parse('a\n\n"b\nc",,\n'))`, `[["a"],["b\nc","",""]]`},
		{`j(CSV.parse(''))`, `[]`},
		{`j(CSV.parse('\ufeffid,name\n1,x\n2\n', { header: true }))`, `[{"id":"1","name":"x"},{"id":"2"}]`},
		{`j(CSV.parse('1;x', { header: ['id', 'name'], delimiter: ';' }))`, `[{"id":"1","name":"x"}]`},
		{`j(CSV.parse('# c\n a\t b \n', { delimiter: '\t', comment: '#', trim: true }))`, `[["a","b"]]`},
		{`j(CSV.parse('a"b,c', { lazyQuotes: true }))`, `[["a\"b","c"]]`},
		{`j(CSV.decode(new Data('é,1')))`, `[["é","1"]]`},
		{`CSV.decode(null)`, `null`},
		{`CSV.stringify([['a', 1, null], ['x,y', 'q"q', undefined], ['', 'l\nl', true]])`, "a,1,\n\"x,y\",\"q\"\"q\",\n,\"l\nl\",true\n"},
		{`CSV.stringify([{ a: 1 }, { b: 2, a: 3 }])`, "a,b\n1,\n3,2\n"},
		{`CSV.stringify([{ a: 1, b: 2 }], { header: ['b', 'c'], delimiter: ';', eol: '\r\n' })`, "b;c\r\n2;\r\n"},
		{`CSV.stringify([{ a: 1 }], { header: false })`, "1\n"},
		{`CSV.stringify([[1]], { header: ['n'] })`, "n\n1\n"},
		{`CSV.stringify([[''], [null]])`, "\"\"\n\"\"\n"},
		{`CSV.encode([['a', 'b']]).toString()`, "a,b\n"},
		{`[() => CSV.parse(), () => CSV.parse(1), () => CSV.parse('x', 1), () => CSV.parse('a"b'), () => CSV.parse('"a'), () => CSV.parse('a,b\n1,2,3', { header: true }), () => CSV.parse('x', { delimiter: '::' }), () => CSV.parse('x', { delimiter: '' }), () => CSV.parse('x', { delimiter: '"' }), () => CSV.parse('x', { comment: ',' }), () => CSV.parse('x', { header: 1 }), () => CSV.stringify(), () => CSV.stringify([1]), () => CSV.stringify([], { eol: 'x' }), () => CSV.decode('x')].map(fails).join('|')`,
			"argument #1 expects a string|argument #1 expects a string|argument #2 expects an object|CSV: bare \" in non-quoted-field at line 1, column 2|CSV: extraneous or missing \" in quoted-field at line 1, column 3|CSV: line 2 has 3 values, but there are 2 columns|options.delimiter expects a character other than a quote or a line end|options.delimiter expects a character other than a quote or a line end|options.delimiter expects a character other than a quote or a line end|options.comment and options.delimiter are the same|options.header expects a boolean or an array|argument #1 expects an array|row 0 expects an array or an object|options.eol expects one of \n, \r\n|argument #1 expects an instance of pipy::Data"},
	} {
		if got := scripttest.Run(t, []*script.Namespace{event.Namespace, csv.Namespace}, prelude+c.src); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.src, got, c.want)
		}
	}
}

// The examples of RFC 4180 section 2: read, and written back the same but for quotes that are not needed.
func TestRFC4180(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, rows, again string }{
		{"aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n", `[["aaa","bbb","ccc"],["zzz","yyy","xxx"]]`, ""},
		{"aaa,bbb,ccc\r\nzzz,yyy,xxx", `[["aaa","bbb","ccc"],["zzz","yyy","xxx"]]`, "aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n"},
		{"field_name,field_name,field_name\r\naaa,bbb,ccc\r\nzzz,yyy,xxx\r\n", `[["field_name","field_name","field_name"],["aaa","bbb","ccc"],["zzz","yyy","xxx"]]`, ""},
		{"\"aaa\",\"bbb\",\"ccc\"\r\nzzz,yyy,xxx\r\n", `[["aaa","bbb","ccc"],["zzz","yyy","xxx"]]`, "aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n"},
		{"\"aaa\",\"b\r\nbb\",\"ccc\"\r\nzzz,yyy,xxx\r\n", `[["aaa","b\nbb","ccc"],["zzz","yyy","xxx"]]`, "aaa,\"b\r\nbb\",ccc\r\nzzz,yyy,xxx\r\n"},
		{"\"aaa\",\"b\"\"bb\",\"ccc\"\r\n", `[["aaa","b\"bb","ccc"]]`, "aaa,\"b\"\"bb\",ccc\r\n"},
		{"aaa, b b ,ccc\r\n", `[["aaa"," b b ","ccc"]]`, "aaa,\" b b \",ccc\r\n"},
	} {
		quoted, _ := json.Marshal(c.text)
		if c.again == "" {
			c.again = c.text
		}
		want, _ := json.Marshal([]string{c.rows, c.again})
		src := prelude + "var rows = CSV.parse(" + string(quoted) + "); j([j(rows), CSV.stringify(rows, { eol: '\\r\\n' })])"
		if got := scripttest.Run(t, []*script.Namespace{event.Namespace, csv.Namespace}, src); got != string(want) {
			t.Errorf("%q\ngot  %s\nwant %s", c.text, got, want)
		}
	}
}

// What is parsed and written gives the same rows when it is parsed again.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2", "\"x\"\"\n\",y", "\ufeff,", "a\rb", "\"\"", "é;#", "\"a\r\nb\"", "\"a\r\r\nb\nb\""} {
		f.Add(s)
	}
	r, _ := scripttest.New(f, event.Namespace, csv.Namespace)
	f.Fuzz(func(t *testing.T, text string) {
		defer r.EndTurn()
		text = strings.ToValidUTF8(text, "?")
		rows, err := csv.Parse(r, text, script.Undefined)
		if err != nil {
			return
		}
		out, err := csv.Stringify(r, rows, script.Undefined)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, err := csv.Parse(r, out, script.Undefined)
		if err != nil {
			t.Fatalf("%q, written as %q: %v", text, out, err)
		}
		if a, b := dump(r, rows), dump(r, again); a != b {
			t.Fatalf("%q gives %s, written as %q it gives %s", text, a, out, b)
		}
	})
}

// dump shows rows. Line ends in values are line feeds: of CR LF, and so of CR CR LF in two steps, only that is read.
func dump(r *script.Realm, v script.Value) string {
	var b strings.Builder
	for i := range r.Len(v) {
		row, _ := r.GetIndex(v, i)
		for k := range r.Len(row) {
			e, _ := r.GetIndex(row, k)
			s, _ := r.AsString(e)
			for strings.Contains(s, "\r\n") {
				s = strings.ReplaceAll(s, "\r\n", "\n")
			}
			b.WriteString(s + "\x00")
		}
		b.WriteString("\x01")
	}
	return b.String()
}
