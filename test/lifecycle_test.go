//go:build linux

package test

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/test/harness"
)

// answering is a program that answers each connection's input with its version and the input.
func answering(port int, version string) string {
	return fmt.Sprintf("pipy.listen(%d, $=>$.replaceData(d => new Data('%s:' + d.toString())))\n", port, version)
}

// ask sends text on a connection and expects an answer.
func ask(t *testing.T, c *harness.Conn, text, want string) {
	t.Helper()
	c.Send(text)
	if got := c.ReadN(len(want)); got != want {
		t.Fatalf("answer %q, want %q", got, want)
	}
}

// awaitRefused waits until nobody listens on a port.
func awaitRefused(t *testing.T, port int) {
	t.Helper()
	harness.Eventually(t, fmt.Sprintf("port %d to be closed", port), func() bool { return !listening(port) })
}

func TestSignalDrains(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			port := harness.Port(t)
			w := harness.Start(t, harness.Config{Script: answering(port, "a"), Listen: []int{port}})
			c := harness.Dial(t, port)
			ask(t, c, "1", "a:1")
			w.Signal(sig)
			w.WaitLog("[shutdown] Shutting down...")
			w.WaitLog("Stopped listening on TCP port")
			awaitRefused(t, port)
			ask(t, c, "2", "a:2") // what is under way goes on
			w.WaitLog("[shutdown] Waiting for workers to drain...")
			c.Close()
			if code := w.WaitExit(); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

func TestSecondSignalForces(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{
		Script: answering(port, "a") + "pipy.exit(() => new Timeout(1000).wait())\n", Listen: []int{port},
	})
	c := harness.Dial(t, port)
	ask(t, c, "1", "a:1")
	w.Signal(syscall.SIGINT)
	w.WaitLog("[shutdown] Shutting down...")
	w.Signal(syscall.SIGINT)
	w.WaitLog("[shutdown] Forcing to shut down...")
	if code := w.WaitExit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	c.ReadAll()
}

func TestExitCallbacks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, script, logged string }{
		{"promises delay the end", `
			pipy.exit(() => new Timeout(0.05).wait().then(() => console.log('saved')))
			pipy.exit(() => { console.log('second') })`, "second saved"},
		{"rejection too", `pipy.exit(() => new Timeout(0.02).wait().then(() => { console.log('tried'); throw 'x' }).catch(e => { console.log(e); throw e }))`, "tried x"},
		{"a failure skips the rest", `
			pipy.exit(() => console.log('first'))
			pipy.exit(() => { throw new Error('oops') })
			pipy.exit(() => console.log('never'))`, "first"},
		{"in a pipeline", `
			pipy.exit(() => pipeline($=>$.onStart(new Data('x')).replaceData(() => new StreamEnd).onEnd(() => { console.log('run') })).spawn())`, "run"},
		{"what runs for ever does not delay it", `
			pipeline($=>$.onStart(new Data('x')).onEnd(() => { console.log('released') })).spawn()`, "released"},
		{"timers do not delay it", `new Timeout(1000).wait().then(() => console.log('late'))`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := harness.Spawn(t, harness.Config{Script: "var alive = new Timeout(1000)\n" + c.script + "\nconsole.log('loaded')\n"})
			w.WaitLog("loaded")
			if code := w.Stop(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if got := strings.Join(logged(w.Stderr.String(), "[INF] ")[1:], " "); got != c.logged {
				t.Errorf("logged %q, want %q\n%s", got, c.logged, w.Stderr.String())
			}
		})
	}
}

// logged returns the script's own log lines of a level.
func logged(log, level string) (texts []string) {
	for line := range strings.Lines(log) {
		if _, text, ok := strings.Cut(strings.TrimSpace(line), level); ok && !strings.HasPrefix(text, "[") {
			texts = append(texts, text)
		}
	}
	return texts
}

