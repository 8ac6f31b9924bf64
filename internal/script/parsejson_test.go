package script_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"weir/internal/script"
	"weir/internal/script/scripttest"
)

// parsed are texts and whether ParseJSON takes them. Of those that it leaves to the engine some are JSON.
var parsed = []struct {
	text string
	fast bool
}{
	{`null`, true}, {` true `, true}, {`false`, true}, {`nul`, false}, {`nulll`, false}, {``, false}, {` `, false}, {`undefined`, false}, {`NaN`, false},
	{`0`, true}, {`-0`, true}, {`00`, false}, {`01`, false}, {`-`, false}, {`+1`, false}, {`.5`, false}, {`1.`, false}, {`1.5`, true}, {`-1.5e3`, true}, {`1e`, false},
	{`1E+2`, true}, {`1e400`, true}, {`-1e400`, true}, {`1e-400`, true}, {`123456789`, true}, {`999999999`, true}, {`2147483647`, true}, {`2147483648`, true}, {`-2147483648`, true},
	{`12345678901234567890`, true}, {`0x10`, false}, {`1_000`, false}, {`1 2`, false}, {`5e-324`, true},
	{`""`, true}, {`"abc"`, true}, {`"abc`, false}, {"\"a\nb\"", false}, {"\"a\x7fb\"", true}, {`"é中😀"`, true}, {`"a\"b\\c\/d\b\f\n\r\t"`, true},
	{`"\u0041\u00e9\u4e2D\uD83D\uDE00"`, true}, {`"\u0000"`, true}, {`"\ud800"`, false}, {`"\ude00\ud83d"`, false}, {`"\ud83dx"`, false}, {`"\u12"`, false},
	{`"\u12G4"`, false}, {`"\x41"`, false}, {`"\`, false}, {`"\"`, false}, {"\"\ufffd\"", true}, {`'a'`, false},
	{`[]`, true}, {`[ ]`, true}, {`[1]`, true}, {`[1,]`, false}, {`[,1]`, false}, {`[1 2]`, false}, {`[1`, false}, {`[`, false}, {`]`, false}, {`[[],[[]],{}]`, true},
	{`{}`, true}, {`{ }`, true}, {`{"a":1}`, true}, {` { "a" : 1 , "b" : [ ] } `, true}, {`{"a":1,}`, false}, {`{"a"}`, false}, {`{"a":}`, false}, {`{a:1}`, false}, {`{"a":1 "b":2}`, false},
	{`{"a":1,"a":2}`, true}, {`{"a":1,"b":2,"a":{"a":1,"a":3},"c":4}`, true}, {`{"b":1,"2":2,"a":3,"1":4}`, true}, {`{"__proto__":{"x":1},"y":2}`, true},
	{`{"":1}`, true}, {`{"é":1,"中":2,"\u0061\n":3}`, true}, {`{"constructor":1,"toString":2,"hasOwnProperty":3,"length":4}`, true}, {`{"toJSON":1}`, true},
	{`[{"a":1,"b":"x"},{"a":2,"b":"y"},{"a":3},{"b":4,"a":5},{"a":{"a":{"a":null}}}]`, true}, {"\ufeff1", false}, {"\u00a01", false}, {"\x0b1", false}, {"1\x00", false},
	{strings.Repeat("[", 150) + strings.Repeat("]", 150), true}, {strings.Repeat("[", 500) + strings.Repeat("]", 500), false},
	{strings.Repeat(`{"a":`, 150) + "1" + strings.Repeat("}", 150), true}, {`{"` + strings.Repeat("n", 100) + `":1,"b":{"` + strings.Repeat("m", 70) + `":2,"c":3}}`, true},
	{wide(300), true},
}

// wide is an object of n properties.
func wide(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"k%d":%d`, i, i)
	}
	return "{" + strings.Join(list, ",") + "}"
}

// jsonRealm has a function that parses as the engine does, and shows the value by what is in it, types included; and one that shows.
func jsonRealm(t testing.TB) (r *script.Realm, native, show *script.Ref) {
	r, _ = scripttest.New(t)
	result, err := r.Run("main.js", `
		var show = v => Array.isArray(v) ? 'A' + v.length + '[' + Object.keys(v).map(k => k + show(v[k])) + ']' :
			v && typeof v === 'object' ? (Object.getPrototypeOf(v) === Object.prototype ? 'O' : '?') + '{' + Object.getOwnPropertyNames(v).map(k =>
				JSON.stringify(k) + JSON.stringify(Object.getOwnPropertyDescriptor(v, k), (n, x) => n === 'value' ? 0 : x) + show(Object.getOwnPropertyDescriptor(v, k).value)) + '}' :
			typeof v + (Object.is(v, -0) ? '-0' : typeof v === 'string' ? JSON.stringify(v) : String(v));
		[s => { try { return show(JSON.parse(s)) } catch (e) { return 'error' } }, v => { var s = show(v); v && typeof v === 'object' && (v.added = 1, delete v.added); return s + show(v) }]`)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := r.ElementsInPlace(result.Value)
	return r, r.Hold(list[0]), r.Hold(list[1])
}

// checkParse compares ParseJSON with the engine's JSON.parse and returns whether it took the text.
func checkParse(t testing.TB, r *script.Realm, native, show *script.Ref, text string) bool {
	end := r.Scope()
	defer end()
	ask := func(f *script.Ref, v script.Value) string {
		s, err := r.Call(f.Value(), v)
		if err != nil {
			t.Fatalf("%.200q: %v", text, err)
		}
		out, _ := r.AsString(s)
		return out
	}
	v, ok := r.ParseJSON([]byte(text))
	w, okString := r.ParseJSONString(r.String(text))
	// In a string U+FFFD may be what was no character, so the engine parses that.
	if ok != okString && !strings.Contains(text, "\ufffd") {
		t.Errorf("%.200q: as bytes %v, as a string %v", text, ok, okString)
	}
	want := ask(native, r.String(text))
	check := func(x script.Value, ok bool) {
		if got := ask(show, x); ok && got != want+want {
			t.Errorf("%.200q:\ngot  %.300q\nwant %.300q", text, got, want)
		}
	}
	check(v, ok)
	check(w, okString)
	return ok
}

// What ParseJSON makes is what JSON.parse makes.
func TestParseJSON(t *testing.T) {
	t.Parallel()
	r, native, show := jsonRealm(t)
	for range 2 { // with shapes to be found, and found
		for _, c := range parsed {
			if ok := checkParse(t, r, native, show, c.text); ok != c.fast {
				t.Errorf("%.200q: ok is %v", c.text, ok)
			}
		}
	}
}

// Names that are data do not fill the memory, and what is parsed afterwards is right.
func TestParseJSONManyNames(t *testing.T) {
	t.Parallel()
	r, native, show := jsonRealm(t)
	script.KeepShapes(r, 20)
	for i := range 10 {
		var list []string
		for j := range 10 {
			list = append(list, fmt.Sprintf(`{"id%d":{"a":%d,"b":[{"name%d":"x"}]},"b":1}`, i*10+j, j, i))
		}
		checkParse(t, r, native, show, "["+strings.Join(list, ",")+"]")
		r.EndTurn()
	}
	checkParse(t, r, native, show, `[{"a":1,"b":2},{"a":3,"b":4}]`)
}

func FuzzParseJSON(f *testing.F) {
	for _, c := range parsed {
		f.Add(c.text)
	}
	r, native, show := jsonRealm(f)
	f.Fuzz(func(t *testing.T, text string) {
		if utf8.ValidString(text) && len(text) < 1<<12 {
			checkParse(t, r, native, show, text)
		}
		r.EndTurn()
	})
}
