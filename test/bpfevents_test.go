//go:build linux

package test

import (
	"strings"
	"syscall"
	"testing"

	"weir/test/harness"
)

const eventsScript = `
	var obj = bpf.object(pipy.load('hooks.o')).load()
	var packet = new Data(new Array(64).fill(0))
	var type = new CStruct({ kind: 'uint32', value: 'uint32' })
	var show = name => $=>$.handleMessage(m => println(name, JSON.stringify(m.payload), m.body.size, 'cpu' in m.head))
	var fails = f => { try { f(); println('no error') } catch (e) { println('error:', e.message) } }

	var link = obj.program('pass').attach({ xdp: 'in', mode: 'generic' })
	println(link.type, link.info().interface, link.program === obj.program('pass'), bpf.Link.open(link.id).program.id === link.program.id)
	println(obj.program('enter').attach().type)
	fails(() => obj.program('pass').attach({ xdp: 'in', speed: 1 }))
	fails(() => obj.program('pass').attach({ xdp: 'nowhere' }))
	fails(() => obj.program('pass').attach({ nothing: 1 }))
	fails(() => obj.program('pass').attach())
	fails(() => obj.program('tc_in').attach({ tcx: 'in' }))
	fails(() => bpf.attach('BPF_NOTHING', 1))
	fails(() => obj.map('counts').listen(show('none')))

	obj.map('ring').listen({ type }, show('ring'))
	obj.map('samples').listen({ type }, show('perf'))
	obj.program('emit').run({ data: packet })
	obj.program('sample').run({ data: packet })
	println(obj.map('commands').produce(new Data('go')))
	obj.program('drain').run({ data: packet })
	println('drained', obj.map('counts').lookup({ i: 3 }).i.toString())
	obj.program('walk').attach().read($=>$.handleData(d => println('iterator', d.size > 0)).handleStreamEnd(() => println('iterator ended')))
	pipy.listen('127.0.0.1:%d', $=>$.dummy())
`

func TestLinksAndEvents(t *testing.T) {
	t.Parallel()
	n, peer := harness.NewNetns(t), harness.NewNetns(t)
	n.Link(peer, "in", "out", []string{"10.9.1.1/24"}, []string{"10.9.1.2/24"})
	script := strings.ReplaceAll(eventsScript, "%d", "8000")
	w := harness.Start(t, harness.Config{Files: map[string]string{"main.js": script, "hooks.o": hooks(t)}, Binary: n.Binary("")})
	for _, want := range []string{
		"xdp in true true",
		"raw_tracepoint",
		"error: unknown option target.speed: expected one of xdp, mode",
		"no interface nowhere",
		"error: the target has none of cgroup, freplace, iterator,",
		`error: the section "xdp" does not say where to attach`,
		"options.direction expects 'ingress' or 'egress'",
		"error: unknown bpf_attach_type",
		"has no events: use a ring buffer or a perf event array",
		"true\ndrained 1",
		`ring {"kind":7,"value":42} 8 false`,
		`perf {"kind":8,"value":43} 8 true`,
		"iterator true", "iterator ended",
	} {
		harness.Eventually(t, want, func() bool { return strings.Contains(w.Stdout.String(), want) })
	}
	list := n.Must(harness.Binary(t), "bpf", "list")
	for _, want := range []string{"interface=in", "XDP", "ringbuf", "counts", "weir"} {
		if !strings.Contains(list, want) {
			t.Errorf("weir bpf list lacks %q:\n%s", want, list)
		}
	}
	w.Signal(syscall.SIGKILL)
	harness.Eventually(t, "the XDP program to go", func() bool {
		return !strings.Contains(n.Must("ip", "link", "show", "dev", "in"), "xdp")
	})
	if r := n.Run(harness.Binary(t), "bpf", "dump", "no-such-map"); r.Code != 1 || !strings.Contains(r.Stderr, "no map is named no-such-map") {
		t.Errorf("dump of a missing map: code %d, %s", r.Code, r.Stderr)
	}
}