func TestReload(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 3)
	w := harness.Start(t, harness.Config{
		Script: answering(ports[0], "a") + answering(ports[1], "a") + "pipy.exit(() => console.log('exit of a'))\n",
		Listen: ports[:2],
	})
	main := filepath.Join(w.Dir, "main.js")
	old := harness.Dial(t, ports[0])
	ask(t, old, "1", "a:1")

	// A port stays, one goes, one comes.
	harness.WriteFile(t, main, answering(ports[0], "b")+answering(ports[2], "b")+"pipy.exit(() => console.log('exit of b'))\n")
	w.Signal(syscall.SIGHUP)
	w.WaitLog("[restart] Codebase reloaded on thread 0")
	awaitRefused(t, ports[1])
	fresh := harness.Dial(t, ports[0])
	ask(t, fresh, "2", "b:2")
	ask(t, old, "3", "a:3")
	ask(t, harness.Dial(t, ports[2]), "4", "b:4")

	// Broken versions leave everything as it is, and say why.
	for i, broken := range []string{
		"pipy.listen(\n",
		answering(ports[1], "c") + "throw new Error('not this one')\n",
		"import './gone.js'\n",
		answering(ports[1], "c") + "pipy().listen(" + fmt.Sprint(ports[0]) + ").link('nowhere')\n",
	} {
		harness.WriteFile(t, main, broken)
		w.Signal(syscall.SIGHUP)
		harness.Eventually(t, "the reload to fail", func() bool {
			return strings.Count(w.Stderr.String(), "[restart] Failed reloading codebase") == i+1
		})
		ask(t, fresh, "5", "b:5")
		ask(t, harness.Dial(t, ports[0]), "6", "b:6")
		if listening(ports[1]) {
			t.Error("a port of the broken version is open")
		}
	}
	for _, want := range []string{"Syntax error: ", "Error: not this one", "cannot load module: ./gone.js", "pipeline not found with name: nowhere"} {
		if !strings.Contains(w.Stderr.String(), want) {
			t.Errorf("no %q in the log", want)
		}
	}

	// A port that cannot be bound does not fail a reload.
	harness.WriteFile(t, main, answering(ports[0], "d")+"pipy.listen('192.0.2.1:80', $=>$.dummy())\n"+"pipy.exit(() => console.log('exit of d'))\n")
	w.Signal(syscall.SIGHUP)
	w.WaitLog("Cannot start listening on TCP port 80 at 192.0.2.1")
	harness.Eventually(t, "version d", func() bool { return strings.Count(w.Stderr.String(), "Codebase reloaded") == 2 })
	ask(t, harness.Dial(t, ports[0]), "7", "d:7")
	ask(t, old, "8", "a:8")
	ask(t, fresh, "9", "b:9")
	for _, c := range []*harness.Conn{old, fresh} {
		c.Close()
	}
	w.Signal(syscall.SIGINT)
	w.WaitLog("exit of d")
	for _, not := range []string{"exit of a", "exit of b"} {
		if strings.Contains(w.Stderr.String(), not) {
			t.Errorf("%s was called although its version is gone", not)
		}
	}
}

func TestRestartByScript(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{
		Files: map[string]string{
			"main.js": fmt.Sprintf("import { n } from './n.js'\npipy.listen(%d, $=>$.replaceData(() => (pipy.restart(), new Data(String(n)))))\n", port),
			"n.js":    "export var n = 1\n",
		},
		Listen: []int{port},
	})
	harness.WriteFile(t, filepath.Join(w.Dir, "n.js"), "export var n = 2\n")
	ask(t, harness.Dial(t, port), "x", "1")
	w.WaitLog("Codebase reloaded on thread 0")
	ask(t, harness.Dial(t, port), "x", "2")
}

func TestReloadOfText(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{Flags: []string{"-e", answering(port, "a")}, Listen: []int{port}})
	w.Signal(syscall.SIGHUP)
	w.WaitLog("[restart] Codebase has no entry point")
	ask(t, harness.Dial(t, port), "x", "a:x")
}

