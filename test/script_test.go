//go:build linux

package test

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/test/harness"
)

// output runs a program to its end and returns what it printed. The program must not log errors.
func output(t *testing.T, codebase map[string]string) string {
	t.Helper()
	dir := files(t, codebase)
	r := weir(t, filepath.Join(dir, "main.js"))
	if r.Code != 0 || strings.Contains(r.Stderr, "[ERR]") {
		t.Errorf("exit code %d\n%s", r.Code, r.Stderr)
	}
	return r.Stdout
}

// The variables of a connection are its own, also after each wait.
func TestContextFollowsAwait(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			var $name = 'nobody', $count = 0
			var pause = async () => { $count++; await new Timeout(0.005).wait(); return $name }
			var greet = () => new Timeout(0.001).wait().then(() => $name)
			pipy.listen(%d, $=>$
				.onStart(ib => void ($name = 'p' + ib.remotePort))
				.replaceData(async d => {
					var texts = []
					for (var i = 0; i < 3; i++) texts.push(await pause())
					texts.push(await greet())
					var all = await Promise.all([pause(), greet()])
					try { await Promise.reject(1) } catch { texts.push($name) } finally { texts.push(await greet()) }
					return new Data([d, $count, ...texts, ...all].join(' ') + '\n')
				})
			)
		`, port),
		Listen: []int{port},
	})
	conns := []*harness.Conn{harness.Dial(t, port), harness.Dial(t, port), harness.Dial(t, port)}
	for round := range 3 {
		for _, c := range conns {
			c.Send(fmt.Sprint(round))
		}
		for _, c := range conns {
			me := fmt.Sprintf("p%d", c.LocalAddr().(*net.TCPAddr).Port)
			want := fmt.Sprintf("%d %d%s\n", round, 4*(round+1), strings.Repeat(" "+me, 8))
			if got := c.ReadUntil("\n"); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	}
}

func TestFork(t *testing.T) {
	t.Parallel()
	got := output(t, map[string]string{"main.js": `
		var $x = 1
		var show = () => println($x)
		var v = pipy.fork(() => { $x = 2; show(); pipy.fork(() => { show(); $x = 3 }); show(); return 'value' })
		show()
		println(v)
		try { pipy.fork(() => { throw new Error('inside') }) } catch (e) { println(e.message) }
		try { pipy.fork(1) } catch (e) { println(e.message) }
		pipy.fork(async () => { $x = 'later'; await new Timeout(0.001).wait(); show() })
		show()
		undefined; 0
	`})
	if want := "2\n2\n2\n1\nvalue\ninside\nargument #1 expects a function\n1\nlater\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCodebaseFunctions(t *testing.T) {
	t.Parallel()
	extra := t.TempDir()
	harness.WriteFile(t, filepath.Join(extra, "m.js"), "export default 'mounted'\n")
	dir := files(t, map[string]string{
		"main.js": `
			var fails = f => { try { return f() } catch (e) { return 'error: ' + e.message } }
			println('load', pipy.load('a.txt'), pipy.load('/sub/../a.txt').size, pipy.load('none'))
			println('list', JSON.stringify(pipy.list('/').sort()), JSON.stringify(pipy.list('sub')), JSON.stringify(pipy.list('none')))
			println('solve', pipy.solve('conf.js').limit, pipy.solve('conf.js') === pipy.solve('conf.js'), pipy.solve('data.json').a[1])
			println(fails(() => pipy.solve('none.js')))
			println(fails(() => pipy.solve('broken.js')))
			println(fails(() => pipy.solve('self.js')))
			println('import', pipy.import('./lib/m.js').default, pipy.import('/lib/m.js').name(), pipy.import('./lib/m.js') === pipy.import('/lib/m.js'))
			println(fails(() => pipy.import('lib/m.js')))
			println(fails(() => pipy.import('./none.js')))
			println(fails(() => pipy.import('./lib/throws.js')))
			pipy.patch('new.txt', 'patched')
			pipy.patch('/a.txt', new Data('other'))
			println('patch', pipy.load('new.txt'), pipy.load('a.txt'), pipy.list('/').includes('new.txt'))
			println(fails(() => pipy.patch('x', 1)))
			pipy.patch('made.js', 'export var made = 6 * 7')
			println('made', pipy.import('/made.js').made)
			pipy.mount('ext', '` + extra + `')
			println('mount', pipy.import('/ext/m.js').default, pipy.list('/').includes('ext/m.js'), JSON.stringify(pipy.list('/ext')))
			println(fails(() => pipy.mount('ext', '` + extra + `')))
			println(fails(() => pipy.mount('a/b', '` + extra + `')))
			println(fails(() => pipy.mount('no', '/does/not/exist')))
			pipy.unmount('ext')
			pipy.unmount('ext')
			println('unmount', pipy.load('/ext/m.js'))
			println('alias', weir === pipy, typeof pipy.pid, pipy.argv.length, pipy.argv === pipy.argv)
			`,
		"a.txt":         "hello",
		"sub/b.txt":     "b",
		".hidden":       "x",
		"conf.js":       "({ limit: 10 })\n",
		"data.json":     `{ "a": [1, 2] }`,
		"broken.js":     "({ a: ",
		"self.js":       "pipy.solve('self.js')",
		"lib/m.js":      "export default 'def'\nexport var name = () => pipy.import('./n.js').n\n",
		"lib/n.js":      "export var n = 'relative'\n",
		"lib/throws.js": "throw new Error('thrown')\n",
	})
	r := weir(t, filepath.Join(dir, "main.js"))
	want := `load Data[ 68 65 6c 6c 6f ] 5 null
list ["a.txt","broken.js","conf.js","data.json","lib/m.js","lib/n.js","lib/throws.js","main.js","self.js","sub/b.txt"] ["b.txt"] []
solve 10 true 2
error: Cannot open script to solve: none.js
error: Cannot solve script: broken.js
error: Cannot solve script: self.js
import def relative true
error: cannot import module: lib/m.js
error: cannot import module: ./none.js
error: cannot import module: ./lib/throws.js
patch Data[ 70 61 74 63 68 65 64 ] Data[ 6f 74 68 65 72 ] false
error: argument #2 expects a string or a Data
made 42
mount mounted true ["m.js"]
error: mount path already exists
error: invalid mount name
error: not a directory
unmount null
alias true number 1 true
`
	if r.Stdout != want || r.Code != 0 {
		t.Errorf("exit code %d, got\n%s\nwant\n%s", r.Code, r.Stdout, want)
	}
	// The cause is in the log.
	for _, want := range []string{"File /broken.js:", "Syntax error: ", "recursive sovling file: self.js", "/none.js", "Error: thrown"} {
		if !strings.Contains(r.Stderr, want) {
			t.Errorf("no %q in the log:\n%s", want, r.Stderr)
		}
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	got := output(t, map[string]string{"main.js": `
		var t0 = new Timeout(0.02)
		t0.wait().then(t => println('fired', t === t0))
		t0.wait().then(() => t0.wait().then(() => println('again at once')))
		var gone = new Timeout(100)
		gone.wait().catch(t => println('cancelled', t === gone))
		gone.cancel()
		gone.wait().then(() => println('never'), () => println('after cancel'))
		var moved = new Timeout(100)
		moved.wait().then(() => println('restarted'))
		moved.restart(0.03)
		var back = new Timeout(0.001)
		back.wait().then(() => { back.restart(); back.wait().then(() => println('second time')) })
		new Timeout(0.04).wait().then('constant').then(println)
		try { new Timeout() } catch (e) { println(e.message) }
		try { new Timeout('x') } catch (e) { println(e.message) }
		new Timeout(0).wait().then(() => println('zero'))
		undefined; 0
	`})
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if len(lines) < 2 || lines[0] != "requires 1 or more arguments" || lines[1] != "argument #1 expects a number" {
		t.Errorf("errors: %q", got)
	}
	for _, want := range []string{"fired true", "again at once", "cancelled true", "after cancel", "restarted", "second time", "constant", "zero"} {
		if strings.Count(got, want+"\n") != 1 {
			t.Errorf("%q not once in %q", want, got)
		}
	}
	if strings.Contains(got, "never") {
		t.Error("a cancelled timeout was fulfilled")
	}
	if strings.Index(got, "fired") > strings.Index(got, "restarted") || strings.Index(got, "restarted") > strings.Index(got, "constant") {
		t.Errorf("order: %q", got)
	}
}

func TestExec(t *testing.T) {
	t.Parallel()
	got := output(t, map[string]string{"main.js": `
		var fails = f => { try { return f() } catch (e) { return 'error: ' + e.message } }
		var code, err
		var onExit = (c, e) => { code = c; err = e?.toString() }
		print(pipy.exec('echo "a b" c').toString())
		print(pipy.exec(['sh', '-c', 'cat; echo $1 >&2; exit 3', 'x', 7], { stdin: new Data('in '), onExit }).toString(), code, err)
		print(pipy.exec(['sh', '-c', 'echo out; echo err >&2'], { stderr: true, onExit }).toString(), code, err, '\n')
		print(pipy.exec(['/bin/sh', '-c', 'echo $A$HOME'], { env: { A: 1 } }).toString())
		pipy.exec('no-such-program-here', { onExit }); println(code)
		pipy.exec(['sh', '-c', 'kill -9 $$'], { onExit }); println(code)
		println(fails(() => pipy.exec(''))); println(fails(() => pipy.exec(1))); println(fails(() => pipy.exec('ls', { stdin: 'text' })))
		println(fails(() => pipy.exec('true', { onExit: () => { throw new Error('in onExit') } })))
	`})
	want := "a b c\nin  3 7\n" + "out\nerr\n 0 undefined \n" + "1\n" + "127\n137\n" +
		"error: exec() with no arguments\nerror: argument #1 expects a string or an array\nerror: options.stdin expects a Data\nerror: in onExit\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"data.txt": strings.Repeat("0123456789", 10000)})
	got := output(t, map[string]string{"main.js": `
		var $n = 0, $arg
		var count = pipeline($=>$.onStart(a => void ($arg = a)).handleData(d => { $n += d.size }).onEnd(() => $arg + ' ' + $n))
		var name = '` + dir + `/data.txt'
		var run = async () => {
			println(await pipy.read(name, count, 'first'))
			println(await pipy.read(name, $=>$.handleStreamEnd(e => { println('end', e.error) }).onEnd(() => 'built')))
			try { await pipy.read('/no/such/file', count) } catch (e) { println(e instanceof Error, e.message) }
			println(await pipy.read('` + dir + `', $=>$.handleStreamEnd(e => { println('end', e.error) }).onEnd(() => 'folder')))
			try { pipy.read(name, 1) } catch (e) { println(e.message) }
		}
		run()
		0; undefined
	`})
	want := "first 100000\nend undefined\nbuilt\ntrue cannot open file: /no/such/file\nend ReadError\nfolder\nargument #2 expects a function or a pipeline template\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	r := harness.RunInput(t, "from stdin", harness.Binary(t), "-e", "pipy.read('-', $=>$.handleData(d => { print(d.toString()) })); 0")
	if r.Stdout != "from stdin" || r.Code != 0 {
		t.Errorf("stdin: %q, exit code %d\n%s", r.Stdout, r.Code, r.Stderr)
	}
}

func TestWatchFromScript(t *testing.T) {
	t.Parallel()
	w := harness.Spawn(t, harness.Config{
		Files: map[string]string{
			"main.js": `
				pipy.watch('conf/').then(list => console.log('tree', JSON.stringify(list)))
				pipy.watch('one.txt').then(list => console.log('file', JSON.stringify(list), pipy.load('one.txt')))
				console.log('ready')`,
			"conf/a.yml": "a", "one.txt": "1", "other.txt": "x",
		},
	})
	w.WaitLog("ready")
	harness.WriteFile(t, filepath.Join(w.Dir, "other.txt"), "y")
	harness.WriteFile(t, filepath.Join(w.Dir, "conf/b.yml"), "b")
	w.WaitLog(`tree ["/conf/b.yml"]`)
	harness.WriteFile(t, filepath.Join(w.Dir, "one.txt"), "2")
	w.WaitLog(`file ["/one.txt"] Data[ 32 ]`)
	if code := w.WaitExit(); code != 0 { // nothing is left
		t.Errorf("exit code %d", code)
	}
}

// A failure anywhere is reported with its place, and nothing else suffers.
func TestErrorReports(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
var fail = what => { throw new Error('in ' + what) }
var kind = ''
pipy.listen(%d, $=>$
  .onStart(() => { if (kind === 'start') fail('onStart') })
  .onEnd(() => { if (kind === 'end') fail('onEnd') })
  .handleData(d => {
    var k = d.toString()
    if (k === 'callback') fail('callback')
    if (k === 'value') throw { a: 1 }
    if (k === 'promise') Promise.resolve().then(() => fail('promise'))
    if (k === 'async') (async () => { await null; fail('async') })()
    if (k === 'timeout') new Timeout(0.001).wait().then(() => fail('timeout'))
    if (k === 'fork') pipy.fork(() => fail('fork'))
    if (k === 'native') [1].forEach(() => fail('native'))
    if (k === 'usage') pipy.listen('x')
    if (k === 'set') kind = 'start'
    if (k === 'set end') kind = 'end'
  })
)`, port),
		Listen: []int{port},
	})
	for _, c := range []struct{ send, message, excerpt, at string }{
		{"callback", "Error: in callback", "Line 2:  var fail = what", "at line 9 column"},
		{"promise", "in promise", "Line 2:  var fail = what", "at line 11 column"},
		{"async", "in async", "Line 2:  var fail = what", "at line 12 column"},
		{"timeout", "in timeout", "Line 2:  var fail = what", "at line 13 column"},
		{"fork", "Error: in fork", "Line 2:  var fail = what", "at line 14 column"},
		{"native", "Error: in native", "Line 2:  var fail = what", "at line 15 column"},
		{"usage", "Error: requires 2 or more arguments", "Line 16:  if (k === 'usage')", "at line 16 column"},
	} {
		conn := harness.Dial(t, port)
		before := len(w.Stderr.String())
		conn.Send(c.send)
		harness.Eventually(t, c.send+" to be reported", func() bool { return strings.Contains(w.Stderr.String()[before:], c.at) })
		log := w.Stderr.String()[before:]
		for _, want := range []string{"[ERR] [pjs] File /main.js:", c.message, c.excerpt, "/main.js"} {
			if !strings.Contains(log, want) {
				t.Errorf("%s: no %q in\n%s", c.send, want, log)
			}
		}
		conn.Close()
	}
	c := harness.Dial(t, port)
	c.Send("value")
	w.WaitLog("Error: { a: 1 }")
	c.Close()
	harness.Exchange(t, port, "set end")
	w.WaitLog("Error: in onEnd")
	harness.Exchange(t, port, "set")
	// weir closes the connection at once, in whatever state the client is then.
	failed, err := net.Dial("tcp", harness.Addr(port))
	if err != nil {
		t.Fatal(err)
	}
	failed.Write([]byte("x"))
	failed.SetReadDeadline(time.Now().Add(harness.Patience))
	if got, _ := io.ReadAll(failed); len(got) > 0 {
		t.Errorf("answer %q after onStart failed", got)
	}
	failed.Close()
	w.WaitLog("Error: in onStart")
	for _, at := range []string{"at line 5 column", "at line 6 column"} {
		w.WaitLog(at)
	}
}

