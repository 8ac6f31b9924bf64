package repo

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/util"
)

// pipyFixture has the keys of a store of Pipy with a codebase, one derived from it, one below its path, a new one, and what is
// left of one that was deleted. Ids are short here.
func pipyFixture() map[string]string {
	m := map[string]string{}
	file := func(id, content string) string {
		m["files/"+id] = content
		return id
	}
	publish := func(path, file, id, version string) {
		m["files/tree/"+path+file] = "id=" + id + "\nversion=" + version + "\n"
	}
	codebase := func(id, path, version, base string) {
		m["codebases/tree/"+path] = id
		m["codebases/"+id] = "base=" + base + "\nmain=/main.js\npath=" + path + "\nversion=" + version + "\n"
	}
	codebase("B", "/base", "7", "")
	m["codebases/B/files//main.js"] = file("f1", "base main")
	m["codebases/B/files//lib/empty.bin"] = file("f2", "")
	m["codebases/B/files//gone.js"] = file("f3", "to be erased")
	m["codebases/B/erased//gone.js"] = "f3"
	m["codebases/B/edit//main.js"] = file("f4", "base main, edited")
	m["codebases/B/edit//new.js"] = file("f5", "\x00\xff\n=")
	m["codebases/B/derived/D"] = "7"
	publish("/base", "/main.js", "f1", "7")
	publish("/base", "/lib/empty.bin", "f2", "7")
	publish("/base", "/gone.js", "f3", "7.1")
	publish("/base", "/", file("m1", "/main.js\n/gone.js\n/lib/empty.bin"), "7")
	publish("/base", "/_etags", file("e1", "/gone.js#7.1\n/lib/empty.bin#7\n/main.js#7\n"), "")

	codebase("D", "/a/derived", "3", "B") // its path comes before that of its base
	m["codebases/D/files//main.js"] = file("f6", "derived main")
	publish("/a/derived", "/main.js", "f6", "3")
	publish("/a/derived", "/lib/empty.bin", "f2", "3")
	publish("/a/derived", "/gone.js", "f3", "3")
	publish("/a/derived", "/", file("m2", "/main.js\n/gone.js\n/lib/empty.bin"), "3")
	publish("/a/derived", "/_etags", file("e2", "/gone.js#3\n/lib/empty.bin#3\n/main.js#3\n"), "")

	codebase("N", "/base/nested", "1", "")
	m["codebases/N/files//main.js"] = file("f7", "nested main")
	publish("/base/nested", "/main.js", "f7", "1")
	publish("/base/nested", "/", file("m3", "/main.js"), "1")
	publish("/base/nested", "/_etags", file("e3", "/main.js#1\n"), "")

	codebase("F", "/fresh", "0", "")
	m["codebases/F/files//main.js"] = file("f8", "never published")
	publish("/fresh", "/_etags", file("e4", "/main.js#1\n/lib/x#1\n"), "") // of its predecessor, which was deleted
	publish("/fresh", "/lib/x", "deleted", "1")
	publish("/removed", "/_etags", file("e5", "/main.js#1\n"), "")
	return m
}

