package filter

import (
	"strings"
	"testing"

	"weir/internal/event"
	"weir/internal/filter/filtertest"
	"weir/internal/stream"
)

// checkBuildErrors evaluates pipelines of one filter each, which cannot be built.
func checkBuildErrors(t *testing.T, cases map[string]string) {
	t.Helper()
	for src, want := range cases {
		if got := filtertest.BuildError(t, "pipeline($ => $."+src+")"); got != want {
			t.Errorf("%s:\n got %q\nwant %q", src, got, want)
		}
	}
}

// checkCuts feeds text whole and in pieces of several sizes: what comes out must be the same, except for how the bytes of
// a message are divided.
func checkCuts(t *testing.T, src, text string) {
	t.Helper()
	var want string
	for _, size := range []int{len(text), 1, 2, 3, 7, 100} {
		rig := filtertest.New(t, src)
		run := rig.Start()
		var b strings.Builder
		data := false
		run.OnOutput = func(e stream.Event) {
			if d, ok := e.(*stream.Data); ok {
				if !data {
					b.WriteString(" Data:")
				}
				b.WriteString(string(d.Bytes()))
				data = true
				return
			}
			data = false
			b.WriteString(" " + rig.Text(e))
		}
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			buf := []byte(rest[:n])
			run.Turn(stream.NewTransient(buf))
			for i := range buf {
				buf[i] = 0xDB
			}
			rest = rest[n:]
		}
		run.Turn(&stream.StreamEnd{})
		rig.Settle()
		if got := b.String(); want == "" {
			want = got
		} else if got != want {
			t.Errorf("%s in pieces of %d:\n got %.500s\nwant %.500s", src, size, got, want)
		}
	}
	if want == "" {
		t.Errorf("%s: no output", src)
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	check(t, []flow{
		{"parts", `split(',')`, `D"a,bc,d" .`,
			`MessageStart Data"a" MessageEnd MessageStart Data"bc" MessageEnd MessageStart Data"d" MessageEnd StreamEnd`, ""},
		{"separator at the end", `split(',')`, `D"a," .`, `MessageStart Data"a" MessageEnd MessageStart MessageEnd StreamEnd`, ""},
		{"empty parts", `split(',')`, `D",,a"`, `MessageStart MessageEnd MessageStart MessageEnd MessageStart Data"a"`, ""},
		{"inside messages", `split(',')`, `S{"a":1} D"x,y" E S D"z" E`,
			`MessageStart Data"x" MessageEnd MessageStart Data"y" MessageEnd MessageStart Data"z" MessageEnd`, ""},
		{"nothing", `split(',')`, `S E .`, `StreamEnd`, ""},
		{"only a kick", `split(',')`, `D"" .`, `StreamEnd`, ""},
		{"separator cut", `split('\r\n')`, `D"a\r" | D"\nb\r" | D"\r" | D"\n"`,
			`MessageStart Data"a" MessageEnd MessageStart Data"b" Data"\r" MessageEnd`, ""},
		{"half a separator at the end", `split('\r\n')`, `D"a\r" .`, `MessageStart Data"a" Data"\r" MessageEnd StreamEnd`, ""},
		{"overlap", `split('aab')`, `D"aaab" .`, `MessageStart Data"a" MessageEnd MessageStart MessageEnd StreamEnd`, ""},
		{"separator that is Data", `split(new Data([0]))`, `D"a\x00b"`, `MessageStart Data"a" MessageEnd MessageStart Data"b"`, ""},
		{"separator by function", `split(() => (test.log('asked'), ','))`, `D"a,b" E D"c"`,
			`MessageStart Data"a" MessageEnd MessageStart Data"b" MessageEnd MessageStart Data"c"`, "asked asked"},
		{"stream end", `split(',')`, `D"a" .(ReadError) D"b" .`,
			`MessageStart Data"a" MessageEnd StreamEnd(ReadError) MessageStart Data"b" MessageEnd StreamEnd`, ""},
		{"the input is emptied", `onStart(() => globalThis.d = new Data('a,b')).split(',').handleStreamEnd(() => test.log(globalThis.d.size))`, `.`,
			`MessageStart Data"a" MessageEnd MessageStart Data"b" MessageEnd StreamEnd`, "0"},
		{"nonsense", `split(() => 1)`, `D"a" D"b" E D"c"`,
			misuse("split", "separator is not or did not return a string or a Data") + " " +
				misuse("split", "separator is not or did not return a string or a Data"), ""},
		{"too long", `split(() => 'x'.repeat(1025))`, `D"a" .`, misuse("split", "separator over 1KB is not supported") + ` StreamEnd`, ""},
		{"throw", `split(() => { throw new Error('bad') })`, `D"a" D"b" .`, `StreamEnd(Error: bad) StreamEnd`, ""},
	})
	checkBuildErrors(t, map[string]string{
		`split()`:                  "requires 1 or more arguments",
		`split(1)`:                 "argument #1 expects a string, a Data or a function",
		`split('')`:                "separator is empty",
		`split('x'.repeat(1025))`:  "separator over 1KB is not supported",
		`split(new Data)`:          "separator is empty",
		`split('x'.repeat(1024))`:  "no error",
		`split(() => 1)`:           "no error",
		`split('a').split(null)`:   "argument #1 expects a string, a Data or a function",
		`split('a').split({a: 1})`: "argument #1 expects a string, a Data or a function",
	})
	checkCuts(t, `pipeline($ => $.split('aab'))`, "aab aaab aaaab aabaab a aa b")
	checkCuts(t, `pipeline($ => $.split('abcabd'))`, "abcabcabd,abcababcabd,abcabd")
	checkCuts(t, `pipeline($ => $.split('\r\n'))`, "\r\n\r\r\n\n\rGET\r\n"+strings.Repeat("x", 300)+"\r\n")
}

