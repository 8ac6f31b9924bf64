//go:build linux

package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"weir/test/harness"
)

// needMaps skips a test where maps cannot be created.
func needMaps(t *testing.T) {
	t.Helper()
	w := harness.Spawn(t, harness.Config{Script: `
		try { new bpf.Map({ type: 'array', keySize: 4, valueSize: 4, maxEntries: 1 }) } catch (e) { console.log('none: ' + e.message) }
		pipy.exit(0)`})
	w.WaitExit()
	if text := w.Stderr.String(); strings.Contains(text, "none: ") {
		t.Skip("no map can be created here: ", text)
	}
}

// persistScript keeps a map over reloads and counts in it who has seen it. Its first line is replaced.
const persistScript = `
	var generation = %d
	var map = bpf.persist('seen', () => {
		console.log('factory in ' + generation)
		var seen = new bpf.Map({ type: 'hash', keySize: 4, valueType: new CStruct({ n: 'uint32' }), maxEntries: 1000, name: 'seen' })
		return { seen, names: ['a', new bpf.Map({ type: 'array', keySize: 4, valueSize: 4, maxEntries: 1 })] }
	})
	map.seen.update(generation * 10 + pipy.thread.id, { n: generation })
	console.log('thread ' + pipy.thread.id + ' of ' + generation + ' has map ' + map.seen.id + ' and ' + map.names[0] + map.names[1].id + ' with ' + map.seen.size())
	pipy.reload(() => { throw new Error('thrown in ' + generation) })
	pipy.reload(() => {
		console.log('thread ' + pipy.thread.id + ' replaced in ' + generation + ' with ' + (map.seen.size() >= 2 * generation) )
		return new Timeout(0.01).wait().then(() => {
			console.log('thread ' + pipy.thread.id + ' handed over in ' + generation + ' ' + map.seen.has(generation * 10))
			throw new Error('rejected in ' + generation)
		})
	})
	pipy.listen(%d, $=>$.replaceData())
`

// What bpf.persist keeps is made once for all threads and versions of the script, until bpf.forget; handles of it do
// not pile up.
func TestPersistOverReloads(t *testing.T) {
	t.Parallel()
	needMaps(t)
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{Script: fmt.Sprintf(persistScript, 1, port), Flags: []string{"--threads=2"}, Listen: []int{port}})
	const rounds = 20
	files := 0
	reload := func(n int, script string) {
		harness.WriteFile(t, filepath.Join(w.Dir, "main.js"), script)
		w.Signal(syscall.SIGHUP)
		harness.Eventually(t, "reload", func() bool { return strings.Count(w.Stderr.String(), "Codebase reloaded on thread") == 2*n })
	}
	for i := 1; i <= rounds; i++ {
		for thread := range 2 {
			w.WaitLog(fmt.Sprintf("thread %d of %d has map ", thread, i))
		}
		if i == 3 {
			files = harness.OpenFiles(t, w.PID)
		}
		reload(i, fmt.Sprintf(persistScript, i+1, port))
		for thread := range 2 {
			w.WaitLog(fmt.Sprintf("thread %d replaced in %d with true", thread, i))
			w.WaitLog(fmt.Sprintf("thread %d handed over in %d true", thread, i))
		}
	}
	for thread := range 2 {
		w.WaitLog(fmt.Sprintf("thread %d of %d has map ", thread, rounds+1))
	}
	harness.Eventually(t, "handles to be closed", func() bool { return harness.OpenFiles(t, w.PID) <= files+2 })
	w.WaitLog(fmt.Sprintf("Error: thrown in %d", rounds))
	w.WaitLog(fmt.Sprintf("Error: rejected in %d", rounds))
	log := w.Stderr.String()
	if n := strings.Count(log, "factory in "); n != 1 {
		t.Errorf("the factory ran %d times", n)
	}
	var id int
	_, rest, _ := strings.Cut(log, " has map ")
	if _, err := fmt.Sscan(rest, &id); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log, fmt.Sprintf(" has map %d and a", id)); n != 2*(rounds+1) {
		t.Errorf("map %d was seen %d times", id, n)
	}
	if !strings.Contains(log, fmt.Sprintf(" with %d\n", 2*(rounds+1))) {
		t.Errorf("not all %d elements are there", 2*(rounds+1))
	}
	// A version that cannot be loaded changes nothing, and is not told that it was replaced.
	harness.WriteFile(t, filepath.Join(w.Dir, "main.js"), "pipy.reload(() => console.log('never')); bpf.persist('seen').no")
	w.Signal(syscall.SIGHUP)
	w.WaitLog("Failed reloading codebase")
	reload(rounds+1, fmt.Sprintf(`
		var id = %d, other = () => new bpf.Map({ type: 'array', keySize: 4, valueSize: 8, maxEntries: 1 })
		console.log('forgotten: ' + bpf.forget('seen') + bpf.forget('nothing'))
		if (pipy.thread.id === 0) {
			var a = bpf.persist('one', other), b = bpf.persist('one', other), c = bpf.persist('one', other, other())
			var d = bpf.persist('one', () => new bpf.Map({ type: 'hash', keySize: 4, valueSize: 4, maxEntries: 1 }), new bpf.Map({ type: 'hash', keySize: 4, valueSize: 4, maxEntries: 1 }))
			console.log('the same: ' + [a.id === b.id, b.id === c.id, c.id === d.id].join())
			try { bpf.persist('two', () => 5) } catch (e) { console.log('refused: ' + e.message) }
			try { bpf.persist('three', () => { throw new Error('thrown') }) } catch (e) { console.log('passed on: ' + e.message) }
		}
		pipy.listen(%d, $=>$.replaceData())
		pipy().task('0.01s').onStart(new StreamEnd).handleStreamEnd(() => {
			if (!bpf.Map.list().some(m => m.id === id)) console.log('map ' + id + ' has gone')
		})
	`, id, port))
	w.WaitLog("forgotten: truefalse")
	w.WaitLog("forgotten: falsefalse")
	w.WaitLog("the same: true,true,false")
	w.WaitLog("refused: the factory must return a Map, Program, ObjectFile or Link, or an object or array of such")
	w.WaitLog("passed on: thrown")
	w.WaitLog(fmt.Sprintf("map %d has gone", id))
	if strings.Contains(w.Stderr.String(), "] never") {
		t.Error("a version that was not loaded was told of a reload")
	}
}

