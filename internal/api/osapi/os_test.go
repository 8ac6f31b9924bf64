package osapi

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"weir/internal/event"
	"weir/internal/logs"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

type sink struct{ out []string }

func (s *sink) Log(level logs.Level, text string) { s.out = append(s.out, level.String()+": "+text) }
func (s *sink) Stdout(string)                     {}

// run evaluates src with the global dir, and returns its value with dir as DIR, followed by what was logged.
func run(t *testing.T, dir, src string) string {
	t.Helper()
	r, _ := scripttest.New(t, event.Namespace, Namespace)
	s := new(sink)
	r.SetOwner(s)
	r.Set(r.Global(), "dir", r.String(dir))
	got := ""
	if res, err := r.Run("/main.js", src); err != nil {
		got = "error: " + err.Error()
	} else {
		got, _ = r.ToString(res.Value)
	}
	return strings.ReplaceAll(strings.Join(append([]string{got}, s.out...), "|"), dir, "DIR")
}

type row struct{ src, want string }

func table(t *testing.T, dir string, rows []row) {
	t.Helper()
	for _, c := range rows {
		if got := run(t, dir, c.src); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	wd, _ := os.Getwd()
	table(t, wd, []row{
		{"['/a/b.js', 'b.js', 'a/', '/', ''].map(p => os.path.basename(p)).join()", "b.js,b.js,,,"},
		{"[['/a/b.js', '.js'], ['b.js', '.ts'], ['a/.js', '.js'], ['/a.b/c', null]].map(a => os.path.basename(a[0], a[1])).join()", "b,b.js,.js,c"},
		{"['/a/b/c', 'a/b', 'a', '/x', 'a/'].map(p => os.path.dirname(p)).join()", "/a/b,a,,,a"},
		{"[os.path.join(), os.path.join('a', '', 'b'), os.path.join('a/', '/b', 'c//', '//d'), os.path.join('/', 'a'), os.path.join('a', '../b', 1)].join()",
			".,a/b,a/b/c/d,/a,a/../b/1"},
		{"[os.path.resolve(), os.path.resolve('a', '..', 'b/'), os.path.resolve('x', '/a', 'b', './c')].join()", "DIR,DIR/b,/a/b/c"},
		{"['a/b', '', '/', '/a/./b/../c/', '../..', 'a//b', '/..//x', '.'].map(p => os.path.normalize(p)).join()", "/a/b,/,/,/a/c,/,/a//b,//x,/"},
		{"os.path.basename()", "error: requires 1 or more arguments"},
		{"os.path.basename(1)", "error: argument #1 expects a string"},
		{"os.path.basename('a', 1)", "error: argument #2 expects a string"},
		{"os.path.normalize({})", "error: argument #1 expects a string"},
	})
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	table(t, dir, []row{
		{"os.write(dir + '/a', 'héllo'); os.read(dir + '/a').toString()", "héllo"},
		{"os.write(dir + '/a', new Data([1, 2])); os.read(dir + '/a').size", "2"},
		{"os.write(dir + '/a', null); os.readFile(dir + '/a').size", "0"},
		{"os.writeFile(dir + '/b', 'x'); os.readFile(dir + '/b').toString()", "x"},
		{"os.write(dir + '/a', 1)", "error: argument #2 expects a Data or string"},
		{"os.writeFile(dir + '/a', undefined)", "error: argument #2 expects a Data or string"},
		{"os.write(dir + '/a')", "error: requires 2 or more arguments"},
		{"os.write(dir + '/no/a', '')", "error: cannot open file: DIR/no/a"},
		{"String(os.writeFile(dir + '/no/a', ''))", "undefined|error: cannot open file: DIR/no/a"},
		{"os.read(dir + '/none')", "error: cannot open file: DIR/none"},
		{"os.read(dir)", "error: cannot open file: DIR"},
		{"String(os.readFile(dir + '/none'))", "null|error: cannot open file: DIR/none"},
		{"os.rename(dir + '/b', dir + '/c'); os.list(dir).sort().join()", "a,c"},
		{"os.rename(dir + '/none', dir + '/c')", "error: cannot rename file: DIR/none -> DIR/c"},
		{"os.rename('a')", "error: requires 2 or more arguments"},
		{"[os.unlink(dir + '/c'), os.unlink(dir + '/c'), os.unlink(dir)].join()", "true,false,false"},
		{"os.read(1)", "error: argument #1 expects a string"},
		{"os.abspath('') + os.abspath(dir + '/x/../y/')", "DIR/y"},
		{"os.chdir(dir + '/none')", "error: No such file or directory, errno = 2"},
		{"String(os.chdir(os.abspath('.')))", "undefined"},
		{"String(os.stat(dir + '/none'))", "null"},
		{"os.write(dir + '/s', '12345'); var s = os.stat(dir + '/s'); [s.size, s.isFile(), s.isDirectory(), s.isFIFO(), s.isSocket(), s.isSymbolicLink(), s.isBlockDevice(), s.isCharacterDevice()].join()",
			"5,true,false,false,false,false,false,false"},
		{"var s = os.stat(dir); [s.isFile(), s.isDirectory(), s.mtime > 1e9, s.atime > 1e9, s.ctime > 1e9, s.ctime < 1e11].join()", "false,true,true,true,true,true"},
		{"os.stat('/dev/null').isCharacterDevice()", "true"},
		{"new os.Stats", "error: Stats cannot be constructed"},
	})
}

func TestLargeFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/big", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(dir+"/big", 5<<30); err != nil { // sparse: takes no space
		t.Skip(err)
	}
	table(t, dir, []row{{"os.stat(dir + '/big').size", "5368709120"}})
}