func TestDeframe(t *testing.T) {
	t.Parallel()
	const frames = `deframe({Len: b => ['Body', b, new Data], Body: d => [new MessageStart, d, new MessageEnd, 'Len']})`
	check(t, []flow{
		{"frames", frames, `D"\x02ab\x01c" .`, `MessageStart Data"ab" MessageEnd MessageStart Data"c" MessageEnd StreamEnd`, ""},
		{"cut", frames, `D"\x02" | D"a" | D"b\x01" | D"c"`, `MessageStart Data"ab" MessageEnd MessageStart Data"c" MessageEnd`, ""},
		{"markers", frames, `S D"\x01" E S D"a" E`, `MessageStart Data"a" MessageEnd`, ""},
		{"end of stream begins anew", frames, `D"\x05ab" . D"\x01c"`, `StreamEnd MessageStart Data"c" MessageEnd`, ""},
		{"bytes", `deframe({A: b => (test.log(b), 'B'), B: b => (test.log(b), 'A')})`, `D"\x01\xff" | D"\x00"`, ``, "1 255 0"},
		{"pass through", `deframe({A: b => ['B', b], B: x => (test.log(x), [new MessageEnd, 'A'])})`, `D"\x03ab" | D"c\x01d"`,
			`Data"ab" Data"c" MessageEnd Data"d" MessageEnd`, "-1 -1"},
		{"into an array", `deframe({A: b => ['B', 2, []], B: a => (test.log(a), 'A')})`, `D"x\x01\xff" | D"y\x02" | D"\x03"`, ``, "[1,255] [2,3]"},
		{"read after a read", `deframe({A: () => ['B', 1, new Data], B: d => ['C', 2, d], C: d => [d, 'A']})`, `D".abc.def"`, `Data"abc" Data"def"`, ""},
		{"values for states", `deframe({A: ['B', 2], B: 'C', C: [new MessageEnd, 'A']})`, `D"_ab__cd_"`, `Data"ab" MessageEnd Data"cd" MessageEnd`, ""},
		{"fractions", `deframe({A: ['A', 1.9]})`, `D"_ab"`, `Data"a" Data"b"`, ""},
		{"length of zero", `deframe({A: b => ['A', 0]})`, `D"ab" . D"c"`,
			misuse("deframe", "invalid reading length 0") + ` StreamEnd ` + misuse("deframe", "invalid reading length 0"), ""},
		{"negative length", `deframe({A: b => ['A', -1]})`, `D"a"`, misuse("deframe", "invalid reading length -1"), ""},
		{"no length", `deframe({A: b => ['A', 'x']})`, `D"a"`, misuse("deframe", "invalid reading length x"), ""},
		{"buffer", `deframe({A: b => ['A', 1, 'x']})`, `D"a"`, misuse("deframe", "invalid read buffer"), ""},
		{"state", `deframe({A: b => 'B'})`, `D"ab"`, misuse("deframe", "invalid state: B"), ""},
		{"nothing", `deframe({A: b => {}})`, `D"ab"`, misuse("deframe", "invalid state returned"), ""},
		{"events only", `deframe({A: b => [new MessageEnd]})`, `D"ab"`, `MessageEnd ` + misuse("deframe", "invalid state returned"), ""},
		{"message", `deframe({A: b => [new Message('x'), 'A']})`, `D"a"`, misuse("deframe", "invalid state returned"), ""},
		{"promise", `deframe({A: async b => 'A'})`, `D"a"`, misuse("deframe", "invalid state returned"), ""},
		{"throw", `deframe({A: b => { throw new Error('bad') }})`, `D"ab" . D"c"`, `StreamEnd(Error: bad) StreamEnd StreamEnd(Error: bad)`, ""},
		{"after failing", `deframe({A: b => b < 99 ? 'A' : 'B'})`, `D"abcd" . D"ab" .`, misuse("deframe", "invalid state: B") + ` StreamEnd StreamEnd`, ""},
		{"integer keys come first", `deframe({b: 'b', 1: x => (test.log('one'), '1')})`, `D"a"`, ``, "one"},
	})
	checkBuildErrors(t, map[string]string{
		`deframe()`:       "requires 1 or more arguments",
		`deframe(null)`:   "states cannot be null",
		`deframe(1)`:      "argument #1 expects an object",
		`deframe({})`:     "states cannot be empty",
		`deframe({A: 1})`: "state 'A' is not a function, a string or an array",
	})
	text := ""
	for n := range 60 {
		text += string(rune(n+1)) + strings.Repeat("x", n+1)
	}
	checkCuts(t, `pipeline($ => $.`+frames+`)`, text)
	checkCuts(t, `pipeline($ => $.deframe({A: b => ['B', b], B: [new MessageEnd, 'A']}))`, text)
}

