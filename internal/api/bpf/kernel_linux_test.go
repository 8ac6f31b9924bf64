package bpf

import (
	"fmt"
	"strings"
	"testing"

	"weir/internal/ebpf"
	"weir/internal/ebpf/host"
)

// needKernel skips a test where maps cannot be created.
func needKernel(t *testing.T) ebpf.Backend {
	t.Helper()
	k := host.Kernel()
	g := &ebpf.Generation{Backend: k}
	defer g.Close()
	if err := ebpf.NewMap(g, ebpf.MapDescription{Type: 1, KeySize: 4, ValueSize: 4, MaxEntries: 1}).Create(); err != nil {
		t.Skip("no map can be created here: ", err)
	}
	return k
}

// What scripts do with maps, programs and variables does the same on the running kernel. Nothing is attached.
func TestKernelScripts(t *testing.T) {
	t.Parallel()
	k := needKernel(t)
	const n = `var N = new CStruct({ n: 'uint32' }); `
	const hash = n + `var m = new bpf.Map({ type: 'hash', keyType: N, valueType: new CStruct({ a: 'uint32', b: 'uint16' }), maxEntries: 5000 }); var sorted = l => l.map(e => e[0].n + ':' + e[1].a).sort((a, b) => parseInt(a) - parseInt(b)); `
	cpus := k.PossibleCPUs()
	for _, c := range []struct{ src, want string }{
		{hash + `var l = []; for (var i = 0; i < 3000; i++) l.push([i, { a: 2 * i, b: 1 }]);
			var wrote = m.updateAll(l), e = sorted(m.entries({ batch: 7 })), all = sorted(m.entries());
			[wrote, e.length, e[0], e[2999], J(e) === J(all), m.keys({ limit: 5 }).length, m.entries({ batch: 100, limit: 150 }).length, m.size()].join()`,
			"3000,3000,0:0,2999:5998,true,5,150,3000"},
		{hash + `m.updateAll([[1, { a: 1 }], [2, { a: 2 }], [3, { a: 3 }], [4, { a: 4 }]]);
			m.deleteAll([9, 2, 8, 8, 4, 7]) + ' ' + sorted(m.entries()) + ' ' + sorted(m.takeAll({ batch: 1 })) + ' ' + m.size() + m.takeAll().length`,
			"2 1:1,3:3 1:1,3:3 00"},
		{hash + `for (var i = 0; i < 100; i++) m.update(i, { a: i }); m.clear(); m.size()`, "0"},
		{hash + `m.updateAll([[1, { a: 1 }], [1, { a: 2 }]], 'noexist')`, "error: syscall BPF_MAP_UPDATE_ELEM failed with errno = 17: File exists"},
		{hash + `m.update(1, { a: 5, b: 6 }); m.merge(1, { b: 7 }); J(m.take(1)) + m.find(1) + m.remove(1)`, `{"a":5,"b":7}undefinedfalse`},
		{n + `var m = new bpf.Map({ type: 'lru_hash', keyType: N, valueType: N, maxEntries: 100 }); m.updateAll([[1, 10], [2, 20]]) + ' ' + m.entries({ batch: 8 }).length`, "2 2"},
		{n + `var m = new bpf.Map({ type: 'array', keySize: 4, valueType: N, maxEntries: 5 }); m.updateAll([[0, 1], [4, 5]]) + ' ' + m.entries({ batch: 2 }).map(e => e[1].n) + ' ' + m.entries().map(e => e[1].n) + m.size() + m.clear() + m.lookup(4).n`,
			"2 1,0,0,0,5 1,0,0,0,55undefined0"},
		{n + `var m = new bpf.Map({ type: 'array', keySize: 4, valueType: N, maxEntries: 2 }); m.takeAll()`, "error: syscall BPF_MAP_DELETE_ELEM failed with errno = 22: Invalid argument"},
		{n + `var m = new bpf.Map({ type: 'percpu_hash', keyType: N, valueType: new CStruct({ a: 'uint64', b: 'uint16' }), maxEntries: 10 });
			m.update(1, { a: 3, b: 4 }); m.update(2, [{ a: 1 }]);
			var e = m.entries({ batch: 4, sum: 'a' }).sort((a, b) => a[0].n - b[0].n);
			[m.lookup(1).length, m.lookup(1)[bpf.possibleCPUs - 1].b, m.lookup(1, { sum: 'a' }).a, e[0][1].a, e[1][1].a, m.updateAll([[3, { a: 9 }]]), m.lookup(3, { sum: 'a' }).a].join()`,
			fmt.Sprintf("%d,4,%d,%d,1,1,%d", cpus, 3*cpus, 3*cpus, 9*cpus)},
		{n + `var m = new bpf.Map({ type: 'percpu_array', keySize: 4, valueType: N, maxEntries: 2 }); m.update(1, { n: 5 }); [m.lookup(1, { sum: 'n' }).n, m.entries({ batch: 1 })[1][1].map(v => v.n)].join()`,
			fmt.Sprintf("%d%s", 5*cpus, strings.Repeat(",5", cpus))},
		{n + `var m = new bpf.Map({ type: 'percpu_array', keySize: 4, valueType: N, maxEntries: 2 }); m.update(0, new Array(bpf.possibleCPUs + 1).fill({}))`, "error: there are more values than CPUs"},
		{n + `var inner = { type: 'hash', keyType: N, valueType: N, maxEntries: 3 }; var m = new bpf.Map({ type: 'hash_of_maps', keyType: N, inner, maxEntries: 4 });
			var a = new bpf.Map(inner); a.update(1, 11); m.update(7, a); var id = a.id; a.close(); var got = m.lookup(7);
			[got instanceof bpf.Map, got.id === id, got.lookup(1).n, m.find(8), m.entries().map(e => e[0].n + '=' + e[1].lookup(1).n)].join()`, "true,true,11,,7=11"},
		{n + `var m = new bpf.Map({ type: 'array_of_maps', keySize: 4, inner: { type: 'array', keySize: 4, valueSize: 4, maxEntries: 1 }, maxEntries: 3 });
			m.update(1, new bpf.Map({ type: 'array', keySize: 4, valueSize: 4, maxEntries: 1 })); [m.find(0), m.lookup(1).type, m.entries().length].join()`, ",2,1"},
		{n + `var m = new bpf.Map({ type: 'array_of_maps', keySize: 4, inner: { type: 'array', keySize: 4, valueSize: 4, maxEntries: 1 }, maxEntries: 3 });
			m.update(1, new bpf.Map({ type: 'hash', keySize: 4, valueSize: 4, maxEntries: 1 }))`, "error: syscall BPF_MAP_UPDATE_ELEM failed with errno = 22: Invalid argument"},
		{`var o = bpf.object(F.types()).load(); var j = o.map('jumps'); var p = o.program('entry'); var before = p.run({ data: new Data(new Array(64).fill(0)) }).retval;
			j.update(1, p); var id = j.lookup(1) === p.id; j.update(1, o.program('calls').fd); [before, id, j.lookup(1) === o.program('calls').id, p.run({ data: new Data(new Array(64).fill(0)) }).retval, j.remove(1), j.find(1)].join()`,
			"5,true,true,15,true,"},
		{`var o = bpf.object(F.types()); o.map('jumps').create(); o.map('jumps').update(0, o.program('entry'))`, "error: the value has no descriptor: it is not loaded, not created, or closed"},
		{`var o = bpf.object(F.types(), { variables: { limit: 9 } }).load(); var run = () => o.program('jumped').run({ data: new Data(new Array(64).fill(0)) });
			var v = o.variable('limits'); v.value = { rate: 100 }; [run().retval, v.value.rate, v.value.burst, o.program('calls').run({ data: new Data(new Array(64).fill(0)) }).retval, o.variable('hits').value > 0].join()`, "9,100,20,105,true"},
		{`var o = bpf.object(F.types()).load(); o.variable('limit').value = 6`, "error: the constant limit cannot be changed any more: its object is loaded"},
		{`var p = bpf.object(F.counter()).program('count').load('xdp'); var stats = bpf.enableStats(); p.run({ data: new Data(new Array(64).fill(1)), repeat: 10 }); var s = p.stats(); stats.close(); stats.close();
			p.run({ data: new Data(new Array(64).fill(1)) }); [s.runCount, s.runTime > 0, s.runTime < 1, s.recursionMisses, p.stats().runCount].join()`, "10,true,true,0,10"},
		{`var p = bpf.object(F.counter()).program('count').load('xdp'); var r = p.run({ data: new Data(new Array(64).fill(1)), dataOut: 64, repeat: 3 }); var i = p.info();
			[r.retval, r.data.size, hex(r.data).slice(0, 4), r.context, r.duration >= 0, i.type, i.name, i.mapIds.length > 0, i.jitedSize > 0, i.translatedSize > 0, i.memlock > 0, i.loadTime > 0, i.tag.length, i.gpl, i.tag === p.tag, bpf.Program.list().some(x => x.id === p.id)].join()`,
			"2,64,0101,,true,6,count,true,true,true,true,true,16,true,true,true"},
		{`bpf.object(F.counter()).program('count').load('xdp').run({ data: new Data([1]) })`, "error: syscall BPF_PROG_TEST_RUN failed with errno = 22: Invalid argument (options.data has 1 bytes, a frame has at least 14)"},
		{n + `var m = new bpf.Map({ type: 'queue', valueType: N, maxEntries: 2 }); m.push(1); m.push(2); m.push(3, { exist: true }); [m.peek().n, m.takeAll().map(e => e[1].n), m.pop()].join()`, "2,2,3,"},
		{`var m = new bpf.Map({ type: 'bloom_filter', valueSize: 4, maxEntries: 20, extra: 3 }); m.add(5); [m.test(5), m.test(6), m.info().extra].join()`, "true,false,3"},
		{`var l = new CStruct({ p: 'uint32', a: 'uint8[4]' }); var m = new bpf.Map({ type: 'lpm_trie', keyType: l, valueSize: 1, maxEntries: 9, flags: 1 });
			m.updateAll([[{ p: 8, a: [10] }, new Data([1])], [{ p: 16, a: [10, 1] }, new Data([2])], [{ p: 8, a: [11] }, new Data([3])]]);
			[hex(m.lookup({ p: 32, a: [10, 1, 9, 9] })), m.keys({ prefix: { p: 8, a: [10] } }).length, m.entries({ prefix: { p: 8, a: [10] }, batch: 1 }).length, m.size()].join()`, "02,2,2,3"},
		{`var m = new bpf.Map({ type: 'array', keySize: 4, valueSize: 4, maxEntries: 2, flags: 1024 }); m.poke(8, new Data([1, 2, 3, 4])); hex(m.lookup(1)) + hex(m.memory({ offset: 8, length: 3 }))`, "01020304010203"},
		{`var m = new bpf.Map({ type: 'array', keySize: 4, valueSize: 4, maxEntries: 2, flags: 1024 }); m.poke(4096, new Data([1]))`, "error: the data lies outside of the map"},
		{n + `var m = new bpf.Map({ type: 'hash', keyType: N, valueType: N, maxEntries: 2, name: 'frozen' }); m.freeze(); try { m.update(1, 1) } catch (e) { e.call + e.errno + m.info().frozen + bpf.Map.open(m.id).name }`, "BPF_MAP_UPDATE_ELEM1truefrozen"},
		{`var m = new bpf.Map({ type: 'prog_array', keySize: 4, valueSize: 4, maxEntries: 2 }); m.update(0, 1)`, "error: syscall BPF_MAP_UPDATE_ELEM failed with errno = 22: Invalid argument"},
		{`var m = new bpf.Map({ type: 'devmap', keySize: 4, valueSize: 4, maxEntries: 2 }); m.update(0, 'no-such-interface')`, "error: no interface no-such-interface: see ip link"},
		{`var m = new bpf.Map({ type: 'cgroup_array', keySize: 4, valueSize: 4, maxEntries: 2 }); m.update(0, '/no/such')`, "error: Cannot open cgroup /no/such"},
		{`var m = new bpf.Map({ type: 'devmap_hash', keySize: 4, valueSize: 8, maxEntries: 2 }); m.update(9, 'lo'); m.keys().length + hex(m.lookup(9)).slice(0, 2)`, "101"},
		{`var m = new bpf.Map({ type: 'cpumap', keySize: 4, valueSize: 8, maxEntries: 2 }); m.update(0, { size: 64 }); hex(m.lookup(0)).slice(0, 8)`, "40000000"},
		{`var m = new bpf.Map({ type: 'xskmap', keySize: 4, valueSize: 4, maxEntries: 2 }); try { m.update(0, 1) } catch (e) { m.info().type + e.call }`, "17BPF_MAP_UPDATE_ELEM"},
		{`var m = new bpf.Map({ type: 'reuseport_sockarray', keySize: 4, valueSize: 8, maxEntries: 2 }); try { m.update(0, 1) } catch (e) { m.info().type + e.call }`, "20BPF_MAP_UPDATE_ELEM"},
		{`var m = new bpf.Map({ type: 'arena', maxEntries: 2, flags: 1024 }); m.poke(4096, new Data([7, 8])); hex(m.memory({ offset: 4096, length: 2 }))`, "0708"},
		{`bpf.cgroupRoot === null || bpf.cgroup(bpf.cgroupRoot) > 0`, "true"},
		{`bpf.features.mapType('hash') + ' ' + bpf.features.programType('BPF_PROG_TYPE_SOCKET_FILTER') + (bpf.features.instructionSet > 1) + bpf.features.helper('BPF_PROG_TYPE_XDP', 'bpf_map_lookup_elem')`, "true truetruetrue"},
		{`J(bpf.btf('in_addr').reflect().s_addr.size) + (bpf.btf().length > 100)`, "4true"},
	} {
		t.Run(c.src, func(t *testing.T) {
			t.Parallel()
			if got := run(t, k, c.src); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// An object that is kept has its programs, maps, program arrays and variables in the next generation, too.
func TestPersistObject(t *testing.T) {
	t.Parallel()
	k := needKernel(t)
	const common = `var data = new Data(new Array(64).fill(0)); var name = 'TestPersistObject'; `
	first := run(t, k, common+`var o = bpf.persist(name, () => bpf.object(F.types()).load()); o.variable('limits').value = { rate: 100 }; o.program('entry').id + ' ' + o.map('jumps').id`)
	for range 2 {
		got := run(t, k, common+`var o = bpf.persist(name, () => { throw new Error('again') });
			var got = o.program('entry').id + ' ' + o.map('jumps').id;
			[got, o.program('entry').run({ data }).retval, o.program('calls').run({ data }).retval, o.variable('limits').value.rate, o.variable('limits').value.burst, o.program('connect4').loaded, o.maps.length, o.map('outer').lookup(1).type].join()`)
		if want := first + ",5,105,100,20,true,9,1"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if got := run(t, k, `bpf.forget('TestPersistObject') + ' ' + bpf.forget('TestPersistObject')`); got != "true false" {
		t.Error(got)
	}
	if got := run(t, k, common+`bpf.persist(name, () => { throw new Error('again') })`); got != "error: again" {
		t.Error(got)
	}
}
