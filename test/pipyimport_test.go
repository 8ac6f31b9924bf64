//go:build linux

package test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// makeLevelDB writes keys as LevelDB's own library does, and keeps the database open until it is killed.
const makeLevelDB = `
import json, sys, time, plyvel
db = plyvel.DB(sys.argv[1], create_if_missing=True)
keys = sorted(json.load(open(sys.argv[2])).items())
for i, (key, value) in enumerate(keys):
    db.put(key.encode(), value.encode())
    if i == len(keys) // 2:
        db.compact_range()
print('the database is there', file=sys.stderr, flush=True)
time.sleep(3600)
`

// The store of an old repo, once that has ended, becomes one of weir, and instances run what is in it.
func TestRepoImport(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	main := serving(ports[1], "from the old repo") + strings.Repeat("\n// to be compressed", 2000)
	keys, err := json.Marshal(map[string]string{
		"codebases/tree//team/edge": "c1", "codebases/c1": "base=\nmain=/main.js\npath=/team/edge\nversion=41\n",
		"codebases/c1/files//main.js": "f1", "files/f1": main, "codebases/c1/edit//note.txt": "f2", "files/f2": "not committed",
		"files/tree//team/edge/": "id=f3\nversion=41\n", "files/f3": "/main.js",
		"files/tree//team/edge/_etags": "id=f4\nversion=\n", "files/f4": "/main.js#41\n",
		"files/tree//team/edge/main.js": "id=f1\nversion=41\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	old, list, store := filepath.Join(dir, "old"), filepath.Join(dir, "keys.json"), t.TempDir()
	harness.WriteFile(t, list, string(keys))
	writer := harness.StartPeer(t, proc.Command{Name: "/usr/bin/python3", Args: []string{"-c", makeLevelDB, old, list}})
	if err := writer.Await("the database is there", harness.Patience); err != nil {
		t.Fatal(err)
	}
	expect := func(code int, stdout, stderr string, args ...string) {
		t.Helper()
		if r := weir(t, args...); r.Code != code || r.Stdout != stdout || r.Stderr != stderr {
			t.Errorf("weir %q: %d %q %q, want %d %q %q", args, r.Code, r.Stdout, r.Stderr, code, stdout, stderr)
		}
	}
	expect(255, "", "another process uses the store in "+old+": stop it, or import a copy of the directory\n", "repo", "import", old, "--store="+store)
	if err := writer.Stop(syscall.SIGKILL, harness.Patience); err != nil {
		t.Fatal(err)
	}
	expect(0, "/team/edge: version 41, 1 files, 1 uncommitted changes\n", "", "repo", "import", old, "--store="+store)
	expect(0, "/team/edge is there already, and stays as it is\n", "", "repo", "import", old, "--store="+store)
	expect(255, "", "cannot open the store "+old+": it holds a LevelDB database of Pipy; copy its codebases into another directory with weir repo import "+
		old+" --store=DIR\n", "repo", old)

	harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", ports[0]), store}, Listen: ports[:1]})
	if got := adminCurl(t, ports[0], "/api/v1/repo/team/edge"); !strings.Contains(got, `"version":"41"`) || !strings.Contains(got, `"editFiles":["/note.txt"]`) {
		t.Errorf("the codebase: %s", got)
	}
	harness.Start(t, harness.Config{Flags: []string{"--no-cache", "http://" + harness.Addr(ports[0]) + "/repo/team/edge/"}, Listen: ports[1:]})
	if got := harness.Curl(t, "http://"+harness.Addr(ports[1])); got != "from the old repo" {
		t.Errorf("the instance answers %q", got)
	}
}
