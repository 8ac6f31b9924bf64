package filter

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"weir/internal/filter/filtertest"
)

func TestExec(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("needs a Unix shell")
	}
	check(t, []flow{
		{"output", `exec('echo one "two  three"')`, `S`, `Data"one two  three\n" StreamEnd`, ""},
		{"array", `exec(['echo', 'a b', 'c'])`, `S`, `Data"a b c\n" StreamEnd`, ""},
		{"an argument ends at a NUL", `exec(['echo', 'a\0b', 'c\0'])`, `S`, `Data"a c\n" StreamEnd`, ""},
		{"function", `exec(() => 'echo x')`, `E`, `Data"x\n" StreamEnd`, ""},
		{"input", `exec(['sh', '-c', 'read a; read b; echo $a $b'])`, `S D"one\n" E | D"two\n"`, `Data"one two\n" StreamEnd`, ""},
		{"stderr is collected", `exec(['sh', '-c', 'echo e >&2; echo o; exit 3'], {onExit: (c, e) => { test.log(c, e); return [new MessageEnd, new StreamEnd] }})`,
			`S`, `Data"o\n" MessageEnd StreamEnd`, `3 Data"e\n"`},
		{"stderr is output", `exec(['sh', '-c', 'echo e >&2'], {stderr: true, onExit: (...a) => { test.log(a.length) }})`, `S`, `Data"e\n"`, "1"},
		{"environment", `exec(['/bin/sh', '-c', 'echo $A$HOME'], {env: () => ({A: 1})})`, `S`, `Data"1\n" StreamEnd`, ""},
		{"inherited environment", `exec(['sh', '-c', 'test -n "$PATH" && echo ok'], {env: {}})`, `S`, `Data"ok\n" StreamEnd`, ""},
		{"stream end kills", `exec(['sh', '-c', 'read x; sleep 1000'], {onExit: c => { test.log(c); return new StreamEnd }})`, `S | .`, `StreamEnd`, "0"},
		{"missing", `exec('no-such-command-here', {onExit: c => { test.log(c) }})`, `S D"x" | D"y"`, ``, "127"},
		{"missing with environment", `exec('no-such-command-here', {env: {A: 1}})`, `S`, `StreamEnd`, ""},
		{"nothing", `exec('  ')`, `S`, misuse("exec", "exec() with no arguments"), ""},
		{"nonsense", `exec(() => 5)`, `S`, misuse("exec", "command is not or did not return a string or an array"), ""},
		{"throw", `exec(() => { throw new Error('bad') })`, `S`, `StreamEnd(Error: bad)`, ""},
		{"bad environment", `exec('echo', {env: () => 5})`, `S`, misuse("exec", "options.env didn't return an object"), ""},
		{"bad onExit", `exec('true', {onExit: () => 5})`, `S`, misuse("exec", "onExit didn't return an event or Message or an array of those"), ""},
		{"onExit throws", `exec('true', {onExit: () => { throw new Error('bad') }})`, `S`, `StreamEnd(Error: bad)`, ""},
		{"onStart", `exec('true', {onStart: pid => { test.log(pid > 1) }})`, `S`, `StreamEnd`, "true"},
		{"released", `exec(['sleep', '1000'])`, `S | release`, ``, ""},
		{"dead reader", `exec(['sh', '-c', 'exec <&-; echo x'])`, `D"x" | D"y" | settle | D"z"`, `Data"x\n" StreamEnd`, ""},
	})
	for src, want := range map[string]string{
		`exec()`:                 "requires 1 or more arguments",
		`exec(1)`:                "argument #1 expects a string, an array or a function",
		`exec('x', {env: 1})`:    "options.env expects an object or a function",
		`exec('x', {onExit: 1})`: "options.onExit expects a function",
	} {
		if got := filtertest.BuildError(t, "pipeline($ => $."+src+")"); got != want {
			t.Errorf("%s: got %q, want %q", src, got, want)
		}
	}
}

func TestExecTerminal(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("pseudo terminals are made on Linux only")
	}
	rig := filtertest.New(t, `pipeline($ => $.exec(['sh', '-c', 'test -t 0 && test -t 2 && read x && echo got $x'], {pty: true}))`)
	run := rig.Start().Feed(`D"abc\n"`)
	if got := run.Bytes(); !strings.Contains(got, "got abc") {
		t.Errorf("printed %q", got)
	}
	if got := run.Out(); !strings.HasSuffix(got, " StreamEnd") {
		t.Errorf("no end: %s", got)
	}
}

func TestExecBackPressure(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("needs a Unix shell")
	}
	rig := filtertest.New(t, `pipeline($ => $.exec(['sh', '-c', 'read go; head -c 4194304 | wc -c']))`)
	run := rig.Start()
	piece := `D"` + strings.Repeat("x", 1<<20) + `"`
	for range 4 {
		run.FeedOnly(piece)
	}
	if !rig.Source.Paused() {
		t.Error("not paused with 4 MiB for a child that does not read")
	}
	run.FeedOnly(`D"\n` + strings.Repeat("x", 100) + `" | release`)
	if rig.Source.Paused() {
		t.Error("paused by a child that is gone")
	}
}

func TestSplitCommand(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		``:           nil,
		"  a\tb  c ": {"a", "b", "c"},
		`a "b c" d`:  {"a", "b c", "d"},
		`a\ b \"c\"`: {"a b", `"c"`},
		`"a"b`:       {"a", "b"},
		`a"b c"d`:    {"ab c", "d"},
		`""`:         {""},
		`"a\"b`:      {`a"b`},
		`a\`:         {`a\`},
	} {
		if got := splitCommand(in); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