// A callback that does not end, or wants too much, is interrupted; the worker lives.
func TestRunawayCallbacks(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{
		Flags: []string{"--script-timeout=100ms", "--script-memory=64m"},
		Script: fmt.Sprintf(`pipy.listen(%d, $=>$.replaceData(d => {
			var k = d.toString()
			if (k === 'loop') for (;;) {}
			if (k === 'caught') try { for (;;) {} } catch { for (;;) {} }
			if (k === 'promise') Promise.resolve().then(() => { for (;;) {} })
			if (k === 'chain') { var again = () => Promise.resolve().then(again); again() }
			if (k === 'memory') for (var a = [];;) a.push(new Array(1000).fill(k))
			if (k === 'deep') { var f = () => f() + 1; f() }
			return d
		}))`, port),
		Listen: []int{port},
	})
	for _, k := range []string{"loop", "caught", "promise", "memory", "deep"} {
		before := len(w.Stderr.String())
		c := harness.Dial(t, port)
		c.Send(k)
		message := map[string]string{"memory": "out of memory: ", "deep": "stack"}[k]
		if message == "" {
			message = "interrupted: "
		}
		harness.Eventually(t, k+" to be interrupted", func() bool { return strings.Contains(w.Stderr.String()[before:], message) })
		c.Close()
		ask(t, harness.Dial(t, port), "fine", "fine")
	}
	if !strings.Contains(w.Stderr.String(), "/main.js") {
		t.Error("the place is not reported")
	}
}

// Promises that breed for ever do not keep connections from being served.
func TestEndlessPromises(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	harness.Start(t, harness.Config{
		Script: "var again = () => { Promise.resolve().then(again) }\nagain()\n" + answering(port, "a"),
		Listen: []int{port},
	})
	ask(t, harness.Dial(t, port), "x", "a:x")
}