func TestDirectories(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	table(t, dir, []row{
		{"os.mkdir(dir + '/d'); os.stat(dir + '/d').isDirectory()", "true"},
		{"os.mkdir(dir + '/d')", "error: cannot create directory: DIR/d"},
		{"os.mkdir(dir + '/x/y')", "error: cannot create directory: DIR/x/y"},
		{"os.mkdir(dir + '/x/y', { recursive: true }); os.mkdir(dir + '/x/y', { recursive: true }); os.stat(dir + '/x/y').isDirectory()", "true"},
		{"os.mkdir(dir + '/e', { recursive: 1 })", "error: options.recursive expects a boolean"},
		{"os.write(dir + '/f', ''); os.write(dir + '/.hidden', ''); [os.list(dir).sort(), os.readDir(dir).length, os.list(dir + '/none').length].join()", "d/,f,x/,3,0"},
		{"os.rm(dir + '/f')", "true"},
		{"os.rm(dir + '/f')", "error: cannot delete file: DIR/f"},
		{"os.rm(dir + '/f', { force: true })", "false"},
		{"os.rm(dir + '/d')", "error: cannot delete file: DIR/d"},
		{"os.rmdir(dir + '/x')", "error: cannot delete directory: DIR/x"},
		{"os.rmdir(dir + '/d')", "true"},
		{"os.rmdir(dir + '/d')", "error: cannot delete directory: DIR/d"},
		{"os.rmdir(dir + '/d', { force: true })", "false"},
		{"os.rmdir(dir + '/.hidden')", "error: cannot delete directory: DIR/.hidden"},
		{"os.rm('/', { recursive: true })", "error: cannot delete directory: /"},
		{"os.rm('', { recursive: true })", "error: cannot delete file: "},
		{"os.rm(dir + '/f', { recursive: [] })", "error: options.recursive expects a boolean"},
	})
}

// Dot-files go with the tree; what a symbolic link points to stays.
func TestRemoveTree(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, d := range []string{"tree/.git/sub", "keep"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"tree/.git/x", "tree/y", "keep/z"} {
		if err := os.WriteFile(filepath.Join(dir, f), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{"tree/link": "../keep", "top": "keep", "broken": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Skip(err)
		}
	}
	table(t, dir, []row{
		{"os.list(dir).sort().join()", "broken,keep/,top/,tree/"},
		{"os.rmdir(dir + '/tree', { recursive: true })", "true"},
		{"os.rm(dir + '/top/', { recursive: true })", "true"},
		{"os.rm(dir + '/broken')", "true"},
		{"os.list(dir) + ' ' + os.list(dir + '/keep')", "keep/ z"},
		{"os.rm(dir + '/keep', { recursive: true, force: true })", "true"},
		{"os.rm(dir + '/keep', { recursive: true, force: true })", "false"},
		{"os.rm(dir + '/keep', { recursive: true })", "error: cannot delete file: DIR/keep"},
	})
}

func TestEnvironment(t *testing.T) {
	t.Setenv("WEIR_TEST_ENV", "a=b")
	table(t, "/nowhere", []row{
		{"os.platform", runtime.GOOS},
		{"os.env.WEIR_TEST_ENV", "a=b"},
		{"os.env.WEIR_TEST_ENV = 'x'; os.env.WEIR_TEST_ENV", "x"},
		{"os.home().startsWith('/')", "true"},
	})
	if os.Getenv("WEIR_TEST_ENV") != "a=b" {
		t.Error("a script changed the environment of the process")
	}
}

func TestKill(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]syscall.Signal{"os.kill(pid)": syscall.SIGTERM, "os.kill(pid, 0)": syscall.SIGTERM, "os.kill(pid, 9)": syscall.SIGKILL} {
		cmd := exec.Command("sleep", "60")
		if err := cmd.Start(); err != nil {
			t.Skip(err)
		}
		r, _ := scripttest.New(t, Namespace)
		r.Set(r.Global(), "pid", script.Int(cmd.Process.Pid))
		if _, err := r.Run("/main.js", call); err != nil {
			_ = cmd.Process.Kill()
			t.Error(err)
		}
		_ = cmd.Wait()
		if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != want {
			t.Errorf("%s ended the process with %v", call, cmd.ProcessState)
		}
	}
	table(t, "/nowhere", []row{
		{"os.kill()", "error: requires 1 or more arguments"},
		{"os.kill('1')", "error: argument #1 expects a number"},
		{"os.kill(1, 'TERM')", "error: argument #2 expects a number"},
	})
}

func TestSurface(t *testing.T) {
	t.Parallel()
	scripttest.Surface(t, "05-api.tsv", []string{"os"}, Namespace)
}