func TestPack(t *testing.T) {
	t.Parallel()
	check(t, []flow{
		{"one by one", `pack()`, `S{"a":1} D"x" D"y" E{"b":2}`, `MessageStart{"a":1} Data"xy" MessageEnd{"b":2}`, ""},
		{"batches", `pack(2, {interval: 0})`, `S{"a":1} D"x" E{"b":1} S{"a":2} D"y" E{"b":2} S D"z" E .`,
			`MessageStart{"a":1} Data"xy" MessageEnd{"b":2} MessageStart Data"z" MessageEnd StreamEnd`, ""},
		{"the first at once", `pack(2)`, `S D"x" E S D"y" E S D"z" E`, `MessageStart Data"x" MessageEnd MessageStart Data"yz" MessageEnd`, ""},
		{"affixes", `pack(3, {interval: 0, prefix: '[', separator: ',', postfix: ']'})`, `S D"1" E S E S D"3" E`,
			`MessageStart Data"[1,,3]" MessageEnd`, ""},
		{"empty", `pack(2, {interval: 0})`, `S E S E`, `MessageStart MessageEnd`, ""},
		{"outside and incomplete", `pack(2, {interval: 0})`, `D"o" E S D"x" E D"o" S D"y" . S D"z" E .`,
			`MessageStart Data"x" MessageEnd StreamEnd MessageStart Data"z" MessageEnd StreamEnd`, ""},
		{"nested start", `pack(1)`, `S{"a":1} D"x" S{"a":2} D"y" E`, `MessageStart{"a":1} Data"xy" MessageEnd`, ""},
		{"bytes of several turns", `pack(2, {interval: 0})`, `S D"a" | D"b" E | S D"c" | E`, `MessageStart Data"abc" MessageEnd`, ""},
		{"timeout", `pack(5, {interval: 0, timeout: 0.02})`, `S{"a":1} D"x" E{"b":1} S D"y" E S D"no" | settle | E .`,
			`MessageStart{"a":1} Data"xy" MessageEnd MessageStart Data"no" MessageEnd StreamEnd`, ""},
		{"released", `pack(5, {interval: 0})`, `S D"x" E | release`, ``, ""},
		{"stream end", `pack(5)`, `.(ReadError)`, `StreamEnd(ReadError)`, ""},
	})
	checkBuildErrors(t, map[string]string{
		`pack('x')`:               "argument #1 expects a number",
		`pack(1, {timeout: {}})`:  "options.timeout expects a number",
		`pack(1, {prefix: 1})`:    "options.prefix expects a string",
		`pack(1, {vacancy: 'x'})`: "options.vacancy expects a number",
		`pack(1, 2)`:              "argument #2 expects an object",
	})
}