func TestWatch(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{
		Flags: []string{"--watch"},
		Files: map[string]string{
			"main.js":    fmt.Sprintf("import { v } from './lib/v.js'\npipy.listen(%d, $=>$.replaceData(() => new Data(v)))\n", port),
			"lib/v.js":   "export var v = 'a'\n",
			".git/index": "x",
		},
		Listen: []int{port},
	})
	reloads := func() int { return strings.Count(w.Stderr.String(), "Codebase reloaded on thread 0") }
	ask(t, harness.Dial(t, port), "x", "a")
	harness.WriteFile(t, filepath.Join(w.Dir, ".git/index"), "y")
	harness.WriteFile(t, filepath.Join(w.Dir, ".swap"), "y")
	harness.WriteFile(t, filepath.Join(w.Dir, "lib/v.js"), "export var v = 'b'\n")
	harness.Eventually(t, "the reload", func() bool { return reloads() == 1 })
	ask(t, harness.Dial(t, port), "x", "b")
	harness.WriteFile(t, filepath.Join(w.Dir, "lib/v.js"), "export var v = \n")
	w.WaitLog("[restart] Failed reloading codebase")
	ask(t, harness.Dial(t, port), "x", "b")
	harness.WriteFile(t, filepath.Join(w.Dir, "lib/v.js"), "export var v = 'c'\n")
	harness.Eventually(t, "the second reload", func() bool { return reloads() == 2 })
	ask(t, harness.Dial(t, port), "x", "c")
}

// Versions are freed when nothing runs in them any more: memory does not grow with the number of reloads.
func TestReloadsFreeMemory(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	script := func(i int) string {
		return answering(port, fmt.Sprintf("%03d", i)) + "var ballast = 'x'.repeat(1 << 20).split('x')\nnew Timeout(1000)\npipy.watch('x.js')\n"
	}
	w := harness.Start(t, harness.Config{Script: script(0), Listen: []int{port}})
	reload := func(i int) {
		c := harness.Dial(t, port)
		ask(t, c, "x", fmt.Sprintf("%03d:x", i-1))
		harness.WriteFile(t, filepath.Join(w.Dir, "main.js"), script(i))
		w.Signal(syscall.SIGHUP)
		harness.Eventually(t, "the reload", func() bool { return strings.Count(w.Stderr.String(), "Codebase reloaded") == i })
		ask(t, c, "y", fmt.Sprintf("%03d:y", i-1))
		c.Close()
	}
	i := 1
	for ; i <= 10; i++ {
		reload(i)
	}
	before, fds := harness.RSS(t, w.PID), harness.OpenFiles(t, w.PID)
	for ; i <= 50; i++ {
		reload(i)
	}
	// Each version holds 20 MiB of script objects: forty of them would be 800.
	if grown := harness.RSS(t, w.PID) - before; grown > 100<<20 {
		t.Errorf("memory grew by %d MiB over 40 reloads", grown>>20)
	}
	harness.Eventually(t, "descriptors to be closed", func() bool { return harness.OpenFiles(t, w.PID) <= fds+2 })
}

func TestThreads(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{
		Flags: []string{"--threads=2"},
		Script: fmt.Sprintf(`
			pipy.listen(%d, $=>$.replaceData(() => new Data(pipy.thread.id + '/' + pipy.thread.concurrency + '/' + __thread.id)))
			pipy.exit(() => console.log('exit', pipy.thread.id))
		`, port),
		Listen: []int{port},
	})
	seen := map[string]bool{}
	harness.Eventually(t, "both threads to answer", func() bool {
		c := harness.Dial(t, port)
		c.Send("x")
		seen[c.ReadN(5)] = true
		c.Close()
		return len(seen) == 2
	})
	if !seen["0/2/0"] || !seen["1/2/1"] {
		t.Errorf("answers %v", seen)
	}
	w.Signal(syscall.SIGHUP)
	w.WaitLog("Codebase reloaded on thread 0")
	w.WaitLog("Codebase reloaded on thread 1")
	if n := strings.Count(w.Stderr.String(), "Listening on TCP port"); n != 1 {
		t.Errorf("%d lines about listening, want 1", n)
	}
	w.Stop()
	w.WaitLog("exit 0")
	w.WaitLog("exit 1")
}

