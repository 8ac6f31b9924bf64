package filter

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/stream"
)

// content returns what is in a file, "none" if it is not there.
func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return "none"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTee(t *testing.T) {
	t.Parallel()
	const all = `S{"a":1} D"one" D"" | D" two" E .(ReadError)`
	const same = `MessageStart{"a":1} Data"one" Data"" Data" two" MessageEnd StreamEnd(ReadError)`
	for _, c := range []struct{ name, args, in, out, before, want string }{
		{"new", `'FILE'`, all, same, "", "one two"},
		{"truncated", `'FILE'`, all, same, "old ", "one two"},
		{"appended", `'FILE', {append: true}`, all, same, "old ", "old one two"},
		{"path by function", `() => (test.log('asked'), 'FILE')`, all, same, "", "one two"},
		{"several streams", `'FILE'`, `D"a" . D"b" | . D"c" | settle | release`, `Data"a" StreamEnd Data"b" StreamEnd Data"c"`, "old", "abc"},
		{"no bytes", `'FILE'`, `S D"" E .`, `MessageStart Data"" MessageEnd StreamEnd`, "old", "old"},
		{"released", `'FILE'`, `D"x" | release`, `Data"x"`, "old", "x"},
		{"shared", `'FILE', {shared: true}`, all, same, "old ", "one two"},
		{"shared and appended", `'FILE', {shared: true, append: true}`, all, same, "old ", "old one two"},
		{"folders are made", `'FILE/a/b/c', {append: true}`, `D"x"`, `Data"x"`, "", "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "f")
			if c.before != "" {
				if err := os.WriteFile(file, []byte(c.before), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			rig := filtertest.New(t, `pipeline($ => $.tee(`+strings.ReplaceAll(c.args, "FILE", file)+`))`)
			if got := rig.Start().Feed(c.in).Out(); got != c.out {
				t.Errorf("got %s, want %s", got, c.out)
			}
			rig.Settle()
			if notes := rig.Notes(); notes != "" && notes != "asked" {
				t.Errorf("the path was asked for again: %s", notes)
			}
			if strings.HasSuffix(c.args, "/a/b/c', {append: true}") {
				if got := content(t, file+"/a/b/c"); got != "x" {
					t.Errorf("got %q", got)
				}
				return
			}
			if got := content(t, file); got != c.want {
				t.Errorf("the file has %q, want %q", got, c.want)
			}
		})
	}
	check(t, []flow{
		{"throw", `tee(() => { throw new Error('bad') })`, `D"x" D"y" .`, `StreamEnd(Error: bad) Data"y" StreamEnd`, ""},
		{"nonsense", `tee(() => 5)`, `D"x" D"y"`, misuse("tee", "path is not or did not return a string") + ` Data"y"`, ""},
		{"not opened without bytes", `tee(() => test.log('no'))`, `S E .`, `MessageStart MessageEnd StreamEnd`, ""},
	})
	checkBuildErrors(t, map[string]string{
		`tee()`:                          "requires 1 or more arguments",
		`tee(5)`:                         "argument #1 expects a string or a function",
		`tee('x', {append: 5})`:          "options.append expects a boolean",
		`tee('x', {maxFileSize: {}})`:    "options.maxFileSize expects a finite number",
		`tee('x', {rotateInterval: []})`: "options.rotateInterval expects a number",
	})
}

func TestTeeFailureIsLogged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rig := filtertest.New(t, fmt.Sprintf(`pipeline($ => $.tee('%s'))`, dir))
	if got := rig.Start().Feed(`D"x" | D"y" | settle | D"z" .`).Out(); got != `Data"x" Data"y" Data"z" StreamEnd` {
		t.Errorf("got %s", got)
	}
	rig.Settle()
	if log := rig.LogText(); strings.Count(log, "[tee] cannot write to "+dir) != 1 {
		t.Errorf("log: %s", log)
	}
}

// Several threads write to one file, which is put aside when it is full.
func TestTeeShared(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "log")
	const threads, lines = 4, 100
	var wg sync.WaitGroup
	for n := range threads {
		wg.Go(func() {
			rig := filtertest.New(t, fmt.Sprintf(`pipeline($ => $.tee('%s', {shared: true, maxFileSize: 1000}))`, file))
			for i := range lines {
				run := rig.Start()
				run.Turn(stream.NewString(fmt.Sprintf("thread %d line %02d\n", n, i)))
				run.Release()
			}
			rig.Settle()
		})
	}
	wg.Wait()
	names, err := filepath.Glob(file + "*")
	aside, err2 := filepath.Glob(filepath.Join(dir, "*-log"))
	if err != nil || err2 != nil || len(names) != 1 {
		t.Fatal(names, err, err2)
	}
	seen := map[string]int{}
	for _, name := range append(aside, file) {
		text := content(t, name)
		if len(text) > 1000 {
			t.Errorf("%s has %d bytes", name, len(text))
		}
		for line := range strings.Lines(text) {
			seen[line]++
		}
	}
	if len(seen) != threads*lines {
		t.Errorf("%d lines of %d in %d files", len(seen), threads*lines, len(aside)+1)
	}
	for line, n := range seen {
		if n != 1 || len(line) != len("thread 0 line 00\n") {
			t.Errorf("%d times %q", n, line)
		}
	}
}

