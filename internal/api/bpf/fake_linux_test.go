package bpf

import (
	"encoding/hex"
	"os"
	"strings"
	"syscall"
	"testing"

	"weir/internal/api/cstruct"
	"weir/internal/api/json"
	"weir/internal/api/lang"
	"weir/internal/ebpf"
	"weir/internal/ebpf/events"
	_ "weir/internal/filter"
	"weir/internal/filter/filtertest"
	"weir/internal/metrics"
	"weir/internal/script"
)

// loading has P load a program by type and attach type.
const loading = `var P = (type, at) => bpf.object(F.counter()).program('count').load('BPF_PROG_TYPE_' + type, at); `

// What scripts do with links is the same for every kernel: their members, the errors, what is left over.
func TestFakeLinks(t *testing.T) {
	t.Parallel()
	const tcx = loading + `var p = P('SCHED_CLS'), q = P('SCHED_CLS'), r = P('SCHED_CLS'), at = { tcx: 'e', direction: 'ingress' };
		var order = () => bpf.query('e', 'BPF_TCX_INGRESS').programs.map(x => ({ [p.id]: 'p', [q.id]: 'q', [r.id]: 'r' })[x.id]).join(''); `
	const group = loading + `var cg = '/sys/fs/cgroup/x', at = 'BPF_CGROUP_INET_INGRESS', p = P('CGROUP_SKB', at), q = P('CGROUP_SKB', at);
		var ids = () => bpf.query(cg, at).programs.map(x => x.id === p.id ? 'p' : 'q').join(''); `
	for _, c := range []struct{ name, src, want string }{
		{"xdp", loading + `var l = P('XDP').attach({ xdp: 'e' }); J(l.info()) + l.type + l.program.name + bpf.Link.list().length + bpf.Link.open(l.id).program.id`,
			`{"id":1,"type":"xdp","program":1,"ifindex":1,"interface":"e"}xdpcount11`},
		{"xdp twice", loading + `P('XDP').attach({ xdp: 'e' }); P('XDP').attach({ xdp: 'f' }); P('XDP').attach({ xdp: 'e' })`,
			"error: syscall BPF_LINK_CREATE failed with errno = 16: Device or resource busy"},
		{"xdp again", loading + `var l = P('XDP').attach({ xdp: 'e' }); l.close(); l.close(); P('XDP').attach({ xdp: 'e' }); bpf.Link.list().length`, "1"},
		{"no interface", loading + `P('XDP').attach({ xdp: 'gone' })`, "error: options.interface expects the name or index of one: no interface gone: see ip link"},
		{"wrong program", loading + `P('XDP').attach({ tcx: 'e', direction: 'egress' })`,
			"error: syscall BPF_LINK_CREATE failed with errno = 22: Invalid argument (a program of type XDP does not fit this target)"},
		{"update", loading + `var p = P('XDP'), q = P('XDP'), l = p.attach({ xdp: 'e' }); l.update(q, { old: p }); var now = l.info().program === q.id && l.program === q;
			try { l.update(p, { old: p }) } catch (e) { now + e.message }`, "truesyscall BPF_LINK_UPDATE failed with errno = 1: Operation not permitted"},
		{"update of another type", loading + `P('XDP').attach({ xdp: 'e' }).update(P('SCHED_CLS'))`, "error: syscall BPF_LINK_UPDATE failed with errno = 22: Invalid argument"},
		{"tcx", tcx + `var l = p.attach(at), h = q.attach(at, { anchor: 'head' }); r.attach(at, { anchor: { before: l } }); var all = order(); h.close(); all + order() + bpf.query('e', 'BPF_TCX_EGRESS').programs.length`, "qrprp0"},
		{"tcx after", tcx + `p.attach(at); q.attach(at); r.attach(at, { anchor: { after: p } }); order()`, "prq"},
		{"tcx by id", tcx + `p.attach(at); q.attach(at, { anchor: { before: p.id } }); order()`, "qp"},
		{"tcx anchor", tcx + `p.attach(at, { anchor: 'middle' })`, "error: anchor is \"middle\": use head, tail, before, after or replace"},
		{"tcx anchored to a closed link", tcx + `var l = p.attach(at); l.close(); q.attach(at, { anchor: { before: l } })`, "error: the anchor is not attached"},
		{"tcx replacing a link", tcx + `q.attach(at, { anchor: { replace: p.attach(at) } })`, "error: a link's program is replaced by its method update"},
		{"tc", loading + `var l = P('SCHED_CLS').attach({ tc: 'e', direction: 'egress', priority: 3 }); [l.type, l.id, l.fd, l.info().program, bpf.Link.list().length].join()`, "tc,0,0,1,0"},
		{"tc pinned", loading + `P('SCHED_CLS').attach({ tc: 'e', direction: 'egress' }).pin('/p')`, "error: tc cannot be pinned"},
		{"tc detached", loading + `P('SCHED_CLS').attach({ tc: 'e', direction: 'egress' }).detach()`, "error: this target is left by close"},
		{"netkit", loading + `var l = P('SCHED_CLS').attach({ netkit: 'e', peer: true }); l.type + bpf.query('e', 'BPF_NETKIT_PEER').programs.length + bpf.query('e', 'BPF_NETKIT_PRIMARY').programs.length`, "netkit10"},
		{"kprobe.multi is missing", loading + `P('KPROBE', 'BPF_TRACE_KPROBE_MULTI').attach({ kprobe: ['a', 'b'] })`, "error: not supported by this kernel: kprobe_multi links"},
		{"kprobe.session is missing", loading + `P('KPROBE', 'BPF_TRACE_KPROBE_SESSION').attach({ kprobe: 'a', session: true })`, "error: not supported by this kernel: kprobe_multi links"},
		{"kprobe.multi with an offset", loading + `P('KPROBE').attach({ kprobe: ['a', 'b'], offset: 4 })`, "error: kprobe.multi links: offset is for a single kprobe"},
		{"cgroup", group + `var l = p.attach({ cgroup: cg }); J(l.info()) + ids()`, `{"id":1,"type":"cgroup","program":1,"cgroup":1099511627783,"attachType":0}p`},
		{"cgroup is missing", group + `p.attach({ cgroup: '/none' })`, "error: cgroup links: cannot open cgroup /none: no such file or directory"},
		{"cgroup of an LSM program", loading + `P('LSM', 'BPF_LSM_CGROUP').attach({ cgroup: '/sys/fs/cgroup/x' }).type`, "cgroup"},
		{"legacy", group + `bpf.attach(at, p.fd, cg); var a = ids(); bpf.attach(at, q.fd, cg); var b = ids(); bpf.detach(at, q.fd, cg); a + b + ids().length`, "pq0"},
		{"legacy, many", group + `bpf.attach(at, p, cg, { flags: ['multi'] }); bpf.attach(at, q, cg, { flags: ['multi'] }); var a = ids(); bpf.detach(at, p, cg); a + ids()`, "pqq"},
		{"legacy, replacing", group + `bpf.attach(at, p, cg, { flags: ['multi'] }); bpf.attach(at, q, cg, { flags: ['multi', 'replace'], replace: p }); ids()`, "q"},
		{"legacy, alone among many", group + `bpf.attach(at, p, cg, { flags: ['multi'] }); bpf.attach(at, q, cg)`, "error: syscall BPF_PROG_ATTACH failed with errno = 1: Operation not permitted"},
		{"legacy beside a link", group + `p.attach({ cgroup: cg }); bpf.attach(at, q, cg)`, "error: syscall BPF_PROG_ATTACH failed with errno = 1: Operation not permitted"},
		{"legacy, twice", group + `bpf.attach(at, p, cg, { flags: ['multi'] }); bpf.attach(at, p, cg, { flags: ['multi'] })`, "error: syscall BPF_PROG_ATTACH failed with errno = 22: Invalid argument"},
		{"legacy, nothing there", group + `bpf.detach(at, p, cg)`, "error: syscall BPF_PROG_DETACH failed with errno = 2: No such file or directory"},
		{"legacy, no cgroup", group + `bpf.attach(at, p, '/none')`, "error: Cannot open cgroup /none"},
		{"legacy, no program", group + `bpf.attach(at, 9999, cg)`, "error: syscall BPF_PROG_ATTACH failed with errno = 9: Bad file descriptor"},
		{"netns", loading + `P('SK_LOOKUP', 'BPF_SK_LOOKUP').attach({ netns: 'self' }).type + P('FLOW_DISSECTOR', 'BPF_FLOW_DISSECTOR').attach({ netns: '/none' })`,
			"error: links to network namespaces: cannot open the network namespace /none"},
		{"netfilter", loading + `var l = P('NETFILTER', 'BPF_NETFILTER').attach({ netfilter: 'ipv6', hook: 'output', priority: 7 }); l.update(P('NETFILTER'))`,
			"error: not supported by this kernel: exchange of this kind of link; attach the new program, then close the old link"},
		{"netfilter hook", loading + `P('NETFILTER').attach({ netfilter: 'ipv4', hook: 'in' })`, "error: netfilter links: hook is \"in\": use forward, input, output, postrouting or prerouting"},
		{"sockets in a map", loading + `var m = new bpf.Map({ type: 'sockhash', keySize: 4, valueSize: 4, maxEntries: 3 }); var l = P('SK_MSG', 'BPF_SK_MSG_VERDICT').attach({ map: m }); l.type + bpf.query(m, 'BPF_SK_MSG_VERDICT').programs[0].linkId`, "sockmap1"},
		{"sockets", loading + `P('SOCKET_FILTER').attach({ socket: 5 }).type + P('SK_REUSEPORT', 'BPF_SK_REUSEPORT_SELECT').attach({ reuseport: 5 }).type`, "socketreuseport"},
		{"kprobe", loading + `var k = P('KPROBE'); [k.attach({ kprobe: 'vfs_read', offset: 4 }), k.attach({ kprobe: 'vfs_read', ret: true }, { cookie: 7 })].map(l => l.type).join() + bpf.Link.list().length`, "perf_event,perf_event2"},
		{"uprobe", loading + `var k = P('KPROBE'); [k.attach({ uprobe: '/bin/x', symbol: 'f' }), k.attach({ uprobe: '/bin/x', symbols: ['f', 'g'], ret: true }), k.attach({ uprobe: '/bin/x', offset: 64 }), k.attach({ usdt: '/bin/x', provider: 'a', name: 'b' })].map(l => l.type).join()`,
			"perf_event,uprobe_multi,perf_event,usdt"},
		{"uprobe without a place", loading + `P('KPROBE').attach({ uprobe: '/bin/x' })`, "error: options.symbol expects a string, unless symbols or offset are given"},
		{"tracepoint", loading + `P('TRACEPOINT').attach({ tracepoint: 'sched/sched_switch' }).type + P('RAW_TRACEPOINT').attach({ rawTracepoint: 'sys_enter' }).type + P('TRACEPOINT').attach({ tracepoint: 'sched' })`,
			"error: tracepoint sched: tracepoint is \"sched\": use group/name, as in /sys/kernel/tracing/events"},
		{"perf event", loading + `P('PERF_EVENT').attach({ perfEvent: { type: 1, config: 0, period: 1000 } }).type`, "perf_event"},
		{"tracing", loading + `var p = P('TRACING', 'BPF_TRACE_FENTRY'); p.attach({ tracing: true }).type + P('TRACING', 'BPF_TRACE_RAW_TP').attach({ tracing: true }, { cookie: 1 }).type + P('LSM', 'BPF_LSM_MAC').attach({ lsm: true }).type +
			P('EXT').attach({ freplace: p, function: 'f' }).type`, "tracingtracingtracingtracing"},
		{"freplace without a target", loading + `P('EXT').attach({ freplace: bpf.object(F.counter()).program('count') })`, "error: options.freplace expects a Program that is loaded"},
		{"attachTarget", loading + `var p = P('XDP'); bpf.object(F.counter()).program('count').load('BPF_PROG_TYPE_EXT', null, { attachTarget: p, attachTo: 'f' }).type`, "28"},
		{"attachTarget is not loaded", `var o = bpf.object(F.counter()); o.program('count').load('BPF_PROG_TYPE_EXT', null, { attachTarget: o.program('count') })`, "error: options.attachTarget is not loaded"},
		{"iterator", loading + `P('TRACING', 'BPF_TRACE_ITER').attach({ iterator: { task: 1 } }).type + P('XDP').attach({ iterator: true })`,
			"error: syscall BPF_LINK_CREATE failed with errno = 22: Invalid argument (a program of type XDP does not fit this target)"},
		{"struct_ops", loading + `var m = new bpf.Map({ type: 'struct_ops', valueSize: 8, maxEntries: 1, keySize: 4 }); var l = P('XDP').attach({ structOps: m }); l.update(m); l.type + l.info().program`, "struct_ops0"},
		{"a map for a program", loading + `P('XDP').attach({ xdp: 'e' }).update(new bpf.Map({ type: 'array', keySize: 4, valueSize: 4, maxEntries: 1 }))`, "error: xdp takes a program, not a map"},
		{"options", loading + `P('XDP').attach({ xdp: 'e' }, { cookie: 1 })`, "error: XDP links: options.cookie has no meaning for this target"},
		{"pins", loading + `var p = P('XDP'), l = p.attach({ xdp: 'e' }), m = new bpf.Map({ type: 'array', keySize: 4, valueSize: 4, maxEntries: 1 }); l.pin('/b/l'); p.pin('/b/p'); m.pin('/b/m'); l.close(); var again = bpf.Link.get('/b/l');
			var kept = bpf.pins('/b').map(x => x.path + x.kind + x.id).join() + again.type; again.detach(); again.unpin(); p.unpin(); [kept, bpf.pins('/b').length, bpf.mountBPFFS('/b'), bpf.mountBPFFS('/b'), bpf.cgroupRoot].join()`,
			"/b/llink1,/b/mmap2,/b/pprogram1xdp,1,true,false,/sys/fs/cgroup"},
		{"pinned twice", loading + `var l = P('XDP').attach({ xdp: 'e' }); l.pin('/l'); l.pin('/l')`, "error: syscall BPF_OBJ_PIN failed with errno = 17: File exists"},
		{"detached", loading + `var p = P('XDP'), l = p.attach({ xdp: 'e' }); l.detach(); l.update(p)`, "error: syscall BPF_LINK_UPDATE failed with errno = 67: Link has been severed"},
		{"closed", loading + `var p = P('XDP'), l = p.attach({ xdp: 'e' }); l.close(); l.update(p)`, "error: this link is closed"},
		{"unknown", `bpf.Link.open(5)`, "error: syscall BPF_LINK_GET_FD_BY_ID failed with errno = 2: No such file or directory"},
		{"unpinned", `bpf.Link.get('/x')`, "error: syscall BPF_OBJ_GET failed with errno = 2: No such file or directory"},
		{"programs of links live", loading + `var p = P('XDP'), l = p.attach({ xdp: 'e' }); p.close(); bpf.Link.open(l.id).close(); var one = bpf.Program.list().length; l.close(); one + ' ' + bpf.Program.list().length`, "1 0"},
		{"storage", `var m = new bpf.Map({ type: 'task_storage', keySize: 4, valueSize: 4, maxEntries: 1 }), g = new bpf.Map({ type: 'cgrp_storage', keySize: 4, valueSize: 4, maxEntries: 1 });
			m.update(7, 5); g.update('/sys/fs/cgroup/x', 6); hex(m.lookup(7)) + hex(g.lookup('/sys/fs/cgroup/x')) + m.has(8)`, "0500000006000000false"},
		{"descriptors as values", loading + `var m = new bpf.Map({ type: 'prog_array', keySize: 4, valueSize: 4, maxEntries: 2 }), g = new bpf.Map({ type: 'cgroup_array', keySize: 4, valueSize: 4, maxEntries: 2 }), p = P('XDP'); m.update(1, p); g.update(0, '/sys/fs/cgroup/x'); (m.lookup(1) === p.id) + ' ' + g.size()`, "true 1"},
		{"devices as values", `var m = new bpf.Map({ type: 'devmap', keySize: 4, valueSize: 4, maxEntries: 2 }); m.update(0, 'e'); hex(m.lookup(0))`, "01000000"},
		{"produce", `var m = new bpf.Map({ type: 'user_ringbuf', maxEntries: 32, name: 'commands' }), d = new Data('12345678'); [m.produce(d), m.produce(d), m.produce(d)].join()`, "true,true,false"},
		{"produce elsewhere", `new bpf.Map({ type: 'array', keySize: 4, valueSize: 4, maxEntries: 1 }).produce(new Data('x'))`, "error: user ring buffers: a map of type Array takes no events: use a user ring buffer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := ebpf.NewFake()
			f.Missing["gone"], f.Missing["/none"] = true, true
			f.Lacks["kprobe_multi"] = true
			check(t, f, c.src, c.want)
		})
	}
}

