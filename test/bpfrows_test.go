//go:build linux

package test

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/test/harness"
)

// inKernel is weir in a namespace of its own, with a script on the programs of rows.o that answers questions.
type inKernel struct {
	t *testing.T
	n *harness.Netns
	w *harness.Weir
}

// startRows runs a script that puts functions into ask, which take and return text. setup prepares the namespace.
func startRows(t *testing.T, setup func(n *harness.Netns), script string) *inKernel {
	t.Helper()
	n := harness.NewNetns(t)
	if setup != nil {
		setup(n)
	}
	files := map[string]string{"main.js": `
		var obj = bpf.object(pipy.load('rows.o'))
		var counts = obj.map('counts').create()
		var count = i => Number(counts.lookup({ i }).i)
		var port = n => ((n & 255) << 8 | n >> 8) * 65536
		var ask = {
			count,
			set: text => { var [name, value] = text.split('='); obj.variable(name).value = parseInt(value) },
		}
		var attempt = f => { try { return String(f()) } catch (e) { return 'error: ' + e.message } }
	` + script + `
		pipy.listen('[::1]:8000', $=>$.serveHTTP(req => {
			var [_, name, ...rest] = req.head.path.split('/')
			return new Message({ headers: { connection: 'close' } }, attempt(() => ask[name](rest.join('/'))))
		}))`}
	for _, name := range []string{"rows.o", "congestion.o"} {
		files[name] = stockObject(t, name)
	}
	r := &inKernel{t, n, harness.Start(t, harness.Config{Files: files, Binary: n.KernelBinary()})}
	harness.Eventually(t, "the script to answer", func() bool {
		return n.Run("bash", "-c", "exec 3<>/dev/tcp/::1/8000").Code == 0
	})
	return r
}

// ask returns what a function of the script says.
func (r *inKernel) ask(path string) string {
	r.t.Helper()
	c := r.n.Dial("tcp", "[::1]:8000")
	defer c.Close()
	if _, err := io.WriteString(c, "GET /"+path+" HTTP/1.0\r\n\r\n"); err != nil {
		r.t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	_, body, ok := strings.Cut(string(b), "\r\n\r\n")
	if err != nil || !ok {
		r.t.Fatalf("ask %s: %v: %q\n%s", path, err, b, r.w.Stderr.String())
	}
	return body
}

func (r *inKernel) want(path, want string) {
	r.t.Helper()
	if got := r.ask(path); got != want {
		r.t.Errorf("%s is %q, want %q", path, got, want)
	}
}

func (r *inKernel) count(i int) int {
	r.t.Helper()
	s := r.ask("count/" + strconv.Itoa(i))
	n, err := strconv.Atoi(s)
	if err != nil {
		r.t.Fatal(s)
	}
	return n
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, c net.Conn, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
		t.Fatalf("received %q, want %q: %v", b, want, err)
	}
}

