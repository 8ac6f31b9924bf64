//go:build linux

package test

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"weir/test/harness"
)

func TestLegacyVariables(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			((
				shared = { count: 0 },
			) => pipy({ _n: 0, _name: null })
				.listen(%d)
				.onStart(() => void (_name = __inbound.remotePort, shared.count++))
				.link('count')
				.pipeline('count')
				.replaceData(d => (_n++, new Data([_n, shared.count, _name === __inbound.remotePort, __filename, __thread.id].join(' ') + '\n')))
			)()`, port),
		Listen: []int{port},
	})
	a, b := harness.Dial(t, port), harness.Dial(t, port)
	for i := 1; i <= 2; i++ {
		for _, c := range []*harness.Conn{a, b} {
			c.Send("x")
			f := strings.Fields(c.ReadUntil("\n"))
			if f[0] != fmt.Sprint(i) || f[2] != "true" || f[3] != "/main.js" || f[4] != "0" {
				t.Errorf("round %d: %v", i, f)
			}
		}
	}
}

// Exported variables are shared by all modules a connection passes through, private ones are not.
func TestLegacyModules(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	harness.Start(t, harness.Config{
		Files: map[string]string{
			"main.js": fmt.Sprintf(`pipy({ _own: 'main' })
				.export('main', { __user: 'none', __trace: '' })
				.listen(%d)
				.onStart(() => void (__trace = 'start'))
				.chain(['plugins/a.js', 'plugins/b.js', 'plugins/end.js'])
				.use('plugins/named.js', 'tail')`, port),
			"plugins/a.js": `pipy({ _own: 'a' }).import({ __user: 'main', __trace: 'main' })
				.pipeline()
				.handleData(d => { __user = d.toString(); __trace += ' a:' + _own + __filename })
				.chain()`,
			"plugins/b.js": `pipy({ _own: 'b' }).import({ __user: 'main', __trace: 'main' }).export('b', { __seen: 0 })
				.pipeline().handleData(() => { __trace += ' b:' + _own + __user; __seen++ }).chain()`,
			"plugins/end.js": `pipy().import({ __trace: 'main', __seen: 'b' })
				.pipeline().replaceData(() => new Data(__trace + ' end:' + __seen))`,
			"plugins/named.js": `pipy().pipeline('tail').replaceData(d => new Data(d.toString() + ' tail\n'))`,
		},
		Listen: []int{port},
	})
	a, b := harness.Dial(t, port), harness.Dial(t, port)
	for _, c := range []*harness.Conn{a, b} {
		c.Send("joe")
		if got, want := c.ReadUntil("\n"), "start a:a/plugins/a.js b:bjoe end:1 tail\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	a.Send("ann")
	if got, want := a.ReadUntil("\n"), "start a:a/plugins/a.js b:bjoe a:a/plugins/a.js b:bann end:2 tail\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLegacyTasks(t *testing.T) {
	t.Parallel()
	w := harness.Spawn(t, harness.Config{
		Files: map[string]string{"main.js": `((
				runs = 0, ticks = 0,
			) => pipy({ _n: 0 })
			.task().onStart(() => { console.log('once', ++runs, __inbound, __filename); return new StreamEnd })
			.task('0.02').onStart(() => { if (++ticks <= 3) console.log('tick', ticks, _n++); return new StreamEnd })
			.task('10ms', new Message('static')).handleMessage(m => { if (ticks === 2) console.log('slow', m.body.toString(), ++runs) }).wait(() => new Timeout(1000).wait())
			.task('SIGUSR1').onStart(() => { console.log('usr1'); return new StreamEnd })
			.watch('conf.txt').onStart(() => { console.log('changed', pipy.load('conf.txt').toString()); return new StreamEnd })
			.exit().onStart(() => new Timeout(0.02).wait().then(() => { console.log('exit pipeline'); return new StreamEnd }))
			)()`,
			"conf.txt": "1",
		},
	})
	w.WaitLog("once 1 null /main.js")
	w.WaitLog("tick 3 0")
	w.Signal(syscall.SIGUSR1)
	w.WaitLog("[INF] usr1")
	for _, text := range []string{"2", "3"} { // again and again, unlike pipy.watch
		harness.WriteFile(t, filepath.Join(w.Dir, "conf.txt"), text)
		w.WaitLog("changed " + text)
	}
	if code := w.Stop(); code != 0 || !strings.Contains(w.Stderr.String(), "exit pipeline") {
		t.Errorf("exit code %d\n%s", code, w.Stderr.String())
	}
	if n := strings.Count(w.Stderr.String(), "once"); n != 1 {
		t.Errorf("the task ran %d times", n)
	}
}

func TestListenerArray(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 4)
	w := harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`((
				p = [%d, %d, %d, %d],
				la = new ListenerArray([p[0], '127.0.0.1:' + p[1]], { idleTimeout: 0 }),
				fails = (f) => { try { f(); return 'no error' } catch (e) { return e.message } },
			) => (
				console.log(fails(() => la.add('x')), '|', fails(() => la.add('1.2.3:80')), '|', fails(() => la.set([true])), '|', fails(() => la.set([{}])), '|', fails(() => la.add({}))),
				console.log(fails(() => pipy().listen(la).listen(la))),
				la = new ListenerArray([p[0], '127.0.0.1:' + p[1]], { idleTimeout: 0 }),
				pipy()
				.listen(la)
				.replaceData(d => {
					var op = d.toString()
					if (op === 'add') la.add('127.0.0.1:' + p[2])
					if (op === 'remove') la.remove('127.0.0.1:' + p[1])
					if (op === 'set') la.set([p[0], { port: p[3], maxConnections: 10 }])
					return new Data('ok')
				})
			))()`, ports[0], ports[1], ports[2], ports[3]),
		Listen: ports[:2],
	})
	w.WaitLog("invalid 'ip:port' form: x | invalid IP address: 1.2.3 | invalid value type for a listening port in element 0 | invalid value type for the port property in element 0 | argument #1 expects a number or string")
	w.WaitLog("ListenerArray is being listened already")
	c := harness.Dial(t, ports[0])
	open := func(want ...bool) {
		t.Helper()
		for i, port := range ports {
			if listening(port) != want[i] {
				t.Errorf("port %d: listening is %v", i, !want[i])
			}
		}
	}
	open(true, true, false, false)
	ask(t, c, "add", "ok")
	open(true, true, true, false)
	ask(t, c, "remove", "ok")
	open(true, false, true, false)
	ask(t, c, "set", "ok")
	open(true, false, false, true)
}

func TestLegacyErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ main, want string }{
		{"pipy().dummy()", "no pipeline found"},
		{"pipy(() => 1)", "function did not return an object"},
		{"pipy(1)", "argument #1 expects an object or a function"},
		{"pipy().listen(0)", "invalid 'ip:port' form: 0.0.0.0:0"},
		{"pipy().listen(null)", "argument #1 expects a number, string or ListenerArray"},
		{"pipy().listen('x:80')", "invalid IP address: x"},
		{"pipy().listen(8000).demux().listen(8001)", "missing .to(...) for the last filter"},
		{"pipy().listen(8000).demux()", "missing .to(...) for the last filter"},
		{"pipy().listen(8000).to('x')", "calling to() without a joint-filter"},
		{"pipy().listen(8000).demux().to(1)", "argument #1 expects a string or a function"},
		{"pipy().listen(8000).demux().to('x')", "pipeline not found with name: x"},
		{"pipy().listen(8000).demux('x')", "pipeline not found with name: x"},
		{"pipy().listen(8000).link('')", "empty pipeline name"},
		{"pipy().listen(8000).link('a').pipeline('a').link('b').pipeline('b').demux('a')", "recursive pipeline: a"},
		{"pipy().listen(8000).link('a').pipeline('a').demux().to($=>$.link('a'))", "recursive pipeline: a"},
		{"pipy().pipeline('')", "pipeline name cannot be empty"},
		{"pipy().pipeline().pipeline()", "more than one entrance pipelines"},
		{"pipy().listen(8000).dummy().onStart(new Data)", "onStart() is only allowed prior to filters"},
		{"pipy().listen(8000).onStart(new Data).onStart(new Data)", "duplicated onStart()"},
		{"pipy().listen(8000).dummy().onEnd(() => 1)", "onEnd() is only allowed prior to filters"},
		{"pipy().listen(8000).onEnd(() => 1).onEnd(() => 1)", "duplicated onEnd()"},
		{"pipy().task(5)", "argument #1 expects a string or an object"},
		{"pipy().task('2d')", "task interval out of range: 2d"},
		{"pipy().task('SIGNOTHING')", "invalid signal name: SIGNOTHING"},
		{"pipy().watch('')", "filename cannot be empty"},
		{"pipy().admin('/x')", "path must start with /admin/"},
		{"pipy().export('', {})", "namespace cannot be empty"},
		{"pipy().export('a', null)", "variable list cannot be null"},
		{"pipy().export('a', { '': 1 })", "variable name cannot be empty"},
		{"pipy({ x: 1 }).export('a', { x: 1 })", "duplicated variable name x"},
		{"pipy().import({ x: 1 })", "namespace expected for import: x"},
		{"pipy().import({ x: '' })", "namespace cannot be empty"},
		{"pipy().import({ x: 'nowhere' })", "cannot import variable x in /main.js"},
		{"pipy().export('lib', { __x: 1 }).listen(8000).use('lib.js')", "duplicated variable exporting name __x from /lib.js"},
		{"pipy().listen(8000).use('none.js')", "[pjs] Cannot load module: none.js"},
		{"pipy().listen(8000).chain(['none.js'])", "[chain] Cannot load module: none.js"},
		{"pipy().listen(8000).use('lib.js', 'other')", "pipeline not found in module"},
		{"pipy().listen(8000).chain(['bare.js'])", "entrance pipeline not found in module"},
	} {
		t.Run(c.main, func(t *testing.T) {
			t.Parallel()
			dir := files(t, map[string]string{
				"main.js": c.main + "\n",
				"lib.js":  "pipy().export('lib', { __x: 1 }).pipeline().dummy()\n",
				"bare.js": "pipy()\n",
			})
			r := weir(t, "check", filepath.Join(dir, "main.js"))
			if r.Code != 1 || !strings.Contains(r.Stderr, c.want) {
				t.Errorf("exit code %d, want 1 and %q in\n%s", r.Code, c.want, r.Stderr)
			}
		})
	}
}

// The name of a pipeline may come first.
func TestLegacyShortForms(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`pipy()
			.listen(%d).demuxHTTP('answer')
			.listen(%d).demuxHTTP().to('answer')
			.pipeline('answer').replaceMessage(m => new Message({ status: 200 }, 'to ' + m.head.path))`, ports[0], ports[1]),
		Listen: ports,
	})
	for _, port := range ports {
		if _, body := harness.Get(t, port, "/x"); body != "to /x" {
			t.Errorf("answer %q", body)
		}
	}
}
