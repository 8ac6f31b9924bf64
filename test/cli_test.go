//go:build linux

package test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"weir/test/harness"
)

// weir runs weir to its end.
func weir(t *testing.T, args ...string) harness.Result {
	t.Helper()
	return harness.Run(t, harness.Binary(t), args...)
}

// files stores a codebase in a folder of its own.
func files(t *testing.T, texts map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range texts {
		harness.WriteFile(t, filepath.Join(dir, name), text)
	}
	return dir
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	r := weir(t, "--help")
	for _, want := range []string{"--threads", "--watch", "weir check FILE", "Exit codes:", "SIGHUP"} {
		if !strings.Contains(r.Stdout, want) {
			t.Errorf("--help does not mention %s", want)
		}
	}
	if r.Code != 0 || r.Stderr != "" {
		t.Errorf("--help: exit code %d, standard error %q", r.Code, r.Stderr)
	}
	r = weir(t, "--version", "--help")
	if !regexp.MustCompile(`(?m)^Version          : \S+$`).MatchString(r.Stdout) || r.Code != 0 {
		t.Errorf("--version: exit code %d, output %q", r.Code, r.Stdout)
	}
}

func TestPrograms(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{
		"args.js":  "println(JSON.stringify(pipy.argv.slice(1)))\nundefined",
		"shell.js": "#!/usr/bin/env weir\nprintln('from', pipy.source.split('/').at(-1)); 1\n",
		"typed.ts": "interface P { x: number }\nconst p: P = { x: 6 }\nprintln(p.x * 7)\n",
		"lib.js":   "export const greet = name => `hello ${name}`\n",
		"main.js":  "import { greet } from './lib.js'\nprintln(greet('world'))\n",
	})
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, c := range []struct {
		name   string
		args   []string
		stdout string
		stderr string // part of it
		code   int
	}{
		{"number", []string{"-e", "1+1"}, "2\n", "", 0},
		{"string is raw", []string{"-e", "'hi'"}, "hi", "", 0},
		{"object", []string{"-e", "({a: 1})"}, "", "", 0},
		{"undefined", []string{"-e", "println(1)"}, "1\nundefined\n", "", 0},
		{"statements print nothing", []string{"-e", "var a = 1; a"}, "", "", 0},
		{"configuration prints nothing", []string{"-e", "pipy()"}, "", "", 0},
		{"text without -e", []string{"2 * 21"}, "42\n", "", 0},
		{"text that is neither", []string{"no such file.js("}, "", "file or directory does not exist either", 255},
		{"-f wants a file", []string{"-f", "1+1"}, "", "file or directory does not exist: ", 255},
		{"-e without text", []string{"-e"}, "", "missing script to evaluate", 255},
		{"unknown option", []string{"--bogus=1", "-e", "1"}, "", "unknown option: --bogus\n", 255},
		{"second program", []string{"a.js", "b.js"}, "", "redundant argument: b.js", 255},
		{"threads", []string{"--threads", "-e", "1"}, "", "number", 255},
		{"log level", []string{"--log-level=loud", "-e", "1"}, "", "unknown log level: loud", 255},
		{"pending work prints no value", []string{"-e", "new Timeout(0.01).wait()"}, "", "", 0},
		{"async program", []string{"-e", "(async () => { await new Timeout(0.01).wait(); println('late') })()"}, "late\n", "", 0},
		{"exit", []string{"-e", "pipy.exit(3)"}, "", "", 3},
		{"exit 0 prints no value", []string{"-e", "pipy.exit(0)"}, "", "", 0},
		{"exit code is a byte", []string{"-e", "pipy.exit(-1)"}, "", "", 255},
		{"exit later", []string{"-e", "new Timeout(0.01).wait().then(() => pipy.exit(4))"}, "", "", 4},
		{"exit with a port open", []string{"-e", "pipy.listen('127.0.0.1:1', $=>$); pipy.exit(5)"}, "", "", 5},
		{"arguments", []string{file("args.js"), "--", "a", "-b", "--c=d"}, `["a","-b","--c=d"]` + "\n", "", 0},
		{"program among arguments", []string{"--args", file("args.js"), "x"}, `["x"]` + "\n", "", 0},
		{"options after arguments", []string{file("args.js"), "--args", "x", "--pipy-options", "--log-level=error"}, `["x"]` + "\n", "", 0},
		{"#! line", []string{file("shell.js")}, "from shell.js\n", "", 0},
		{"TypeScript", []string{file("typed.ts")}, "42\n", "", 0},
		{"import", []string{file("main.js")}, "hello world\n", "", 0},
		{"load error", []string{"-e", "\n  throw new Error('broken')"}, "", "Error: broken", 255},
		{"syntax error", []string{"-e", "var x = ;"}, "", "Syntax error: ", 255},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := weir(t, c.args...)
			if c.name == "object" {
				if !strings.Contains(r.Stdout, "a: 1") && !strings.Contains(r.Stdout, `"a": 1`) {
					t.Errorf("output %q", r.Stdout)
				}
			} else if r.Stdout != c.stdout {
				t.Errorf("output %q, want %q", r.Stdout, c.stdout)
			}
			if r.Code != c.code {
				t.Errorf("exit code %d, want %d", r.Code, c.code)
			}
			if !strings.Contains(r.Stderr, c.stderr) {
				t.Errorf("standard error %q, want %q in it", r.Stderr, c.stderr)
			}
			if c.stderr == "" && strings.Contains(r.Stderr, "[ERR]") {
				t.Errorf("unexpected error: %s", r.Stderr)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	dir := files(t, map[string]string{
		"good.js":       fmt.Sprintf("pipy.listen(%d, $=>$.print().dummy())\n", port),
		"legacy.js":     fmt.Sprintf("pipy({ _n: 0 }).listen(%d).onStart(() => void _n++).link('x').pipeline('x').dummy()\n", port),
		"syntax.js":     "var a = 1\n  var b = ;\n",
		"import.js":     "import './lib/broken.js'\nimport { x } from './missing.js'\n",
		"filter.js":     "pipy.listen(8000, $=>$\n  .decodeHTTPRequets()\n)\n",
		"option.js":     "pipy.listen(8000, $=>$\n  .connect('localhost:80', { retryCount: true })\n)\n",
		"listen.js":     "pipy.listen(8000, { maxConnections: 'many' }, $=>$.dummy())\n",
		"throw.js":      "var f = () => {\n  throw new Error('no luck')\n}\nf()\n",
		"name.js":       "pipy()\n  .listen(8000)\n  .link('nowhere')\n",
		"argument.js":   "pipy.listen(8000, $=>$\n  .handleData('x')\n)\n",
		"joint.js":      "pipy.listen(8000, $=>$\n  .demux()\n  .dummy()\n)\n",
		"lib/broken.js": "export var x = 1\nexport var y = (\n",
	})
	file := func(name string) string { return filepath.Join(dir, name) }

	r := weir(t, "check", file("good.js"), file("legacy.js"))
	if r.Code != 0 || r.Stdout != file("good.js")+": ok\n"+file("legacy.js")+": ok\n" {
		t.Errorf("good files: exit code %d, output %q, errors %q", r.Code, r.Stdout, r.Stderr)
	}
	for _, c := range []struct{ name, message, at, excerpt string }{
		{"syntax.js", "Syntax error: ", "line 2 column 11 in /syntax.js", "Line 2:  var b = ;"},
		{"import.js", "cannot load module: ./missing.js", "in /import.js", "Line 2:  import { x } from './missing.js'"},
		{"import.js", "Syntax error: ", "in /lib/broken.js", ""},
		{"filter.js", "unknown filter: decodeHTTPRequets (did you mean decodeHTTPRequest?)", "line 2 column ", "Line 2:  .decodeHTTPRequets()"},
		{"option.js", "options.retryCount expects a finite number", "line 2 column ", "Line 2:  .connect('localhost:80'"},
		{"listen.js", "options.maxConnections expects a finite number", "line 1 column ", "Line 1:  pipy.listen(8000"},
		{"throw.js", "Error: no luck", "line 2 column ", "Line 2:  throw new Error('no luck')"},
		{"name.js", "pipeline not found with name: nowhere", "line 3 column ", ""},
		{"argument.js", "argument #1 expects a function", "line 2 column ", "Line 2:  .handleData('x')"},
		{"joint.js", "missing .to(...) for the last filter", "line 3 column ", "Line 3:  .dummy()"},
	} {
		r := weir(t, "check", file(c.name))
		if r.Code != 1 {
			t.Errorf("%s: exit code %d, want 1", c.name, r.Code)
		}
		for _, want := range []string{c.message, c.at, c.excerpt} {
			if !strings.Contains(r.Stderr, want) {
				t.Errorf("%s: %q is missing in\n%s", c.name, want, r.Stderr)
			}
		}
		if r.Stdout != "" {
			t.Errorf("%s: output %q", c.name, r.Stdout)
		}
	}

	r = weir(t, "check", file("syntax.js"), file("good.js"), file("filter.js"), file("missing.js"))
	for _, want := range []string{"/syntax.js", "unknown filter", "missing.js"} {
		if !strings.Contains(r.Stderr, want) {
			t.Errorf("several files: no %q in\n%s", want, r.Stderr)
		}
	}
	if r.Code != 1 || r.Stdout != file("good.js")+": ok\n" {
		t.Errorf("several files: exit code %d, output %q", r.Code, r.Stdout)
	}
}

// A port that is taken is no error of the program that would open it.
func TestCheckOpensNoPort(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	dir := files(t, map[string]string{"main.js": fmt.Sprintf("pipy.listen('%s', $=>$.dummy())\n", ln.Addr())})
	if r := weir(t, "check", filepath.Join(dir, "main.js")); r.Code != 0 {
		t.Errorf("exit code %d\n%s", r.Code, r.Stderr)
	}
	if r := weir(t, filepath.Join(dir, "main.js")); r.Code != 255 || !strings.Contains(r.Stderr, "unable to listen on [127.0.0.1]:") {
		t.Errorf("run: exit code %d\n%s", r.Code, r.Stderr)
	}
}

func TestForceStart(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	w := harness.Spawn(t, harness.Config{
		Flags:  []string{"--force-start"},
		Script: fmt.Sprintf("pipy.listen('%s', $=>$.dummy())\nconsole.log('started')\nnew Timeout(100)\n", ln.Addr()),
	})
	w.WaitLog("Cannot start listening on TCP port")
	w.WaitLog("started")
	if code := w.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestLogOptions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "weir.log")
	r := weir(t, "--log-local=null", "--log-level=warn", "--log-file="+path, "-e", "console.log('quiet'); console.warn('loud')")
	if r.Stderr != "" || r.Code != 0 {
		t.Errorf("exit code %d, standard error %q", r.Code, r.Stderr)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "[WRN] loud") || strings.Contains(string(text), "quiet") {
		t.Errorf("log file: %q, %v", text, err)
	}
	if r := weir(t, "--log-local=stdout", "-e", "console.log('here')"); !strings.Contains(r.Stdout, "[INF] here") {
		t.Errorf("standard output %q", r.Stdout)
	}
}
