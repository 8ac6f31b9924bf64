//go:build linux

// Package harness runs weir, its peers and its clients in end-to-end tests: on free ports, with time limits on
// everything, waiting for conditions instead of sleeping, and leaving no process behind.
package harness

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/test/harness/proc"
)

// Patience is how long anything that ought to happen soon may take on a busy machine.
const Patience = 30 * time.Second

// Config says what to run. Exactly one of Script, Files, Path and Flags has to name the program.
type Config struct {
	Script string            // text of the program, stored as main.js
	Files  map[string]string // or the files of a codebase: relative name → text
	Main   string            // entry of Files, "main.js" if empty
	Path   string            // or an existing file, which is run where it is
	Flags  []string          // options of weir; with the program itself in it (-e CODE) leave the fields above empty
	Args   []string          // script arguments: pipy.argv[1] and following
	Listen []int             // ports to wait for, of any protocol, before Start returns
	Dir    string            // working directory; the folder of the program if empty
	Env    []string          // variables added to the environment
	CPUs   []int             // CPUs to run on, nil for all
	Binary string            // program to run instead of weir
}

// Weir is a running instance.
type Weir struct {
	*proc.Process
	Dir string // folder of the program's files; tests change files here to cause a reload

	t       testing.TB
	stopped bool
}

// Start runs weir and waits until it listens on cfg.Listen. An exit before that fails the test with everything
// weir wrote. At the end of the test weir is ended if it still runs, its output is shown if the test failed,
// and a Go crash or data race in it fails the test.
func Start(t testing.TB, cfg Config) *Weir {
	t.Helper()
	w := Spawn(t, cfg)
	for _, port := range cfg.Listen {
		if err := w.Await(fmt.Sprintf(" port %d at ", port), Patience); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// Spawn is Start without waiting: for programs that listen on nothing or are expected to fail.
func Spawn(t testing.TB, cfg Config) *Weir {
	t.Helper()
	if cfg.Binary == "" {
		cfg.Binary = Binary(t)
	}
	w := &Weir{t: t}
	args := slices.Clone(cfg.Flags)
	switch {
	case cfg.Path != "":
		path, err := filepath.Abs(cfg.Path)
		if err != nil {
			t.Fatal(err)
		}
		w.Dir = filepath.Dir(path)
		args = append(args, path)
	case cfg.Script != "" || cfg.Files != nil:
		files := maps.Clone(cfg.Files)
		if files == nil {
			files = map[string]string{"main.js": cfg.Script}
		}
		if cfg.Main == "" {
			cfg.Main = "main.js"
		}
		w.Dir = t.TempDir()
		for name, text := range files {
			WriteFile(t, filepath.Join(w.Dir, name), text)
		}
		args = append(args, filepath.Join(w.Dir, cfg.Main))
	}
	if len(cfg.Args) > 0 {
		args = append(append(args, "--args"), cfg.Args...)
	}
	if cfg.Dir == "" {
		cfg.Dir = w.Dir
	}
	p, err := proc.Start(proc.Command{Name: cfg.Binary, Args: args, Dir: cfg.Dir, Env: cfg.Env, CPUs: cfg.CPUs})
	if err != nil {
		t.Fatal(err)
	}
	w.Process = p
	t.Cleanup(w.cleanup)
	return w
}

// Stop asks weir to drain with SIGINT, waits for its end and returns the exit code.
// Not ending fails the test.
func (w *Weir) Stop() int {
	w.t.Helper()
	w.stopped = true
	if err := w.Process.Stop(syscall.SIGINT, Patience); err != nil {
		w.t.Fatal(err)
	}
	return w.ExitCode()
}

// WaitExit waits until weir ends by itself and returns the exit code.
func (w *Weir) WaitExit() int {
	w.t.Helper()
	if err := w.Wait(Patience); err != nil {
		w.t.Fatal(err)
	}
	return w.ExitCode()
}

// WaitLog waits until the text appears on weir's standard error.
func (w *Weir) WaitLog(text string) {
	w.t.Helper()
	if err := w.Await(text, Patience); err != nil {
		w.t.Fatal(err)
	}
}

// Running reports whether weir has not ended.
func (w *Weir) Running() bool {
	select {
	case <-w.Exited():
		return false
	default:
		return true
	}
}

func (w *Weir) cleanup() {
	// Connections a test left open make a single SIGINT wait for them; the second one forces. Signals of one kind
	// that meet in a busy process become one, hence more of them.
	for deadline := time.Now().Add(Patience); w.Running() && !w.stopped; {
		if time.Now().After(deadline) {
			w.t.Errorf("weir survived repeated SIGINT for %v", Patience)
			_ = w.Process.Stop(syscall.SIGKILL, Patience)
			break
		}
		_ = w.Signal(syscall.SIGINT)
		_ = w.Wait(200 * time.Millisecond)
	}
	stderr := w.Stderr.String()
	for _, sign := range []string{"panic: ", "fatal error: ", "WARNING: DATA RACE"} {
		if strings.Contains(stderr, sign) {
			w.t.Errorf("weir crashed or raced: %q on standard error", sign)
		}
	}
	if w.t.Failed() {
		w.t.Logf("weir's stdout:\n%s\nweir's stderr:\n%s", w.Stdout.String(), stderr)
	}
}

// Port reserves a free port until the end of the test.
func Port(t testing.TB) int {
	t.Helper()
	port, release, err := proc.ReservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return port
}

// Ports reserves n free ports until the end of the test.
func Ports(t testing.TB, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		ports[i] = Port(t)
	}
	return ports
}

// Addr returns "127.0.0.1:port".
func Addr(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

// WriteFile stores text at path, making the folders it needs.
func WriteFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Eventually waits until condition holds; what says what was waited for.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", Patience, what)
		}
	}
}