// mountBinary returns a program that runs weir in a mount namespace of its own, for Config.Binary.
func mountBinary(t *testing.T) string {
	t.Helper()
	harness.Need(t, "unshare", "mount")
	if r := harness.Run(t, "unshare", "--mount", "true"); r.Code != 0 {
		t.Skipf("no mount namespace: %s", r.Stderr)
	}
	file := filepath.Join(t.TempDir(), "weir")
	if err := os.WriteFile(file, []byte("#!/bin/sh\nexec unshare --mount "+harness.Binary(t)+` "$@"`+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// Pins are made and found in a bpffs of weir's own, which it mounts.
func TestPins(t *testing.T) {
	t.Parallel()
	needMaps(t)
	object, err := os.ReadFile("../internal/ebpf/testdata/counter.o")
	if err != nil {
		t.Fatal(err)
	}
	w := harness.Spawn(t, harness.Config{Binary: mountBinary(t), Files: map[string]string{"counter.o": string(object), "main.js": `
		function fails(f) { try { f(); return 'no failure' } catch (e) { return e.message + ' ' + e.errno } }
		function expect(what, got, want) { console.log((got === want ? 'right: ' : 'wrong: ') + what + ': ' + got) }
		var dir = pipy.argv[1] + '/fs'
		expect('mount', bpf.mountBPFFS(dir), true)
		expect('again', bpf.mountBPFFS(dir), false)
		var l = new CStruct({ n: 'uint32' })
		var m = new bpf.Map({ type: 'hash', keyType: l, valueType: l, maxEntries: 5, name: 'mine' })
		m.update({ n: 1 }, { n: 7 })
		m.pin(dir + '/map')
		bpf.pin(dir + '/again', m.fd)
		expect('taken', fails(() => m.pin(dir + '/map')), 'syscall BPF_OBJ_PIN failed with errno = 17: File exists 17')
		expect('not in bpffs', fails(() => bpf.pin('/tmp/x', m)), 'syscall BPF_OBJ_PIN failed with errno = 1: Operation not permitted 1')
		expect('nothing there', fails(() => bpf.get(dir + '/none')), 'syscall BPF_OBJ_GET failed with errno = 2: No such file or directory 2')
		var found = bpf.Map.get(dir + '/map', l, l)
		expect('value', found.lookup({ n: 1 }).n, 7)
		expect('id', found.id, m.id)
		expect('number', bpf.get(dir + '/map') > 2, true)
		var o = bpf.object(pipy.load('counter.o'), { pinPath: dir, maps: { packets: { pin: dir + '/packets' } } })
		var p = o.program('count').load('xdp')
		p.pin(dir + '/program')
		expect('program', bpf.Program.get(dir + '/program').id, p.id)
		expect('kinds', bpf.pins(dir).map(x => x.path.slice(dir.length) + '=' + x.kind + (x.id > 0)).join(), '/again=maptrue,/map=maptrue,/packets=maptrue,/program=programtrue')
		o.map('packets').update({}, { i: 3 })
		o.close()
		var o2 = bpf.object(pipy.load('counter.o'), { maps: { packets: { pin: dir + '/packets' } } })
		o2.map('packets').create()
		expect('reused', o2.map('packets').lookup({}).i, 3)
		expect('other size', fails(() => bpf.object(pipy.load('counter.o'), { maps: { packets: { pin: dir + '/map' } } }).map('packets').create()).includes('number of entries'), true)
		m.unpin()
		p.unpin()
		expect('unpinned', bpf.pins(dir).map(x => x.path.slice(dir.length)).join(), '/again,/packets')
		m.pin('/sys/fs/bpf/weir-test')
		expect('usual place', bpf.Map.get('/sys/fs/bpf/weir-test').id, m.id)
		expect('token', fails(() => bpf.pins(dir + '/none')).includes('no such file'), true)
		var root = bpf.cgroupRoot
		expect('cgroups', os.stat(root + '/cgroup.controllers') !== null && bpf.cgroup(root) > 0, true)
		console.log('done')
		pipy.exit(0)
	`}, Args: []string{t.TempDir()}})
	w.WaitExit()
	log := w.Stderr.String()
	if strings.Contains(log, "wrong: ") || !strings.Contains(log, "done") {
		t.Error(log)
	}
	if _, err := os.Stat("/sys/fs/bpf/weir-test"); err == nil {
		t.Error("the pin is in the mount namespace of the machine")
	}
}
