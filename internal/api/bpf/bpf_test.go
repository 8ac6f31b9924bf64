package bpf

import (
	"encoding/hex"
	"os"
	"syscall"
	"testing"

	"weir/internal/api/cstruct"
	"weir/internal/api/json"
	"weir/internal/api/lang"
	"weir/internal/ebpf"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

var namespaces = []*script.Namespace{lang.Namespace, event.Namespace, json.Namespace, cstruct.Namespace, Namespace}

// run evaluates a script on a kernel in memory. The script has the objects of the tests as Data, by name.
func run(t *testing.T, f ebpf.Backend, src string) string {
	t.Helper()
	r, h := scripttest.New(t, namespaces...)
	s := &State{Gen: &ebpf.Generation{Backend: f}}
	r.SetOwner(s)
	defer s.Close()
	prelude := "var hex = d => d.toString('hex'); var J = JSON.stringify; var F = {"
	for _, name := range []string{"counter", "types", "bad", "legacy", "float"} {
		b, err := os.ReadFile("../../ebpf/testdata/" + name + ".o")
		if err != nil {
			t.Fatal(err)
		}
		prelude += name + ": () => new Data('" + hex.EncodeToString(b) + "', 'hex'),"
	}
	res, err := r.Run("/main.js", prelude+"}; "+src)
	r.RunJobs()
	for _, p := range h.Problems {
		t.Log(p)
	}
	if err != nil {
		return "error: " + err.Error()
	}
	text, err := r.ToString(res.Value)
	if err != nil {
		return "error: " + err.Error()
	}
	return text
}

func TestScripts(t *testing.T) {
	t.Parallel()
	const hash = `var m = new bpf.Map({ type: 'hash', keyType: new CStruct({ i: 'uint32' }), valueType: new CStruct({ a: 'uint32', b: 'uint16' }), maxEntries: 3 }); `
	for _, c := range []struct{ src, want string }{
		{`var o = bpf.object(F.counter()); o.programs.map(p => p.name + p.size).join() + o.maps.map(m => m.name + m.keySize + '/' + m.valueSize).join() + (o.maps[0] === o.maps[0]) + (o.maps === o.maps)`,
			"count22,other_with_a_very_long_name12packets4/4,pairs8/16truefalse"},
		{`var o = bpf.object(F.counter()); var p = o.programs[0]; var before = p.fd + ' ' + p.id + ' '; p.load('BPF_PROG_TYPE_XDP'); before + (p.fd > 0) + p.id + (o.maps[0].fd > 0) + o.maps[1].fd`, "0 0 true1true0"},
		{`var o = bpf.object(F.counter()); var m = o.maps[0].create(); m.update({ ip: { u8: [1,2,3,4] } }, { i: '8000' }); J(m.entries()) + m.lookup({ ip: { u32: 67305985 } }).i`,
			`[[{"ip":{"u8":[1,2,3,4],"u32":67305985}},{"i":8000}]]8000`},
		{`bpf.object(F.counter()).programs[0].load('XDP2')`, "error: unknown bpf_prog_type"},
		{`bpf.object(F.counter()).programs[0].load(6, 'x')`, "error: unknown bpf_attach_type"},
		{`bpf.object(F.counter()).programs[0].load()`, "error: argument #1 expects a number or a string"},
		{`bpf.object(F.counter()).programs[0].load({})`, "error: argument #1 expects a number or a string"},
		{`bpf.object(F.counter()).programs[0].load('xdp').type`, "6"},
		{`bpf.object(null)`, "error: argument #1 expects non-null Data"},
		{`bpf.object()`, "error: requires 1 or more arguments"},
		{`bpf.object(new Data('x'.repeat(20)))`, "error: not an ELF file"},
		{`bpf.object(F.counter(), { lisense: 'GPL' })`, "error: unknown option options.lisense: expected one of license, kernelTypes, maps, variables, pinPath, lenient"},
		{`new bpf.Map() + ' ' + new bpf.Program() + (bpf.object(F.counter()).maps[0] instanceof bpf.Map)`, "null nulltrue"},
		{`var m = bpf.object(F.counter()).maps[0]; m.keys() + ' ' + m.entries() + ' ' + m.lookup({}) + ' ' + m.update({}, {}) + ' ' + m.delete({})`, "null null null undefined undefined"},
		{hash + `m.lookup({ i: 1 })`, "error: syscall BPF_MAP_LOOKUP_ELEM failed with errno = 2: No such file or directory"},
		{hash + `try { m.delete({ i: 1 }) } catch (e) { e.message + '|' + e.errno + e.call }`, "syscall BPF_MAP_DELETE_ELEM failed with errno = 2: No such file or directory|2BPF_MAP_DELETE_ELEM"},
		{hash + `m.find({ i: 1 }) + ' ' + m.has({ i: 1 }) + m.remove({ i: 1 }) + m.take({ i: 1 })`, "undefined falsefalseundefined"},
		{hash + `m.update({ i: 1 }, { a: 5, b: 6 }); m.merge({ i: 1 }, { b: 7 }); J(m.find({ i: 1 })) + m.has(1) + J(m.take(1)) + m.size()`, `{"a":5,"b":7}true{"a":5,"b":7}0`},
		{hash + `m.update({ i: 1 }, { a: 5, b: 6 }); m.update({ i: 1 }, { b: 7 }); J(m.lookup(new Data([1])))`, `{"a":0,"b":7}`},
		{hash + `m.update({ i: 1 }, {}, 'noexist'); m.update({ i: 1 }, {}, 'noexist')`, "error: syscall BPF_MAP_UPDATE_ELEM failed with errno = 17: File exists"},
		{hash + `m.updateAll([[1, {a: 1}], [2, {a: 2}], [3, {a: 3}]]) + J(m.entries({ batch: 2 })) + m.deleteAll([2, 9, 3]) + J(m.takeAll()) + m.size()`,
			`3[[{"i":1},{"a":1,"b":0}],[{"i":2},{"a":2,"b":0}],[{"i":3},{"a":3,"b":0}]]2[[{"i":1},{"a":1,"b":0}]]0`},
		{hash + `[1,2,3].forEach(i => m.update(i, {})); J(m.keys({ limit: 2 })) + m.clear() + m.size()`, `[{"i":1},{"i":2}]undefined0`},
		{hash + `m.update('x', {})`, "error: argument #1 expects an object"},
		{hash + `m.update(1, {}); m.update(2, {}); m.update(3, {}); m.update(4, {})`, "error: syscall BPF_MAP_UPDATE_ELEM failed with errno = 7: Argument list too long"},
		{`var m = new bpf.Map({ type: 'hash', keySize: 4, valueSize: 2, maxEntries: 1 }); m.update({ i: 1 }, new Data([1]))`, "error: the map has no type for this object: give Data, or open it with a CStruct"},
		{`var m = new bpf.Map({ type: 'hash', keySize: 4, valueSize: 2, maxEntries: 1, entries: [[7, 0x0201]] }); hex(m.keys()[0]) + hex(m.lookup(7)) + m.lookup({}) + m.lookup(null)`, "070000000102nullnull"},
		{`var m = new bpf.Map({ type: 'percpu_array', keySize: 4, valueType: new CStruct({ n: 'uint32' }), maxEntries: 1 }); m.update(0, [{ n: 3 }, { n: 4 }]); var a = J(m.lookup(0)); m.update(0, { n: 5 }); a + J(m.lookup(0, { sum: 'n' })) + J(m.entries({ sum: 'n' })[0][1])`,
			`[{"n":3},{"n":4}]{"n":10}{"n":10}`},
		{`var m = new bpf.Map({ type: 'queue', valueType: new CStruct({ n: 'uint32' }), maxEntries: 2 }); m.push({ n: 1 }); m.push(2); m.push({ n: 3 }, { exist: true }); J(m.peek()) + J(m.pop()) + J(m.pop()) + m.pop()`, `{"n":2}{"n":2}{"n":3}undefined`},
		{`var m = new bpf.Map({ type: 'stack', valueSize: 1, maxEntries: 2 }); m.push(1); m.push(2); hex(m.pop())`, "02"},
		{`var m = new bpf.Map({ type: 'bloom_filter', valueSize: 4, maxEntries: 2 }); m.add(5); m.test(5) + ' ' + m.test(6)`, "true false"},
		{hash + `m.push({})`, "error: the elements of this map have keys: use lookup() and update()"},
		{`var l = new CStruct({ p: 'uint32', a: 'uint8[4]' }); var m = new bpf.Map({ type: 'lpm_trie', keyType: l, valueSize: 1, maxEntries: 9, flags: 1 }); m.update({ p: 8, a: [10] }, new Data([1])); m.update({ p: 16, a: [10, 1] }, new Data([2])); m.update({ p: 8, a: [11] }, new Data([3])); hex(m.lookup({ p: 32, a: [10, 1, 9, 9] })) + m.keys({ prefix: { p: 8, a: [10] } }).length`, "022"},
		{`var i = new bpf.Map({ type: 'array', keySize: 4, valueType: new CStruct({ i: 'uint32' }), maxEntries: 1 }); var m = new bpf.Map({ type: 'array', keySize: 4, valueSize: 4, maxEntries: 1, flags: 1024 }); m.poke(0, new Data([1, 2, 3, 4])); hex(m.memory({ offset: 1, length: 2 })) + m.fixed`, "0203undefined"},
		{`bpf.object(F.counter()).maps[0].create().memory()`, "error: the memory of this map cannot be shared"},
		{`new bpf.Map({ type: 'tree', maxEntries: 1 })`, "error: unknown bpf_map_type"},
		{`new bpf.Map({ type: 'hash', keySize: 4, valueSize: 4 })`, "error: syscall BPF_MAP_CREATE failed with errno = 22: Invalid argument"},
		{hash + `m.freeze(); m.info().frozen + ' ' + bpf.Map.list()[0].type + bpf.Map.open(1).maxEntries`, "true 13"},
		{`bpf.Map.open(99)`, "error: syscall BPF_MAP_GET_FD_BY_ID failed with errno = 2: No such file or directory"},
		{hash + `m.pin('/p'); var n = bpf.Map.get('/p', null, new CStruct({ a: 'uint32' })); m.update(1, { a: 9 }); n.lookup(new Data([1])).a + ' ' + (bpf.get('/p') > 0)`, "9 true"},
		{hash + `bpf.pin('/p', m); bpf.pin('/p', m.fd)`, "error: syscall BPF_OBJ_PIN failed with errno = 17: File exists"},
		{`var o = bpf.object(F.types(), { variables: { limit: 9, limits: { burst: 7 } } }); var v = o.variable('limits'); v.value.burst.toString() + v.value.rate + o.variable('limit').value + o.variable('limit').constant + v.section + o.variable('nope')`, "7109true.dataundefined"},
		{`var o = bpf.object(F.types()).load(); o.programs.filter(p => p.loaded).map(p => p.name).join()`, "jumped,entry,calls,connect4"},
		{`var o = bpf.object(F.types()); J(o.map('wide').valueType.decode(new Data([1,0,2,0,3,0,4,0,9])))`, `{"a":1,"n":{"x":[2,3,4]},"":{"y":9},"name":[0,0,0,0,0,0,0,0],"flag":0,"fixed":0,"color":0,"pointer":{},"low":0,"high":0,"negative":0,"list":[{"p":0,"q":0},{"p":0,"q":0}],"grid":[[0,0,0],[0,0,0]],"tail":[]}`},
		{`var t = bpf.object(F.types()).map('wide').valueType; var v = t.decode(t.encode({ low: 9, high: 100, negative: -3, list: [{}, { q: 5 }], grid: [[], [1, 2, 3]], color: -1 })); J([v.low, v.high, v.negative, v.list[1].q, v.grid, v.color])`, `[1,100,-3,5,[[0,0,0],[1,2,3]],4294967295]`},
		{`J(bpf.object(F.float()).maps[0].valueType.decode(new Data([0, 0, 128, 63])).f)`, "1"},
		{`var o = bpf.object(F.legacy()); o.maps[0].name + o.maps[0].maxEntries + o.maps[0].keyType`, "old3null"},
		{`var o = bpf.object(F.counter(), { maps: { packets: { maxEntries: 5 } } }); o.maps[0].maxEntries + ' ' + bpf.object(F.counter(), { maps: { packets: o.maps[0].create() } }).maps[0].name`, "error: options.maps.packets cannot take the place of the map: its number of entries is 5, not 1000"},
		{`var a = bpf.object(F.counter()); a.maps[0].create().update({}, { i: 4 }); var b = bpf.object(F.counter(), { maps: { packets: a.maps[0] } }); b.load; b.maps[0].lookup({}).i`, "4"},
		{`bpf.object(F.counter(), { maps: { nope: {} } })`, "error: options.maps: the object has no map named nope"},
		{`var p = bpf.object(F.counter()).programs[0].load(6); J(p.run({ data: new Data('abc') })) + p.info().name + p.info().gpl + bpf.Program.list().length + bpf.Program.open(1).name`, `{"retval":7,"data":{},"context":null,"duration":0}counttrue1count`},
		{`bpf.object(F.counter()).programs[0].run({})`, "error: the program is not loaded"},
		{`bpf.cgroup('/cgroup').toString() + bpf.cgroup('/none')`, "10995116277830"},
		{`bpf.possibleCPUs + ' ' + bpf.features.kernelVersion + bpf.features.instructionSet + bpf.features.mapType('hash') + bpf.features.programType('BPF_PROG_TYPE_XDP')`, "2 6.1.23truefalse"},
		{`bpf.features.helper('BPF_PROG_TYPE_XDP', 'bpf_nonsense')`, "error: unknown helper function: bpf_nonsense"},
		{`bpf.token({ bpffs: '/sys/fs/bpf' })`, "error: not supported: tokens cannot be chosen; the one of the first bpffs mounted with delegate_* options is used without this call"},
		{`J(bpf.btf('point').reflect().y.offset) + bpf.btf()`, "4point"},
		{hash + `m.close(); m.close(); m.fd`, "0"},
		{hash + `m.close(); m.entries()`, "error: this BPF object has been closed"},
	} {
		t.Run(c.src, func(t *testing.T) {
			t.Parallel()
			f := ebpf.NewFake()
			f.Retval = 7
			f.Missing["/none"] = true
			f.Features[ebpf.Feature{Kind: ebpf.FeatureInstructions, Value: 2}] = true
			f.Features[ebpf.Feature{Kind: ebpf.FeatureInstructions, Value: 3}] = true
			f.Features[ebpf.Feature{Kind: ebpf.FeatureMapType, Value: 1}] = true
			check(t, f, c.src, c.want)
		})
	}
}

// check runs a script on a kernel and expects its result, and that nothing stays open.
func check(t *testing.T, f *ebpf.Fake, src, want string) {
	t.Helper()
	if got := run(t, f, src); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if n := f.Open(); n != 0 {
		t.Errorf("%d descriptors stayed open", n)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	f := ebpf.NewFake()
	f.Fails["BPF_PROG_LOAD"] = []syscall.Errno{syscall.EACCES}
	f.Logs = "one\ntwo"
	got := run(t, f, `var p = bpf.object(F.counter()).programs[0]; try { p.load(6) } catch (e) { [e.message, e.errno, e.call, J(e.log), J(p.log), p.fd].join('|') }`)
	if want := `syscall BPF_PROG_LOAD failed with errno = 13: Permission denied|13|BPF_PROG_LOAD|["one","two"]|["one","two"]|0`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	f = ebpf.NewFake()
	f.NoBatch = true
	got = run(t, f, `var m = new bpf.Map({ type: 'hash', keySize: 4, valueSize: 4, maxEntries: 9 }); m.updateAll([[1, 1], [2, 2], [3, 3]]) + ' ' + m.entries({ batch: 2 }).length + m.deleteAll([1, 5]) + m.takeAll({ limit: 1 }).length + m.size()`)
	if got != "3 3111" {
		t.Errorf("without batches: %s", got)
	}
}

func TestNoPlatform(t *testing.T) {
	t.Parallel()
	if got := run(t, nil, `bpf.get('/x')`); got != "error: BPF not supported" {
		t.Error(got)
	}
}

func TestSurface(t *testing.T) {
	scripttest.Surface(t, "06-ebpf.tsv", []string{"bpf.object", "bpf.ObjectFile", "bpf.Variable", "bpf.MapInfo", "bpf.features", "bpf.persist", "bpf.forget", "bpf.pins", "bpf.btf", "bpf.token", "bpf.cgroup", "bpf.possibleCPUs"}, Namespace)
}