// A kernel without trampolines refuses all programs that need them with EPERM; one that has them means it.
func TestFakeTrampolines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		program string
		able    bool
		want    string
	}{
		{`P('TRACING', 'BPF_TRACE_FENTRY')`, false, "error: not supported by this kernel: programs attached to kernel functions (fentry, fexit, fmod_ret, lsm, freplace) (errno = 1: Operation not permitted)"},
		{`P('LSM', 'BPF_LSM_MAC')`, false, "error: not supported by this kernel: programs attached to kernel functions (fentry, fexit, fmod_ret, lsm, freplace) (errno = 1: Operation not permitted)"},
		{`P('EXT')`, false, "error: not supported by this kernel: programs attached to kernel functions (fentry, fexit, fmod_ret, lsm, freplace) (errno = 1: Operation not permitted)"},
		{`bpf.object(F.counter()).program('count').load('BPF_PROG_TYPE_TRACING', 'BPF_TRACE_ITER', { attachTo: 'bpf_map_elem' })`, false, "error: not supported by this kernel: iterators over the elements of maps (errno = 1: Operation not permitted)"},
		{`bpf.object(F.counter()).program('count').load('BPF_PROG_TYPE_TRACING', 'BPF_TRACE_ITER', { attachTo: 'task' })`, false, "error: syscall BPF_PROG_LOAD failed with errno = 1: Operation not permitted"},
		{`P('TRACING', 'BPF_TRACE_FEXIT')`, true, "error: syscall BPF_PROG_LOAD failed with errno = 1: Operation not permitted"},
		{`P('XDP')`, false, "error: syscall BPF_PROG_LOAD failed with errno = 1: Operation not permitted"},
	} {
		f := ebpf.NewFake()
		f.Fails["BPF_PROG_LOAD"] = []syscall.Errno{syscall.EPERM}
		f.Features[ebpf.Feature{Kind: ebpf.FeatureTrampolines}] = c.able
		if got := run(t, f, loading+c.program); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %s, want %s", c.program, got, c.want)
		}
	}
}