// What a stranger sends must not get the machine into a state it does not know.
func FuzzDeframe(f *testing.F) {
	f.Add([]byte("\x02ab\x01c"), uint8(3))
	f.Fuzz(func(t *testing.T, text []byte, size uint8) {
		if len(text) == 0 || len(text) > 2000 {
			return
		}
		checkCuts(t, `pipeline($ => $.deframe({
			A: b => b & 1 ? ['B', b & 15 || 3, new Data] : b & 2 ? ['C', b >> 4 || 1] : b & 4 ? ['D', b >> 3 || 1, []] : 'E',
			B: d => [new MessageStart, d, new MessageEnd, 'A'],
			C: [new MessageEnd, 'A'],
			D: a => a.length > 9 ? ['B', a.length, new Data(a)] : [new Data(a), 'A'],
			E: b => b & 128 ? 'none' : b & 64 ? ['A', 0] : [new Data([b]), 'A'],
		}))`, string(text))
	})
}

func FuzzSplit(f *testing.F) {
	f.Add("abcabcabd", "abcabd")
	f.Add("\r\n\r\r\n", "\r\n")
	f.Fuzz(func(t *testing.T, text, separator string) {
		if text == "" || separator == "" || len(separator) > 100 || len(text) > 2000 {
			return
		}
		rig := filtertest.Empty(t)
		rig.Loop.Turn(func() {
			rig.Realm.Set(rig.Realm.Global(), "separator", event.NewData(rig.Realm, stream.NewString(separator)))
		})
		if err := rig.Load(`pipeline($ => $.split(separator))`); err != nil {
			t.Fatal(err)
		}
		run := rig.Start()
		var parts []string
		part := ""
		run.OnOutput = func(e stream.Event) {
			switch e := e.(type) {
			case *stream.MessageStart:
				part = ""
			case *stream.Data:
				part += string(e.Bytes())
			case *stream.MessageEnd:
				parts = append(parts, part)
			}
		}
		for i := range len(text) {
			run.Turn(stream.NewData([]byte{text[i]}))
		}
		run.Turn(&stream.StreamEnd{})
		if want := strings.Split(text, separator); strings.Join(parts, "\x00|") != strings.Join(want, "\x00|") {
			t.Errorf("%q by %q: got %q, want %q", text, separator, parts, want)
		}
	})
}
