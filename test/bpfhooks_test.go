//go:build linux

package test

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"weir/test/harness"
)

// runHooks runs a script with the object files of these tests in a namespace of its own until it has printed what is wanted.
func runHooks(t *testing.T, script string, want ...string) (*harness.Netns, *harness.Weir) {
	t.Helper()
	n := harness.NewNetns(t)
	files := map[string]string{"main.js": `
		var obj = bpf.object(pipy.load('hooks.o')).load()
		var packet = new Data(new Array(64).fill(0))
		var fails = f => { try { f(); println('no error') } catch (e) { println('error:', e.message) } }
		var count = i => Number(obj.map('counts').lookup({ i }).i)
	` + script + "\npipy.listen('127.0.0.1:8000', $=>$.dummy())", "hooks.o": hooks(t)}
	b, err := os.ReadFile("testdata/bpf/print.o")
	if err != nil {
		t.Fatal(err)
	}
	files["print.o"] = string(b)
	w := harness.Start(t, harness.Config{Files: files, Binary: n.KernelBinary()})
	for _, want := range want {
		harness.Eventually(t, want, func() bool { return strings.Contains(w.Stdout.String(), want) })
	}
	return n, w
}

func TestAttachToCgroup(t *testing.T) {
	t.Parallel()
	runHooks(t, `
		var cg = '/sys/fs/cgroup', at = 'BPF_CGROUP_INET_INGRESS'
		var ids = () => bpf.query(cg, at).programs.map(p => p.id)
		var p = obj.program('cg_in'), q = bpf.object(pipy.load('hooks.o')).program('cg_in').load()
		var link = p.attach({ cgroup: cg })
		println('link', link.type, ids().join() == p.id, link.info().program === p.id)
		bpf.attach(at, q.fd, cg, { flags: ['multi'] })
		println('multi', ids().join() == p.id + ',' + q.id)
		fails(() => bpf.attach(at, q.fd, cg, { flags: ['many'] }))
		fails(() => bpf.attach(at, q.fd, cg, { speed: 1 }))
		fails(() => bpf.attach(at, q.fd, cg))
		fails(() => bpf.attach(at, q.fd, '/proc/none'))
		bpf.detach(at, q.fd, cg)
		println('detached', ids().join() == p.id)
		fails(() => bpf.detach(at, q.fd, cg))

		var path = '/sys/fs/bpf/link'
		link.pin(path)
		fails(() => link.pin(path))
		var again = bpf.Link.get(path)
		println('pinned', again.id === link.id, again.program.id === p.id, bpf.pins('/sys/fs/bpf').map(p => p.kind).join())
		link.close()
		println('kept', ids().length)
		again.detach()
		println('left', ids().length, bpf.pins('/sys/fs/bpf').length)
		fails(() => link.update(p))
		os.rm(path)

		bpf.attach(at, p.fd, cg)
		println('alone', ids().join() == p.id)
		bpf.attach(at, q.fd, cg)
		println('replaced', ids().join() == q.id)
		bpf.detach(at, q.fd, cg)
		println('gone', ids().length)
	`,
		"link cgroup true true", "multi true", "error: options.flags: unknown flag many", "error: unknown option options.speed",
		"errno = 1: Operation not permitted", "error: Cannot open cgroup /proc/none", "detached true",
		"error: syscall BPF_PROG_DETACH failed with errno = 2: No such file or directory",
		"error: syscall BPF_OBJ_PIN failed with errno = 17: File exists", "pinned true true link", "kept 1", "left 0 1",
		"error: this link is closed", "alone true", "replaced true", "gone 0")
}