// Congestion control and the like on a kernel that has no struct_ops.
func TestFakeStructOps(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../../test/testdata/bpf/congestion.o")
	if err != nil {
		t.Fatal(err)
	}
	src := `var o = bpf.object(new Data('` + hex.EncodeToString(b) + `', 'hex')).load(); var l = o.program('start').attach({ structOps: o.map('control') });
		l.update(o.map('other')); [l.type, o.programs.every(p => p.loaded), bpf.Link.list().length].join()`
	f := ebpf.NewFake()
	if got := run(t, f, src); got != "struct_ops,true,1" {
		t.Error(got)
	}
	f.Lacks["struct_ops"] = true
	if got := run(t, f, src); got != "error: not supported by this kernel: struct_ops" {
		t.Error(got)
	}
}

// rigNamespaces are those that a Rig does not have.
var rigNamespaces = []*script.Namespace{lang.Namespace, json.Namespace, cstruct.Namespace, Namespace}

// loadOn runs a script on a kernel. COUNTER in it stands for the object counter.o, in hexadecimal.
func loadOn(t *testing.T, f *ebpf.Fake, src string) *filtertest.Rig {
	t.Helper()
	rig := filtertest.Empty(t, rigNamespaces...)
	Use(rig.World, f)
	object, err := os.ReadFile("../../ebpf/testdata/counter.o")
	if err != nil {
		t.Fatal(err)
	}
	if err := rig.Load(strings.ReplaceAll(src, "COUNTER", "'"+hex.EncodeToString(object)+"'")); err != nil {
		t.Fatal(err)
	}
	return rig
}