// A port opened on one thread only keeps the others.
func TestIdleThread(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{
		Flags:  []string{"--threads=2"},
		Script: fmt.Sprintf("if (pipy.thread.id === 1) pipy.listen(%d, $=>$.replaceData(() => new Data(String(pipy.thread.id))))\nelse console.log('idle')\n", port),
		Listen: nil,
	})
	w.WaitLog("idle")
	harness.Eventually(t, "the port", func() bool { return listening(port) })
	c := harness.Dial(t, port)
	ask(t, c, "x", "1")
	c.Close()
	w.Signal(syscall.SIGHUP)
	w.WaitLog("Codebase reloaded on thread 1")
	if code := w.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestEndsWhenNothingIsLeft(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			pipy.listen(%d, $=>$.handleData(() => pipy.listen(%d, null)))
			new Timeout(0.01).wait().then(() => console.log('timer'))
		`, port, port),
		Listen: []int{port},
	})
	w.WaitLog("timer")
	c := harness.Dial(t, port)
	c.Send("x")
	w.WaitLog("Stopped listening")
	awaitRefused(t, port)
	c.Send("y")
	if !w.Running() {
		t.Error("the connection did not keep the process")
	}
	c.Close()
	if code := w.WaitExit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// With several threads the process ends when the last of them has nothing left.
func TestEndsWithTheLastThread(t *testing.T) {
	t.Parallel()
	w := harness.Spawn(t, harness.Config{
		Flags:  []string{"--threads=2"},
		Script: "new Timeout(pipy.thread.id / 10).wait().then(() => console.log('end', pipy.thread.id))\n",
	})
	if code := w.WaitExit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	w.WaitLog("end 0")
	w.WaitLog("end 1")
}

func TestExitStopsEverything(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{
		Flags:  []string{"--threads=2"},
		Script: fmt.Sprintf("pipy.exit(() => console.log('not now'))\npipy.listen(%d, $=>$.handleData(d => pipy.exit(parseInt(d.toString()))))\n", port),
		Listen: []int{port},
	})
	c := harness.Dial(t, port)
	c.Send("7")
	if code := w.WaitExit(); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
	if strings.Contains(w.Stderr.String(), "not now") {
		t.Error("exit callbacks ran")
	}
}

// What a signal task handles is not acted upon; the drain ends the task.
func TestSignalTask(t *testing.T) {
	t.Parallel()
	w := harness.Spawn(t, harness.Config{Script: `
		pipy()
			.task('SIGHUP').onStart(() => { console.log('hup'); return new StreamEnd })
			.task('SIGTERM').onStart(() => { console.log('term'); return new StreamEnd })
			.task().onStart(() => { console.log('ready'); return new StreamEnd })`})
	w.WaitLog("ready")
	w.Signal(syscall.SIGHUP)
	w.WaitLog("[INF] hup")
	w.Signal(syscall.SIGTERM)
	w.WaitLog("[INF] term")
	if strings.Contains(w.Stderr.String(), "[restart]") || strings.Contains(w.Stderr.String(), "[shutdown]") {
		t.Error("the signals had their own effect too")
	}
	if code := w.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A signal right after the start must neither be lost nor hurt.
func TestSignalAtOnce(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{Script: answering(port, "a"), Listen: []int{port}})
	for range 20 {
		w.Signal(syscall.SIGHUP)
		time.Sleep(time.Millisecond)
	}
	w.Signal(syscall.SIGINT)
	if code := w.WaitExit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A second signal ends the process even if a script never comes to an end.
func TestForceEndsRunawayScript(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{
		Flags:  []string{"--script-timeout=0"},
		Script: fmt.Sprintf("pipy.listen(%d, $=>$.handleData(() => { console.log('looping'); for (;;) {} }))\n", port),
		Listen: []int{port},
	})
	harness.Dial(t, port).Send("x")
	w.WaitLog("looping")
	w.Signal(syscall.SIGINT)
	w.WaitLog("[shutdown] Shutting down...")
	w.Signal(syscall.SIGINT)
	if code := w.WaitExit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A signal while the program is being loaded ends it as soon as it is.
func TestSignalWhileLoading(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Spawn(t, harness.Config{
		Script: fmt.Sprintf("pipy.listen(%d, $=>$.dummy())\nconsole.log('loading')\npipy.exec('sleep 0.2')\npipy.exit(() => console.log('exit callback'))\n", port),
	})
	w.WaitLog("loading")
	if code := w.Stop(); code != 0 || !strings.Contains(w.Stderr.String(), "exit callback") {
		t.Errorf("exit code %d", code)
	}
}