func TestTracePrograms(t *testing.T) {
	t.Parallel()
	_, w := runHooks(t, `
		println('tracepoint', obj.program('started').attach().type)
		fails(() => obj.program('started').attach({ tracepoint: 'sched/nothing' }))
		var before = count(1)
		pipy.exec(['true'])
		println('counted', count(1) > before)
		fails(() => obj.program('probe').attach())
		fails(() => obj.program('probe').attach({ kprobe: ['vfs_read', 'vfs_write'] }))

		var print = bpf.object(pipy.load('print.o'))
		bpf.trace($=>$.handleData(d => d.toString().includes('weir test 7') && println('traced')))
		print.program('traced').load().run({ data: packet })
		try {
			var p = print.program('printed').load()
			p.stdout($=>$.handleData(d => println('stdout', d.toString())))
			var errno = p.run({ data: packet }).retval
			if (errno) println('no streams: the kernel fails to print with errno', errno)
		} catch (e) { println('no streams:', e.message) }
	`, "tracepoint perf_event",
		"error: syscall perf_event_open failed with errno = 2: No such file or directory (tracepoint sched/nothing)", "counted true", "traced")
	// Streams of programs came with Linux 6.17, the name of their function changed in 6.18; some kernels have no memory for them.
	harness.Eventually(t, "the output of the program", func() bool {
		s := w.Stdout.String()
		return strings.Contains(s, "stdout printed 8") || strings.Contains(s, "no streams:")
	})
	if s := w.Stdout.String(); strings.Contains(s, "no streams:") {
		t.Log(s[strings.Index(s, "no streams:"):])
	}
}

// A program that the verifier refuses ends weir with the verifier's reason in its log.
func TestRefusedProgram(t *testing.T) {
	t.Parallel()
	needMaps(t)
	b, err := os.ReadFile("../internal/ebpf/testdata/bad.o")
	if err != nil {
		t.Fatal(err)
	}
	w := harness.Spawn(t, harness.Config{Files: map[string]string{"bad.o": string(b), "main.js": "bpf.object(pipy.load('bad.o')).program('wild').load()"}})
	if code := w.WaitExit(); code == 0 {
		t.Error("weir succeeded")
	}
	for _, want := range []string{"errno = 13: Permission denied", "R1 invalid mem access 'scalar'"} {
		if !strings.Contains(w.Stderr.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, w.Stderr.String())
		}
	}
}

// TestProduceAndDump also holds a pipeline back: what waits is bounded, and comes once it goes on.
func TestProduceAndDump(t *testing.T) {
	t.Parallel()
	n, w := runHooks(t, `
		var commands = obj.map('commands'), type = new CStruct({ kind: 'uint32', value: 'uint32' })
		println('produced', commands.produce({ kind: 1, value: 2 }, { type }), commands.produce(new Data('go'), { type }))
		fails(() => commands.produce({ kind: 1 }))
		fails(() => commands.produce({ kind: 1 }, { type: 1 }))
		fails(() => commands.produce('text'))
		fails(() => commands.produce(new Data(new Array(5000).fill(0))))
		fails(() => obj.map('ring').produce(new Data('x')))
		var n = 2
		while (commands.produce(new Data('12345678'))) n++
		obj.program('drain').run({ data: packet })
		println('drained', count(3) === n, commands.produce(new Data('more')))

		var seen = 0
		obj.map('ring').listen({ type, maxPending: 10 }, $=>$.handleMessage(() => { if (++seen === 2000) println('all seen') }))
		for (var i = 0; i < 2000; i++) obj.program('emit').run({ data: packet })

		obj.map('flows').update({ address: [10, 0, 0, 1], port: 80 }, { kind: 3, value: 4 })
		obj.map('flows').pin('/sys/fs/bpf/flows')
		println('numbers', obj.map('flows').id, 'counts', obj.map('counts').id, 'end')
	`,
		"produced true true", "error: the map has no type for its records", "error: options.type expects a CStruct",
		"error: argument #1 expects an object", "a record of 5000 bytes does not fit", "use a user ring buffer", "drained true true",
		"all seen", "end")
	fields := strings.Fields(w.Stdout.String()[strings.Index(w.Stdout.String(), "numbers "):])
	for _, c := range []struct{ which, want string }{
		{fields[1], "{address: [10, 0, 0, 1], port: 80}: {kind: 3, value: 4}\n"},
		{fields[3], "0: 0\n1: 0\n2: 0\n"},
	} {
		if got := n.Must(harness.Binary(t), "bpf", "dump", c.which); !strings.HasPrefix(got, c.want) {
			t.Errorf("dump of map %s is %q, want %q", c.which, got, c.want)
		}
	}
	w.Signal(syscall.SIGTERM)
}