// listenUDP hands over the datagrams that come to an address in a namespace; the empty text means that none came.
func listenUDP(t *testing.T, n *harness.Netns, addr string) <-chan string {
	t.Helper()
	var ln net.PacketConn
	var err error
	n.Do(func() { ln, err = net.ListenPacket("udp", addr) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	_ = ln.SetDeadline(time.Now().Add(harness.Patience))
	received := make(chan string)
	go func() {
		defer close(received)
		b := make([]byte, 100)
		for {
			n, _, err := ln.ReadFrom(b)
			if err != nil {
				return
			}
			select {
			case received <- string(b[:n]):
			case <-t.Context().Done():
				return
			}
		}
	}()
	return received
}

// A netfilter program sees packets that come in, and what it drops does not arrive.
func TestNetfilterProgram(t *testing.T) {
	t.Parallel()
	r := startRows(t, nil, `
		obj.program('filter').load().attach({ netfilter: 'ipv4', hook: 'input', priority: -10 })
		pipy.listen('127.0.0.1:8001', 'udp', $=>$.replaceData(d => new Data('>' + d.toString())))
	`)
	c := r.n.Dial("udp", "127.0.0.1:8001")
	send(t, c, "first")
	receive(t, c, ">first")
	r.ask("set/drop=1")
	before := r.count(0)
	send(t, c, "lost")
	harness.Eventually(t, "the program to see a packet", func() bool { return r.count(0) > before })
	r.ask("set/drop=0")
	send(t, c, "after")
	receive(t, c, ">after")
}

// socketMapScript has an echo server whose connections are put into a map of sockets in turn.
const socketMapScript = `
	var sockets = obj.map('sockets').create(), next = 0
	var link = obj.program('%s').load().attach({ map: sockets })
	ask.type = () => link.type + ' ' + link.info().program
	ask.program = () => obj.program('%[1]s').id
	ask.from = n => { obj.variable('from').value = port(n) }
	pipy.listen('127.0.0.1:8001', $=>$
		.onStart(ib => { sockets.update({ i: next++ }, ib.socket) })
		.replaceData(d => new Data('>' + d.toString())))
`

func localPort(c net.Conn) string {
	return strconv.Itoa(int(netip.MustParseAddrPort(c.LocalAddr().String()).Port()))
}

// A message that the server sends on one connection is handed to another as if it had come in there.
func TestMessageProgram(t *testing.T) {
	t.Parallel()
	r := startRows(t, nil, fmt.Sprintf(socketMapScript, "message"))
	a := r.n.Dial("tcp", "127.0.0.1:8001")
	send(t, a, "x")
	receive(t, a, ">x")
	b := r.n.Dial("tcp", "127.0.0.1:8001")
	send(t, b, "y")
	receive(t, b, ">y")
	if r.count(1) < 2 {
		t.Error("the program saw less than two messages")
	}
	r.ask("from/" + localPort(a))
	send(t, a, "z")
	receive(t, b, ">>z") // as what goes to a comes in on b
	if got, want := r.ask("type"), "sockmap "+r.ask("program"); got != want {
		t.Errorf("the link is %q, want %q", got, want)
	}
}

// What comes in on one connection is sent out on another without the server seeing it.
func TestStreamProgram(t *testing.T) {
	t.Parallel()
	r := startRows(t, nil, fmt.Sprintf(socketMapScript, "segment"))
	a := r.n.Dial("tcp", "127.0.0.1:8001")
	send(t, a, "x")
	receive(t, a, ">x")
	b := r.n.Dial("tcp", "127.0.0.1:8001")
	send(t, b, "y")
	receive(t, b, ">y")
	r.ask("from/" + localPort(a))
	send(t, a, "straight")
	receive(t, b, "straight")
	if r.count(2) < 3 {
		t.Error("the program saw less than three segments")
	}
}

// Frames that come in on one interface go out on another, which a map of devices names.
func TestRedirectToDevice(t *testing.T) {
	t.Parallel()
	a, b := harness.NewNetns(t), harness.NewNetns(t)
	r := startRows(t, func(n *harness.Netns) {
		n.Link(a, "va", "wa", nil, []string{"10.9.7.2/24"})
		n.Link(b, "vb", "wb", nil, []string{"10.9.7.3/24"})
	}, `
		var devices = obj.map('devices').create()
		devices.update(0, 'vb')
		obj.program('forward').load().attach({ xdp: 'va', mode: 'generic' })
		ask.device = () => devices.lookup(0).i
	`)
	mac := strings.TrimSpace(b.Must("cat", "/sys/class/net/wb/address"))
	a.Must("ip", "neigh", "add", "10.9.7.3", "lladdr", mac, "dev", "wa")
	received := listenUDP(t, b, "10.9.7.3:9")
	send(t, a.Dial("udp", "10.9.7.3:9"), "across")
	if got := <-received; got != "across" {
		t.Errorf("received %q", got)
	}
	if index := strings.TrimSpace(r.n.Must("cat", "/sys/class/net/vb/ifindex")); r.ask("device") != index {
		t.Errorf("the map has device %s, not %s", r.ask("device"), index)
	}
}

// A program runs with the samples of a clock, and notes where the processor was.
func TestPerfEventProgram(t *testing.T) {
	t.Parallel()
	r := startRows(t, nil, `
		var link = obj.program('tick').load().attach({ perfEvent: { type: 1, config: 0, freq: 500, cpu: 0 } })
		ask.type = () => link.type
		ask.stacks = () => obj.map('stacks').entries().filter(e => e[1].size === 1016).length
	`)
	r.want("type", "perf_event")
	harness.Eventually(t, "samples", func() bool { return r.count(4) > 2 && r.ask("stacks") != "0" })
}

// One link has a program run at several functions of a file, at their entry or return.
func TestUprobeMulti(t *testing.T) {
	t.Parallel()
	file, err := filepath.Abs("testdata/functions")
	if err != nil {
		t.Fatal(err)
	}
	r := startRows(t, nil, `
		var link, program = obj.program('called').load()
		ask.attach = ret => { link = program.attach({ uprobe: '`+file+`', symbols: ['first', 'second'], ret: ret === 'true' }); return link.type }
		ask.run = () => { pipy.exec(['`+file+`']); return count(5) }
		ask.close = () => { link.close() }
		ask.unknown = () => program.attach({ uprobe: '`+file+`', symbols: ['third'] })
	`)
	r.want("attach/false", "uprobe_multi")
	r.want("run", "3")
	r.ask("close")
	r.want("run", "3")
	r.want("attach/true", "uprobe_multi")
	r.want("run", "6")
	if got := r.ask("unknown"); !strings.Contains(got, "third") {
		t.Errorf("an unknown function gives %q", got)
	}
}

// A trace point with the types of the kernel has a program run.
func TestTypedTracepoint(t *testing.T) {
	t.Parallel()
	r := startRows(t, nil, `
		var link = obj.program('switched').load().attach()
		ask.link = () => link.type + ' ' + (link.info().program === obj.program('switched').id)
		ask.close = () => link.close()
	`)
	harness.Eventually(t, "processes to be switched", func() bool { return r.count(6) > 0 })
	r.want("link", "raw_tracepoint true")
	r.ask("close")
	after := r.count(6)
	r.want("count/6", strconv.Itoa(after))
}

// A program is part of a route: it sees what goes out on it, and drops it.
func TestRouteProgram(t *testing.T) {
	t.Parallel()
	peer := harness.NewNetns(t)
	r := startRows(t, func(n *harness.Netns) {
		n.Link(peer, "v", "w", []string{"10.9.6.1/24"}, []string{"10.9.6.2/24", "10.9.5.1/24"})
	}, `
		obj.program('routed').load().pin('/sys/fs/bpf/routed')
		ask.route = () => {
			var code
			pipy.exec(['ip', 'route', 'add', '10.9.5.0/24', 'encap', 'bpf', 'out', 'pinned', '/sys/fs/bpf/routed', 'via', '10.9.6.2'],
				{ stderr: true, onExit: c => { code = c } })
			return code
		}
	`)
	if got := r.ask("route"); got != "0" {
		t.Skipf("this ip or this kernel has no programs in routes: %s", got)
	}
	received := listenUDP(t, peer, "10.9.5.1:9")
	c := r.n.Dial("udp", "10.9.5.1:9")
	send(t, c, "first")
	if got := <-received; got != "first" || r.count(7) == 0 {
		t.Errorf("received %q, the program ran %d times", got, r.count(7))
	}
	r.ask("set/drop=1")
	before := r.count(7)
	_, _ = io.WriteString(c, "lost") // sending may fail, as the program says no
	harness.Eventually(t, "the program to see a packet", func() bool { return r.count(7) > before })
	r.ask("set/drop=0")
	send(t, c, "after")
	if got := <-received; got != "after" {
		t.Errorf("received %q", got)
	}
}

// Programs at kernel functions are loaded, attached and run; where the kernel cannot do it, the error says so.
func TestTrampolines(t *testing.T) {
	t.Parallel()
	r := startRows(t, nil, `
		var load = (name, options) => obj.program(name).load(null, null, options)
		ask.load = name => load(name).loaded
		ask.trace = name => {
			var program = load(name), link = program.attach()
			program.run({})
			return link.type + ' ' + count(name === 'enters' ? 8 : 9)
		}
		ask.cgroup = () => load('bound').attach({ cgroup: '/sys/fs/cgroup' }).type
		ask.replace = () => {
			var target = load('replaced')
			var link = load('replacement', { attachTarget: target, attachTo: 'replaceable' }).attach({ freplace: target, function: 'replaceable' })
			return link.type + ' ' + target.run({ data: new Data(new Array(64).fill(0)) }).retval
		}
		ask.trampolines = () => bpf.features.trampolines
	`)
	const lacks = "error: not supported by this kernel: programs attached to kernel functions (fentry, fexit, fmod_ret, lsm, freplace) (errno = 1: Operation not permitted)"
	able := r.ask("trampolines") == "true"
	for name, want := range map[string]map[string]string{
		"fentry":   {"trace/enters": "tracing 1", "trace/leaves": "tracing 1", "load/changes": "true"},
		"lsm":      {"load/opened": "true", "cgroup": "cgroup"},
		"freplace": {"replace": "tracing 7"},
	} {
		t.Run(name, func(t *testing.T) {
			for path, want := range want {
				if !able {
					want = lacks
				}
				if got := r.ask(path); got != want {
					t.Errorf("%s is %q, want %q", path, got, want)
				}
			}
			if !able {
				t.Skip("this kernel has no trampolines; the errors say so")
			}
		})
	}
}

// A congestion control made of programs serves a connection, is exchanged live, and goes with its link.
func TestStructOps(t *testing.T) {
	t.Parallel()
	r := startRows(t, nil, `
		var table = bpf.object(pipy.load('congestion.o')).load()
		var calls = i => Number(table.map('counts').lookup({ i }).i)
		var link = table.program('start').attach({ structOps: table.map('control') })
		var chosen
		ask.link = () => link.type
		ask.update = () => link.update(table.map('other'))
		ask.close = () => link.close()
		ask.chosen = () => chosen
		ask.calls = () => [calls(0) > 0, calls(2) > 0].join()
		ask.wrong = () => link.update(table.program('start'))
		pipy.listen('127.0.0.1:8002', $=>$)
		pipy.listen('127.0.0.1:8001', $=>$.connect('127.0.0.1:8002', {
			onState: ob => { if (ob.state === 'open') chosen = ob.socket.setRawOption(6, 13, new Data('weir_test')) }
		}))
	`)
	r.want("link", "struct_ops")
	transfer := func(chosen string) {
		t.Helper()
		c := r.n.Dial("tcp", "127.0.0.1:8001")
		defer c.Close()
		block := strings.Repeat("x", 1<<16)
		for range 16 {
			send(t, c, block)
			receive(t, c, block)
		}
		r.want("chosen", chosen)
	}
	transfer("0")
	r.want("calls", "true,true")
	if got := r.ask("wrong"); !strings.HasPrefix(got, "error: ") {
		t.Errorf("a program takes the place of a table: %s", got)
	}
	r.want("update", "undefined")
	transfer("0")
	r.ask("close")
	transfer("2") // ENOENT
}

// Iterators print what the kernel has of a kind, or of one process, map or cgroup.
func TestIterators(t *testing.T) {
	t.Parallel()
	r := startRows(t, nil, `
		var printed = {}
		var read = (name, target) => {
			var all = new Data
			obj.program(name).load().attach(target).read($=>$
				.handleData(d => { all.push(d) })
				.handleStreamEnd(() => { printed[name] = all }))
		}
		counts.update({ i: 9 }, { i: 99 })
		ask.read = name => read(name, { tasks: { iterator: { task: pipy.pid } }, elements: { iterator: { map: counts } },
			cgroups: { iterator: { cgroup: '/sys/fs/cgroup' } }, connections: undefined }[name])
		ask.size = name => printed[name] ? printed[name].size : -1
		ask.pid = () => new CStruct({ id: 'uint32' }).decode(printed.tasks).id === pipy.pid
		ask.element = () => { var e = new CStruct({ key: 'uint32', low: 'uint32' }).decode((printed.elements.shift(12 * 9), printed.elements)); return e.key + ' ' + e.low }
		ask.missing = () => obj.program('cgroups').load().attach({ iterator: { cgroup: '/sys/fs/cgroup/none' } })
	`)
	size := func(name string) (n int) {
		t.Helper()
		if got := r.ask("read/" + name); got != "undefined" {
			t.Fatalf("%s: %s", name, got)
		}
		harness.Eventually(t, name+" to be read", func() bool {
			_, err := fmt.Sscan(r.ask("size/"+name), &n)
			return err == nil && n >= 0
		})
		return n
	}
	if n := size("tasks"); n == 0 || n%4 != 0 {
		t.Errorf("%d bytes of tasks", n)
	}
	r.want("pid", "true")
	t.Run("elements", func(t *testing.T) {
		const lacks = "not supported by this kernel: iterators over the elements of maps"
		if strings.Contains(r.ask("read/elements"), lacks) {
			t.Skip(lacks)
		}
		if n := size("elements"); n != 16*12 {
			t.Errorf("%d bytes of 16 elements", n)
		}
		r.want("element", "9 99")
	})
	if n := size("cgroups"); n == 0 {
		t.Error("no cgroup")
	}
	if n := size("connections"); n < 2 {
		t.Errorf("%d connections", n)
	}
	if got := r.ask("missing"); !strings.Contains(got, "/sys/fs/cgroup/none") {
		t.Errorf("a missing cgroup gives %q", got)
	}
}

// Maps that belong to objects of the kernel have these as keys, and a program asks whether its process is in a cgroup of a map.
func TestStorageOfKernelObjects(t *testing.T) {
	t.Parallel()
	r := startRows(t, nil, `
		var store = name => obj.map(name).create()
		ask.task = () => { var m = store('of_task'); m.update(pipy.pid, { i: 5 }); var v = m.lookup(pipy.pid).i; m.delete(pipy.pid); return v + ' ' + m.has(pipy.pid) }
		ask.cgroup = () => { var m = store('of_cgroup'); m.update('/sys/fs/cgroup', { i: 6 }); return m.lookup('/sys/fs/cgroup').i }
		ask.none = () => store('of_cgroup').update('/sys/fs/cgroup/none', { i: 6 })
		ask.gone = () => store('of_task').update(1 << 30, { i: 6 })
		ask.grouped = () => {
			store('groups').update(0, '/sys/fs/cgroup')
			return obj.program('grouped').load().run({ repeat: 0 }).retval
		}
		ask.locked = () => { var m = store('guards'); m.update(1, { n: 5 }, 'lock'); return m.lookup(1, 4).n }
		pipy.listen('127.0.0.1:8001', $=>$.onStart(ib => {
			var m = store('of_socket')
			m.update(ib.socket, { i: 7 })
			return new Data('stored ' + m.lookup(ib.socket).i)
		}))
	`)
	r.want("task", "5 false")
	r.want("cgroup", "6")
	r.want("none", "error: Cannot open cgroup /sys/fs/cgroup/none")
	r.want("gone", "error: syscall pidfd_open failed with errno = 3: No such process")
	r.want("grouped", "1")
	r.want("locked", "5")
	receive(t, r.n.Dial("tcp", "127.0.0.1:8001"), "stored 7")
}

// A program goes to a netkit device, or the error says that the kernel has none.
func TestNetkitProgram(t *testing.T) {
	t.Parallel()
	made := false
	r := startRows(t, func(n *harness.Netns) {
		made = n.Run("ip", "link", "add", "k", "type", "netkit", "peer", "name", "l").Code == 0
		if !made {
			n.Must("ip", "link", "add", "k", "type", "veth", "peer", "name", "l")
		}
	}, `
		ask.attach = () => { var l = obj.program('device').load().attach({ netkit: 'k' }); return l.type + ' ' + bpf.query('k', 'BPF_NETKIT_PRIMARY').programs.length }
	`)
	if made {
		r.want("attach", "netkit 1")
		return
	}
	r.want("attach", "error: not supported by this kernel: netkit")
	t.Skip("this kernel has no netkit devices; the error says so")
}

// weir check loads, attaches and pins in memory: it needs no right, and nothing is in the kernel afterwards.
func TestCheckKernelPrograms(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	harness.WriteFile(t, filepath.Join(dir, "rows.o"), stockObject(t, "rows.o"))
	harness.WriteFile(t, filepath.Join(dir, "congestion.o"), stockObject(t, "congestion.o"))
	harness.WriteFile(t, filepath.Join(dir, "hooks.o"), hooks(t))
	harness.WriteFile(t, filepath.Join(dir, "good.js"), `
		var obj = bpf.object(pipy.load('rows.o')).load(), table = bpf.object(pipy.load('congestion.o')).load()
		var hooks = bpf.object(pipy.load('hooks.o'), { pinPath: '/sys/fs/bpf/weir-check' }).load()
		var kept = bpf.persist('check', () => new bpf.Map({ type: 'hash', name: 'weir_checked', keySize: 4, valueSize: 4, maxEntries: 9, pin: '/sys/fs/bpf/weir-check/map' }))
		var links = [
			obj.program('filter').attach({ netfilter: 'ipv4', hook: 'input', priority: 1 }),
			obj.program('message').attach({ map: obj.map('sockets') }),
			obj.program('forward').attach({ xdp: 'lo' }),
			obj.program('tick').attach({ perfEvent: { type: 1, config: 0, freq: 500 } }),
			obj.program('called').attach({ uprobe: '/usr/bin/true', symbols: ['main'] }),
			obj.program('switched').attach(),
			obj.program('device').attach({ netkit: 'nothing-here' }),
			obj.program('enters').attach(),
			obj.program('bound').attach({ cgroup: bpf.cgroupRoot }),
			obj.program('opened').attach(),
			table.program('start').attach({ structOps: table.map('control') }),
			hooks.program('tc_in').attach({ tcx: 'lo', direction: 'ingress' }),
			hooks.program('tc_in').attach({ tc: 'lo', direction: 'egress' }),
			hooks.program('cg_in').attach({ cgroup: bpf.cgroupRoot }),
			hooks.program('started').attach(),
			hooks.program('enter').attach(),
			hooks.program('probe').attach(),
		]
		links[2].pin('/sys/fs/bpf/weir-check/link')
		links[2].update(obj.program('forward'))
		bpf.attach('BPF_CGROUP_INET_INGRESS', hooks.program('cg_in').fd, bpf.cgroupRoot + '/sub')
		obj.program('tasks').attach().read($=>$.dummy())
		hooks.map('ring').listen($=>$.dummy())
		hooks.map('commands').produce(new Data('x'))
		hooks.program('emit').run({ data: new Data(new Array(64).fill(0)) })
		bpf.mountBPFFS('`+dir+`/fs')
		bpf.trace($=>$.dummy())
		obj.program('tasks').stdout($=>$.dummy())
		if (bpf.query('lo', 'BPF_TCX_INGRESS').programs[0].id !== hooks.program('tc_in').id) throw new Error('the query finds nothing')
		if (!bpf.features.trampolines || bpf.pins('/sys/fs/bpf/weir-check').length !== 2) throw new Error('a feature is missing')
	`)
	for name, line := range map[string]string{
		"target": "bpf.object(pipy.load('hooks.o')).program('pass').load().attach({ xdp: 'lo', speed: 1 })",
		"mode":   "bpf.object(pipy.load('hooks.o')).program('pass').load().attach({ xdp: 'lo', mode: 'fast' })",
		"type":   "bpf.object(pipy.load('hooks.o')).program('pass').load().attach({ tcx: 'lo', direction: 'ingress' })",
		"object": "bpf.object(new Data('nothing of the kind'))",
		"map":    "new bpf.Map({ type: 'tree', maxEntries: 1 })",
		"unload": "bpf.object(pipy.load('hooks.o')).program('pass').attach({ xdp: 'lo' })",
	} {
		harness.WriteFile(t, filepath.Join(dir, name+".js"), line)
	}
	binary, err := os.ReadFile(harness.Binary(t))
	if err != nil {
		t.Fatal(err)
	}
	weir := filepath.Join(dir, "weir")
	if err := os.WriteFile(weir, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, want string }{
		{"good", ""},
		{"target", "unknown option target.speed"},
		{"mode", "mode"},
		{"type", "a program of type XDP does not fit this target"},
		{"object", "not an ELF file"},
		{"map", "unknown bpf_map_type"},
		{"unload", "the program is not loaded: call load() first"},
	} {
		commands := map[string][]string{"as it is": {weir}}
		if os.Getuid() == 0 {
			harness.Need(t, "setpriv")
			commands["without rights"] = []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs",
				"--bounding-set=-all", "--inh-caps=-all", weir}
		}
		for how, command := range commands {
			r := harness.Run(t, command[0], append(command[1:], "check", filepath.Join(dir, c.file+".js"))...)
			if failed := c.want != ""; (r.Code == 1) != failed || !strings.Contains(r.Stdout+r.Stderr, c.want) {
				t.Errorf("%s, %s: code %d, want %q\n%s%s", c.file, how, r.Code, c.want, r.Stdout, r.Stderr)
			}
		}
	}
	for _, path := range []string{"/sys/fs/bpf/weir-check", dir + "/fs"} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s was made", path)
		}
	}
	if os.Getuid() != 0 {
		return
	}
	// With strace one sees that the kernel is not even asked.
	harness.Need(t, "strace")
	trace := filepath.Join(dir, "trace")
	if r := harness.Run(t, "strace", "-f", "-qq", "-e", "trace=bpf,perf_event_open,mount", "-o", trace, weir, "check", filepath.Join(dir, "good.js")); r.Code != 0 {
		t.Fatalf("code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	b, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if strings.Contains(line, "bpf(") || strings.Contains(line, "perf_event_open(") || strings.Contains(line, "mount(") {
			t.Errorf("check calls the kernel: %s", line)
		}
	}
}