// Events that a test pushes go through pipelines as those of the kernel do.
func TestFakeEvents(t *testing.T) {
	t.Parallel()
	f := ebpf.NewFake()
	f.Prints = "one line\n"
	rig := loadOn(t, f, `
		var type = new CStruct({ kind: 'uint32', more: 'uint16' })
		var show = name => $=>$.handleMessage(m => test.log(name, m.payload ? m.payload.kind + '/' + m.payload.more : '-', m.head.cpu, m.head.lost, m.body ? m.body.size : 0))
		var ring = new bpf.Map({ type: 'ringbuf', maxEntries: 4096, name: 'ring' })
		var perf = new bpf.Map({ type: 'perf_event_array', keySize: 4, valueSize: 4, maxEntries: 2, name: 'perf' })
		ring.listen({ type }, show('ring'))
		var source = perf.listen({ type, pages: 1 }, show('perf'))
		var program = bpf.object(new Data(COUNTER, 'hex')).program('count').load('BPF_PROG_TYPE_TRACING', 'BPF_TRACE_ITER')
		var link = program.attach({ iterator: true })
		link.read($=>$.handleData(d => test.log('iterator', d.toString().trim())))
		program.stdout($=>$.handleData(d => test.log('stdout', d.size)))
		bpf.trace($=>$.handleData(d => test.log('trace', d.size)))
		var fails = f => { try { f() } catch (e) { test.log(e.message) } }
		fails(() => ring.listen({ pages: 2 }, show('none')))
		fails(() => new bpf.Map({ type: 'array', keySize: 4, valueSize: 4, maxEntries: 1 }).listen(show('none')))
	`)
	var seen strings.Builder
	wait := func(want ...string) {
		t.Helper()
		for _, w := range want {
			rig.Until(w, func() bool {
				seen.WriteString(rig.Notes() + " ")
				return strings.Contains(seen.String(), w)
			})
		}
	}
	f.Push("ring", events.Record{CPU: -1, Data: []byte{7, 0, 0, 0, 9, 0}})
	f.Push("perf", events.Record{CPU: 1, Data: []byte{8, 0, 0, 0, 1, 0, 0xee, 0xee}}, events.Record{CPU: 0, Lost: 5})
	wait("ring 7/9 undefined undefined 6", "perf 8/1 1 undefined 6", "perf - 0 5 0", "iterator one line", "stdout 9", "trace 9",
		"options pages, wakeup, watermark and overwrite are for perf event arrays", "a map of type Array has no events")
}

