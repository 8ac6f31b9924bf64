//go:build linux

package test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"weir/test/harness"
)

// weir runs as a library of a C program, twice in a row, and ends when it is told to.
func TestLibrary(t *testing.T) {
	t.Parallel()
	harness.Need(t, "gcc", "curl")
	dir := t.TempDir()
	command := func(env, name string, args ...string) {
		t.Helper()
		c := exec.Command(name, args...)
		c.Dir, c.Env = harness.Root(), append(os.Environ(), env)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	// Nobody uses what is built here, so the compiler need not optimize: that takes most of the time.
	command("CGO_ENABLED=1", "go", "build", "-tags", "capi", "-buildmode=c-shared", "-buildvcs=false", "-pgo=off", "-gcflags=all=-N -l", "-ldflags=-s -w",
		"-o", filepath.Join(dir, "libweir.so"), "./cmd/weir")
	program := filepath.Join(dir, "capi")
	command("", "gcc", "-o", program, "test/testdata/capi.c", "-pthread", "-L"+dir, "-lweir", "-Wl,-rpath,"+dir)

	port := harness.Port(t)
	c := exec.Command(program, "-e", fmt.Sprintf("pipy.listen(%d, $=>$.serveHTTP(() => new Message('served by a library')))", port))
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	t.Cleanup(func() { _ = c.Process.Kill() }) // it has ended, as a rule
	for i, line := range []string{"exit\n", "force\n"} {
		harness.Eventually(t, "the library to serve", func() bool {
			out, err := exec.Command("curl", "-s", "http://"+harness.Addr(port)).Output()
			return err == nil && string(out) == "served by a library"
		})
		if i == 1 { // a connection that would keep it
			conn := harness.Dial(t, port)
			conn.Send("GET / HTTP/1.1\r\n")
		}
		if _, err := io.WriteString(stdin, line); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-ended:
		if err != nil || stdout.String() != "pipy_main returned 0\npipy_main returned 0\n" {
			t.Errorf("%v, %q\n%s", err, &stdout, &stderr)
		}
	case <-time.After(harness.Patience):
		t.Error("the program does not end")
	}
}
