//go:build linux

package harness

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Root returns the top folder of the repository, that with go.mod.
func Root() string { return root }

// root is found when the test binary starts, in the folder of its package; a test may change folders later.
var root = func() string {
	start, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			panic("harness: no go.mod in " + start + " or above")
		}
	}
}()

// Binary returns the path of the weir binary, built from ./cmd/weir at the first call of a test run.
//
// WEIR_BINARY names a binary to use instead. With WEIR_RACE=1 and in a test binary that is itself built with
// -race, weir is built with the race detector too; script code is then about 60 times slower.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("WEIR_BINARY"); path != "" {
		return filepath.Abs(path)
	}
	return buildProgram("./cmd/weir", raceEnabled && os.Getenv("WEIR_RACE") == "1")
})

// buildProgram builds a main package into a folder of the temporary directory that belongs to this checkout.
// The finished file is renamed into place, so test packages may build at the same time and a running
// program keeps its file.
func buildProgram(pkg string, race bool) (string, error) {
	checkout := fnv.New64a()
	_, _ = checkout.Write([]byte(root))
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("weir-test-%d-%x", os.Getuid(), checkout.Sum64()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("build %s: %w", pkg, err)
	}
	name := filepath.Base(pkg)
	args, cgo := []string{"build"}, "CGO_ENABLED=0"
	if race {
		// The race detector's run-time library is linked through cgo.
		args, cgo, name = append(args, "-race"), "CGO_ENABLED=1", name+"-race"
	}
	fresh := filepath.Join(dir, name+"."+strconv.Itoa(os.Getpid()))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append(args, "-o", fresh, pkg)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	path := filepath.Join(dir, name)
	if err := os.Rename(fresh, path); err != nil {
		return "", fmt.Errorf("build %s: %w", pkg, err)
	}
	return path, nil
}