// Maps, programs and events are metrics, each once, however many realms have them.
func TestFakeMetrics(t *testing.T) {
	t.Parallel()
	f := ebpf.NewFake()
	rig := loadOn(t, f, `
		var keep = bpf.object(new Data(COUNTER, 'hex')).program('count').load('xdp')
		var m = new bpf.Map({ type: 'hash', name: 'flows', keySize: 4, valueSize: 4, maxEntries: 10, entries: [[1, 1], [2, 2]] })
		var again = bpf.Map.open(m.id)
		var big = new bpf.Map({ type: 'hash', name: 'big', keySize: 4, valueSize: 4, maxEntries: 10000 })
		var perf = new bpf.Map({ type: 'perf_event_array', keySize: 4, valueSize: 4, maxEntries: 2, name: 'perf' })
		perf.listen($=>$.handleMessage(m => test.log(m.head.lost || 'event')))
	`)
	f.Push("perf", events.Record{CPU: 1, Data: []byte{1}}, events.Record{CPU: 0, Lost: 5})
	seen := ""
	rig.Until("events", func() bool { seen += rig.Notes() + " "; return strings.Contains(seen, "5") })
	done := make(chan string, 1)
	rig.World.Metrics.Hub().Collect(func(all []*metrics.Metric) {
		var b strings.Builder
		if err := metrics.Write(&b, metrics.Text, all); err != nil {
			t.Error(err)
		}
		done <- b.String()
	})
	text := ""
	rig.Until("metrics", func() bool {
		select {
		case text = <-done:
			return true
		default:
			return false
		}
	})
	for _, want := range []string{
		`weir_bpf_map_entries{map="flows",id="2"} 2`, `weir_bpf_map_max_entries{map="flows",id="2"} 10`,
		`weir_bpf_map_max_entries{map="big",id="3"} 10000`, `weir_bpf_program_run_count{program="count",id="1"} 1`,
		`weir_bpf_program_run_seconds{program="count",id="1"} 0`,
		`weir_bpf_events_total{map="perf"} 1`, `weir_bpf_events_lost_total{map="perf"} 5`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s:\n%s", want, text)
		}
	}
	if strings.Contains(text, `weir_bpf_map_entries{map="big"`) {
		t.Error("the elements of a large map are counted")
	}
}

// A link that is kept is the same in the next generation, which exchanges its program; it goes when it is forgotten.
func TestFakePersistLink(t *testing.T) {
	t.Parallel()
	f := ebpf.NewFake()
	const keep = loading + `var made = 0, l = bpf.persist('TestFakePersistLink', () => { made++; return P('XDP').attach({ xdp: 'e' }) }); var id = l.id, p = l.program.id; `
	for i, c := range []struct{ src, want string }{
		{keep + `[made, id, p, bpf.Link.list().length].join()`, "1,1,1,1"},
		{keep + `l.update(P('XDP')); [made, id, p, l.info().program, l.program.id].join()`, "0,1,1,2,2"},
		{keep + `[made, id, p, bpf.Program.list().map(p => p.id)].join()`, "0,1,2,2"},
		{`bpf.forget('TestFakePersistLink') + ' ' + bpf.Link.list().length + bpf.Program.list().length`, "true 00"},
	} {
		if got := run(t, f, c.src); got != c.want {
			t.Errorf("generation %d: got %s, want %s", i, got, c.want)
		}
	}
	if n := f.Open(); n != 0 {
		t.Errorf("%d descriptors stayed open", n)
	}
}
