package filter

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/stream"
)

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "f")
	if err := os.WriteFile(file, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := func(filter string) string { return strings.ReplaceAll(filter, "FILE", file) }
	check(t, []flow{
		{"whole", at(`read('FILE')`), `S D"x" | E .`, `Data"0123456789" StreamEnd`, ""},
		{"path by function", at(`read(() => 'FILE')`), `.`, `Data"0123456789" StreamEnd`, ""},
		{"part", at(`read('FILE', {seek: 3, size: () => 4})`), `S`, `Data"3456" StreamEnd`, ""},
		{"past the end", at(`read('FILE', {seek: 100, size: 5})`), `S`, `StreamEnd`, ""},
		{"nothing", at(`read('FILE', {size: 0})`), `S`, ``, ""},
		{"negative", at(`read('FILE', {seek: () => -1})`), `S`, misuse("read", "options.seek expects a positive number"), ""},
		{"missing", at(`read('FILE/none')`), `S`, misuse("read", at("unable to open file for reading: FILE/none")), ""},
		{"directory", fmt.Sprintf(`read('%s')`, dir), `S`, `StreamEnd(ReadError)`, ""},
		{"nonsense", `read(() => 1)`, `S`, misuse("read", "path is not or did not return a string"), ""},
		{"throw", `read(() => { throw new Error('bad') })`, `S`, `StreamEnd(Error: bad)`, ""},
		{"no event", at(`read('FILE')`), `release`, ``, ""},
	})
	for src, want := range map[string]string{
		`read()`:                "requires 1 or more arguments",
		`read(1)`:               "argument #1 expects a string or a function",
		`read('x', {size: -1})`: "options.size expects a positive number",
	} {
		if got := filtertest.BuildError(t, "pipeline($ => $."+src+")"); got != want {
			t.Errorf("%s: got %q, want %q", src, got, want)
		}
	}
}

func TestReadLargeFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "f")
	content := strings.Repeat("0123456789abcdef", 20_000)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	rig := filtertest.New(t, fmt.Sprintf(`pipeline($ => $.read('%s'))`, file))
	run := rig.Start()
	var brake reactor.Brake
	run.OnOutput = func(e stream.Event) {
		if d, ok := e.(*stream.Data); ok && d.Size() > stream.ChunkSize {
			t.Errorf("chunk of %d bytes", d.Size())
		}
		brake.Engage(rig.Loop.CurrentTap())
	}
	run.FeedOnly(`S`)
	rig.Until("the first bytes", brake.Engaged)
	run.OnOutput = nil
	if n := len(run.Bytes()); n > pipeline.ReadSize {
		t.Errorf("read %d bytes under back-pressure", n)
	}
	rig.Loop.Turn(brake.Release)
	rig.Settle()
	if run.Bytes() != content {
		t.Errorf("got %d bytes of %d", len(run.Bytes()), len(content))
	}
}
