//go:build linux

package test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/test/harness"
)

// unprivilegedScript runs with the files of TestNoPrivileges in its folder and a program pinned at /sys/fs/bpf/program.
const unprivilegedScript = `
	var fails = (what, f) => { try { f(); println(what + ': no error') } catch (e) { println(what + ':', e.message, e.errno) } }
	fails('map', () => new bpf.Map({ type: 'array', keySize: 4, valueSize: 4, maxEntries: 1 }))
	fails('object', () => bpf.object(pipy.load('hooks.o')).load())
	fails('load', () => bpf.object(pipy.load('bad.o')).program('fine').load())
	fails('list', () => bpf.Map.list())
	fails('open', () => bpf.Program.open(1))
	var program = bpf.Program.get('/sys/fs/bpf/program')
	fails('attach', () => program.attach({ cgroup: '/sys/fs/cgroup' }))
	fails('raw attach', () => bpf.attach('BPF_CGROUP_INET_INGRESS', program.fd, '/sys/fs/cgroup'))
	fails('mount', () => bpf.mountBPFFS(pipy.argv[1]))
	println('features', bpf.features.linkType('cgroup'), bpf.features.mapType('hash'), bpf.features.programType('BPF_PROG_TYPE_XDP'))
	println('alive')
	pipy.exit(0)
`

// Without privileges, everything that needs them is an error that says so, and weir lives on.
func TestNoPrivileges(t *testing.T) {
	t.Parallel()
	harness.Need(t, "setpriv")
	n := harness.NewNetns(t)
	dir := t.TempDir()
	for name, from := range map[string]string{"hooks.o": "testdata/bpf/hooks.o", "bad.o": "../internal/ebpf/testdata/bad.o"} {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		harness.WriteFile(t, filepath.Join(dir, name), string(b))
	}
	harness.WriteFile(t, filepath.Join(dir, "main.js"), unprivilegedScript)
	// The one that has them lets the other see its files and its namespaces.
	w := harness.Spawn(t, harness.Config{Binary: n.KernelBinary(), Files: map[string]string{"hooks.o": hooks(t), "main.js": `
		bpf.object(pipy.load('hooks.o')).program('cg_in').load().pin('/sys/fs/bpf/program')
		println(pipy.exec(['setpriv', '--bounding-set=-all', '--inh-caps=-all', ...pipy.argv.slice(1)]).toString())
		pipy.exit(0)
	`}, Args: []string{harness.Binary(t), filepath.Join(dir, "main.js"), "--args", t.TempDir()}})
	w.WaitExit()
	out := w.Stdout.String()
	const lacking = "(weir runs without CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF, CAP_SYS_ADMIN)"
	const denied = " failed with errno = 1: Operation not permitted " + lacking + " 1\n"
	for _, want := range []string{
		"map: syscall BPF_MAP_CREATE" + denied, "object: syscall BPF_MAP_CREATE" + denied, "load: syscall BPF_PROG_LOAD" + denied,
		"list: syscall BPF_MAP_GET_NEXT_ID" + denied, "open: syscall BPF_PROG_GET_FD_BY_ID" + denied,
		"attach: syscall BPF_LINK_CREATE" + denied, "raw attach: syscall BPF_PROG_ATTACH failed with errno = 22: Invalid argument " + lacking + " 22\n",
		"features false false false\n", "alive\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(out, "no error") || !strings.Contains(out, "mount: ") {
		t.Error("something was permitted")
	}
	if t.Failed() {
		t.Log(out)
	}
}

// An interface that is not there, or has gone, is an error that names it.
func TestMissingInterfaces(t *testing.T) {
	t.Parallel()
	const (
		nowhere = "\nerror: options.interface expects the name or index of one: no interface nowhere: see ip link\n"
		none    = "\nerror: options.interface expects the name or index of one: no interface 99999: see ip link\n"
	)
	runHooks(t, `
		pipy.exec(['ip', 'link', 'add', 'gone', 'type', 'veth', 'peer', 'name', 'peer'])
		var gone = obj.program('pass').attach({ xdp: 'gone', mode: 'generic' })
		var index = gone.info().ifindex
		pipy.exec(['ip', 'link', 'del', 'gone'])
		;[
			{ xdp: 'nowhere' }, { xdp: 99999 }, { xdp: index }, { tcx: 'nowhere', direction: 'ingress' }, { tcx: 99999, direction: 'egress' },
			{ netkit: 'nowhere' }, { tc: 'nowhere', direction: 'ingress' }, { tc: 99999, direction: 'ingress' },
		].forEach(target => {
			println(JSON.stringify(target))
			fails(() => obj.program('xdp' in target ? 'pass' : 'tc_in').attach(target))
		})
		println('query')
		fails(() => bpf.query('nowhere', 'BPF_TCX_INGRESS'))
		fails(() => bpf.query(99999, 'BPF_TCX_INGRESS'))
		fails(() => obj.program('pass').attach({ xdp: {} }))
		println('update after its interface has gone')
		fails(() => gone.update(obj.program('pass')))
		gone.close()
		println('closed')
	`,
		`{"xdp":"nowhere"}`+nowhere, `{"xdp":99999}`+none, `{"xdp":3}`+"\nerror: options.interface expects the name or index of one: no interface 3: see ip link\n",
		`{"tcx":"nowhere","direction":"ingress"}`+nowhere, `{"tcx":99999,"direction":"egress"}`+none, `{"netkit":"nowhere"}`+nowhere,
		`{"tc":"nowhere","direction":"ingress"}`+nowhere, `{"tc":99999,"direction":"ingress"}`+none,
		"query\nerror: no interface nowhere: see ip link\nerror: no interface 99999: see ip link\n",
		"error: options.interface expects the name or index of one: an interface is given by name or index\n",
		"update after its interface has gone\nerror: syscall BPF_LINK_UPDATE failed with errno = 67: Link has been severed\nclosed\n")
}

// Detaching and closing again does nothing, or is an error that says that it has been done.
func TestDetachTwice(t *testing.T) {
	t.Parallel()
	runHooks(t, `
		var cg = '/sys/fs/cgroup', p = obj.program('cg_in')
		var link = p.attach({ cgroup: cg })
		link.detach()
		fails(() => link.detach()) // it is what was asked for
		println('update after detach')
		fails(() => link.update(p))
		link.close()
		link.close()
		println('after close')
		fails(() => link.detach())
		fails(() => link.update(p))
		fails(() => link.pin('/sys/fs/bpf/link'))
		fails(() => link.info())

		bpf.attach('BPF_CGROUP_INET_INGRESS', p, cg)
		bpf.detach('BPF_CGROUP_INET_INGRESS', p, cg)
		fails(() => bpf.detach('BPF_CGROUP_INET_INGRESS', p, cg))

		var source = obj.map('ring').listen($=>$.handleStreamEnd(() => println('ended once')))
		source.close()
		source.close()
		obj.map('ring').close()
		fails(() => obj.map('ring').listen($=>$.dummy()))
		p.close()
		p.close()
		fails(() => p.attach({ cgroup: cg }))
		fails(() => bpf.attach('BPF_CGROUP_INET_INGRESS', p, cg))
		println('end')
	`,
		"no error\nupdate after detach\nerror: syscall BPF_LINK_UPDATE failed with errno = 67: Link has been severed\n",
		"after close\n"+strings.Repeat("error: this link is closed\n", 4)+"error: syscall BPF_PROG_DETACH failed with errno = 2: No such file or directory\n"+
			"ended once\nerror: this BPF object has been closed\n", "end\n")
}