// writePipyStore makes a database, partly in a table and partly in the log.
func writePipyStore(t *testing.T, keys map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	db, err := leveldb.OpenFile(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range sortedKeys(keys) {
		if err := db.Put([]byte(key), []byte(keys[key]), nil); err != nil {
			t.Fatal(err)
		}
		if i == len(keys)/2 {
			if err := db.CompactRange(util.Range{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// snapshotOf returns the names, contents and times of all files of a directory.
func snapshotOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = info.ModTime().String() + string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestImportPipy(t *testing.T) {
	source := writePipyStore(t, pipyFixture())
	before := snapshotOf(t, source)
	t.Cleanup(func() { // after the parallel tests
		if !maps.Equal(before, snapshotOf(t, source)) {
			t.Error("the imported directory was changed")
		}
	})
	eachStore(t, func(t *testing.T, open func() Store, _ bool) {
		n := serve(t, open(), Options{})
		n.want("POST /api/v1/repo/base/nested", "", 201, "")
		var lines []string
		told := func(line string) { lines = append(lines, line) }
		if err := n.repo.ImportPipy(t.Context(), source, told); err != nil {
			t.Fatal(err)
		}
		want := "/base: version 7, 3 files, 3 uncommitted changes\n/a/derived: version 3, 1 files, 0 uncommitted changes\n" +
			"/base/nested is there already, and stays as it is\n/fresh: version 0, 1 files, 0 uncommitted changes"
		if got := strings.Join(lines, "\n"); got != want {
			t.Errorf("told\n%s\nwant\n%s", got, want)
		}
		n.want("GET /api/v1/repo", "", 200, "/a/derived\n/base\n/base/nested\n/fresh")
		n.want("GET /api/v1/repo/base", "", 200, `{"version":"7","path":"/base","main":"/main.js",`+
			`"files":["/gone.js","/lib/empty.bin","/main.js"],"editFiles":["/main.js","/new.js"],"erasedFiles":["/gone.js"],`+
			`"baseFiles":[],"derived":["/a/derived"],"instances":{}}`)
		n.want("GET /api/v1/repo/a/derived", "", 200, `{"version":"3","path":"/a/derived","main":"/main.js",`+
			`"files":["/main.js"],"editFiles":[],"erasedFiles":[],"baseFiles":["/gone.js","/lib/empty.bin","/main.js"],`+
			`"derived":[],"base":"/base","instances":{}}`)
		n.want("GET /repo/base/", "", 200, "/main.js\n/gone.js\n/lib/empty.bin")
		n.wantTag("/repo/base/", "7")
		n.want("GET /repo/base/main.js", "", 200, "base main")
		n.wantTag("/repo/base/gone.js", "7.1")
		n.want("GET /repo/base/lib/empty.bin", "", 200, "")
		n.want("GET /repo/base/new.js", "", 404, "")
		n.want("GET /api/v1/repo-files/base/new.js", "", 200, "\x00\xff\n=")
		n.want("GET /api/v1/repo-files/base/main.js", "", 200, "base main, edited")
		n.want("GET /repo/a/derived/_etags", "", 200, "/gone.js#3\n/lib/empty.bin#3\n/main.js#3\n")
		n.want("GET /repo/a/derived/main.js", "", 200, "derived main")
		n.want("GET /repo/fresh/", "", 404, "")
		n.want("GET /repo/fresh/lib/x", "", 404, "")
		n.want("GET /api/v1/repo-files/fresh/main.js", "", 200, "never published")

		// Life goes on: a commit takes the edits in and rebuilds what is derived, and nothing that is in use is swept away.
		n.want("PATCH /api/v1/repo/base", `{"version":8}`, 201, "")
		if err := n.repo.Sweep(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		n.want("GET /repo/base/", "", 200, "/main.js\n/lib/empty.bin\n/new.js")
		n.want("GET /repo/base/main.js", "", 200, "base main, edited")
		n.wantTag("/repo/a/derived/", "4")
		n.want("GET /repo/a/derived/new.js", "", 200, "\x00\xff\n=")
		n.want("GET /repo/a/derived/main.js", "", 200, "derived main")

		// A second time there is nothing left to do.
		lines = nil
		if err := n.repo.ImportPipy(t.Context(), source, told); err != nil || strings.Count(strings.Join(lines, "\n"), "stays as it is") != 4 {
			t.Errorf("again: %v, %q", err, lines)
		}
		n.want("GET /repo/base/main.js", "", 200, "base main, edited")
	})
}

// change edits the only file of a kind in a directory.
func change(t *testing.T, dir, pattern string, f func(content []byte) []byte) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(names) != 1 {
		t.Fatalf("%s: %q, %v", pattern, names, err)
	}
	content, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(names[0], f(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestImportPipyRefuses(t *testing.T) {
	t.Parallel()
	without := func(prefix string) func(map[string]string) {
		return func(m map[string]string) {
			maps.DeleteFunc(m, func(k, _ string) bool { return strings.HasPrefix(k, prefix) })
		}
	}
	set := func(key, value string) func(map[string]string) {
		return func(m map[string]string) { m[key] = value }
	}
	flip := func(content []byte) []byte {
		content = bytes.Clone(content)
		content[len(content)/3] ^= 0x55
		return content
	}
	for _, c := range []struct {
		name   string
		keys   func(map[string]string)
		damage func(t *testing.T, dir string)
		want   string
	}{
		{name: "no database", damage: func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "CURRENT")); err != nil {
				t.Fatal(err)
			}
		}, want: "is no store of Pipy: it has no file CURRENT"},
		{name: "another database", keys: without("codebases/"), want: "has no codebases: it is empty, or no store of Pipy"},
		{name: "damaged table", damage: func(t *testing.T, dir string) { change(t, dir, "*.ldb", flip) }, want: "is damaged: "},
		{name: "damaged log", damage: func(t *testing.T, dir string) { change(t, dir, "*.log", flip) }, want: "is damaged: "},
		{name: "damaged manifest", damage: func(t *testing.T, dir string) { change(t, dir, "MANIFEST-*", flip) }, want: "is damaged: "},
		{name: "missing manifest", damage: func(t *testing.T, dir string) {
			change(t, dir, "CURRENT", func([]byte) []byte { return []byte("MANIFEST-009999\n") })
		}, want: "is damaged: "},
		{name: "strange manifest", damage: func(t *testing.T, dir string) {
			change(t, dir, "CURRENT", func([]byte) []byte { return []byte("../../etc/passwd\n") })
		}, want: `is damaged: the file CURRENT names "../../etc/passwd", which is no manifest`},
		{name: "missing table", damage: func(t *testing.T, dir string) {
			change(t, dir, "*.ldb", func(b []byte) []byte { return nil })
		}, want: "is damaged: "},
		{name: "missing content", keys: without("files/f4"), want: "the edited file /main.js of /base: the store in "},
		{name: "missing manifest of a codebase", keys: without("files/m1"), want: "the list of files / of /base: "},
		{name: "missing record", keys: without("codebases/F"), want: "the record of the codebase /fresh is missing"},
		{name: "missing base", keys: without("codebases/tree//base"), want: "the base of the codebase /a/derived is missing"},
		{name: "circle", keys: set("codebases/B", "base=D\nmain=/main.js\nversion=1\n"), want: "is derived from itself"},
		{name: "path of a codebase", keys: set("codebases/tree//x/../y", "N"), want: `cannot import /x/../y: "/x/../y" cannot be the name of a codebase`},
		{name: "path of a file", keys: set("codebases/N/files//../x", "f1"), want: `cannot import /base/nested: "/../x" cannot be the name of a file`},
		{name: "version", keys: set("codebases/N", "main=/main.js\n"), want: `"" cannot be a version`},
		{name: "large file", keys: set("files/f1", strings.Repeat("x", 2000)), want: "/main.js has 2000 bytes, more than the 1000 a file may have"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			keys := pipyFixture()
			if c.keys != nil {
				c.keys(keys)
			}
			dir := writePipyStore(t, keys)
			if c.damage != nil {
				c.damage(t, dir)
			}
			n := serve(t, NewMemory(), Options{MaxFileSize: 1000})
			err := n.repo.ImportPipy(t.Context(), dir, func(string) {})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			n.want("GET /api/v1/repo", "", 200, "")
		})
	}
}

// A log that breaks off is what a crash leaves: all before is there.
func TestImportPipyAfterCrash(t *testing.T) {
	t.Parallel()
	keys := pipyFixture()
	keys["files/zz"] = strings.Repeat("z", 100) // written last
	for cut := range 100 {
		dir := writePipyStore(t, keys)
		change(t, dir, "*.log", func(b []byte) []byte { return b[:len(b)-1-cut] })
		n := serve(t, NewMemory(), Options{})
		var lines []string
		if err := n.repo.ImportPipy(t.Context(), dir, func(line string) { lines = append(lines, line) }); err != nil {
			t.Fatalf("without %d bytes: %v", cut+1, err)
		}
		if len(lines) != 5 || !strings.HasPrefix(lines[0], "The last write to ") {
			t.Errorf("without %d bytes: %q", cut+1, lines)
		}
	}
}

// A store that is in use has a lock, as LevelDB takes it.
func TestImportPipyLocked(t *testing.T) {
	t.Parallel()
	dir := writePipyStore(t, pipyFixture())
	holder := exec.Command("python3", "-c", "import fcntl, sys\nf = open(sys.argv[1], 'r+')\nfcntl.lockf(f, fcntl.LOCK_EX)\nprint('locked', flush=True)\nsys.stdin.read()",
		filepath.Join(dir, "LOCK"))
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = holder.Wait() }()
	defer func() { _ = in.Close() }()
	if _, err := fmt.Fscanln(out, new(string)); err != nil {
		t.Fatal(err)
	}
	n := serve(t, NewMemory(), Options{})
	err = n.repo.ImportPipy(t.Context(), dir, func(string) {})
	if err == nil || err.Error() != "another process uses the store in "+dir+": stop it, or import a copy of the directory" {
		t.Errorf("got %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "LOCK")); err != nil { // as in a copy
		t.Fatal(err)
	}
	if err := n.repo.ImportPipy(t.Context(), dir, func(string) {}); err != nil {
		t.Error(err)
	}
}