// A file that takes its time stops the source.
func TestTeeBackPressure(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `pipeline($ => $)`)
	gate := make(chan struct{})
	sink := &fileSink{loop: rig.Loop, writer: &fileWriter{users: 1, closed: func(error) {}, failed: func(error) {}}}
	sink.writer.open = func() (io.WriteCloser, error) { return slowFile{gate}, nil }
	rig.Loop.TurnFrom(rig.Source, func() { sink.write(stream.NewData(make([]byte, maxInput))) })
	if rig.Source.Paused() {
		t.Error("stopped too early")
	}
	rig.Loop.TurnFrom(rig.Source, func() { sink.write(stream.NewString("x")) })
	if !rig.Source.Paused() {
		t.Error("not stopped")
	}
	close(gate)
	rig.Settle()
	if rig.Source.Paused() || sink.queued != 0 {
		t.Errorf("still stopped, %d bytes queued", sink.queued)
	}
	sink.close()
}

type slowFile struct{ gate chan struct{} }

func (s slowFile) Write(b []byte) (int, error) { <-s.gate; return len(b), nil }
func (s slowFile) Close() error                { return nil }

func TestDepositMessage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, options, in, out, want string }{
		{"whole", `{}`, `S{"a":1} D"one" | D"" D" two" E{"b":2} .`, `MessageStart{"a":1} Data"one two" MessageEnd{"b":2} StreamEnd`, "none"},
		{"kept", `{keep: true}`, `S D"one" D" two" E`, `MessageStart Data"one two" MessageEnd`, "one two"},
		{"threshold", `{threshold: 4, keep: true}`, `S D"one" D" two" | D" three" D" four" E`,
			`MessageStart Data"one" Data" two" Data" three four" MessageEnd`, "one two three four"},
		{"below the threshold", `{threshold: '1k', keep: true}`, `S D"one" E .`, `MessageStart Data"one" MessageEnd StreamEnd`, "none"},
		{"no body", `{keep: true}`, `S E S{"a":1} E`, `MessageStart MessageEnd MessageStart{"a":1} MessageEnd`, "none"},
		{"outside", `{}`, `D"x" E S D"y" E D"z" .(ReadError)`, `MessageStart Data"y" MessageEnd StreamEnd(ReadError)`, "none"},
		{"stream end inside", `{}`, `S D"x" .(ReadError)`, `MessageStart Data"x" StreamEnd(ReadError)`, "none"},
		{"several messages", `{}`, `S D"a" E S D"b" E | S D"c" E .`,
			`MessageStart Data"a" MessageEnd MessageStart Data"b" MessageEnd MessageStart Data"c" MessageEnd StreamEnd`, "none"},
		{"several messages kept", `{keep: true}`, `S D"a" E S D"b" E`, `MessageStart Data"a" MessageEnd MessageStart Data"b" MessageEnd`, "b"},
		{"released", `{}`, `S D"x" | release`, `MessageStart`, "none"},
		{"released at the end", `{}`, `S D"x" E | release`, `MessageStart`, "none"},
		{"nested start", `{}`, `S{"a":1} D"x" S{"a":2} E`, `MessageStart{"a":1} Data"x" MessageEnd`, "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "f")
			rig := filtertest.New(t, fmt.Sprintf(`pipeline($ => $.depositMessage(() => '%s', %s))`, file, c.options))
			run := rig.Start().Feed(c.in)
			rig.Settle()
			if got := run.Out(); got != c.out && !(strings.HasPrefix(c.name, "released") && strings.HasPrefix(got, c.out)) {
				t.Errorf("got %s, want %s\nlog: %s", got, c.out, rig.LogText())
			}
			if got := content(t, file); got != c.want {
				t.Errorf("the file has %q, want %q", got, c.want)
			}
		})
	}
	dir := t.TempDir()
	check(t, []flow{
		{"throw", `depositMessage(() => { throw new Error('bad') })`, `S D"x" D"y" E S E .`,
			`MessageStart StreamEnd(Error: bad) MessageStart MessageEnd StreamEnd`, ""},
		{"nonsense", `depositMessage(() => 5)`, `S D"x" E .`,
			`MessageStart ` + misuse("depositMessage", "path is not or did not return the name of a file") + ` StreamEnd`, ""},
		{"a folder", fmt.Sprintf(`depositMessage('%s')`, dir), `S D"x" E .`,
			`MessageStart ` + misuse("depositMessage", fmt.Sprintf("cannot deposit the message in %s: open %s: is a directory", dir, dir)) + ` StreamEnd`, ""},
	})
	checkBuildErrors(t, map[string]string{
		`depositMessage()`:                      "requires 1 or more arguments",
		`depositMessage(5)`:                     "argument #1 expects a string or a function",
		`depositMessage('x', {threshold: 'x'})`: "options.threshold expects a positive number",
		`depositMessage('x', {keep: 1})`:        "options.keep expects a boolean",
	})
	file := filepath.Join(dir, "cuts")
	checkCuts(t, fmt.Sprintf(`pipeline($ => $.insert(new MessageStart).depositMessage('%s', {threshold: 50}))`, file), strings.Repeat("0123456789", 100))
}
