package bpf

import (
	"encoding/json"
	"testing"

	"weir/internal/ebpf"
)

// What the kernel refuses is an error that says why; sizes of bytes are made to fit, as scripts expect.
func TestBadMaps(t *testing.T) {
	t.Parallel()
	k := needKernel(t)
	const fails = `var fails = f => { try { f(); return 'no error' } catch (e) { return e.message } }; var bytes = (...l) => new Data(l); `
	const refused = "syscall BPF_MAP_CREATE failed with errno = 22: Invalid argument "
	create := func(options string) string { return "var m = new bpf.Map({ " + options + " }); " }
	const tooMuch = "syscall BPF_MAP_UPDATE_ELEM failed with errno = 7: Argument list too long "
	// Data is cut, or filled with zeros, whatever the kind of map.
	const cut = `m.update(bytes(1), bytes(2)); m.update(bytes(1, 0, 0, 0, 9), bytes(3, 0, 0, 0, 9)); `
	runAll(t, k, fails, []scriptCase{
		// Sizes of keys and values that a kind of map cannot have.
		{create(`type: 'array', keySize: 8, valueSize: 4, maxEntries: 1`), "error: " + refused + "(the keys of maps of type array have 4 bytes, not 8)"},
		{create(`type: 'array', keySize: 4, valueSize: 0, maxEntries: 1`), "error: " + refused + "(the values of maps of type array have at least 1 byte, not 0)"},
		{create(`type: 'percpu_array', keySize: 2, valueSize: 4, maxEntries: 1`), "error: " + refused + "(the keys of maps of type percpu_array have 4 bytes, not 2)"},
		{create(`type: 'hash', keySize: 0, valueSize: 4, maxEntries: 1`), "error: " + refused + "(the keys of maps of type hash have at least 1 byte, not 0)"},
		{create(`type: 'lru_hash', keySize: 4, valueSize: 0, maxEntries: 1`), "error: " + refused + "(the values of maps of type lru_hash have at least 1 byte, not 0)"},
		{create(`type: 'percpu_hash', keySize: 0, valueSize: 4, maxEntries: 1`), "error: " + refused + "(the keys of maps of type percpu_hash have at least 1 byte, not 0)"},
		{create(`type: 'lpm_trie', keySize: 4, valueSize: 4, maxEntries: 1, flags: 1`), "error: " + refused + "(the keys of maps of type lpm_trie have 5 to 260 bytes, not 4)"},
		{create(`type: 'lpm_trie', keySize: 8, valueSize: 4, maxEntries: 1`), "error: " + refused + "(maps of type lpm_trie need the flag 1, BPF_F_NO_PREALLOC)"},
		{create(`type: 'queue', keySize: 4, valueSize: 4, maxEntries: 1`), "error: " + refused + "(the keys of maps of type queue have no bytes, not 4)"},
		{create(`type: 'stack', valueSize: 0, maxEntries: 1`), "error: " + refused + "(the values of maps of type stack have at least 1 byte, not 0)"},
		{create(`type: 'bloom_filter', keySize: 4, valueSize: 4, maxEntries: 1`), "error: " + refused + "(the keys of maps of type bloom_filter have no bytes, not 4)"},
		{create(`type: 'prog_array', keySize: 8, valueSize: 4, maxEntries: 1`), "error: " + refused + "(the keys of maps of type prog_array have 4 bytes, not 8)"},
		{create(`type: 'cgroup_array', keySize: 4, valueSize: 8, maxEntries: 1`), "error: " + refused + "(the values of maps of type cgroup_array have 4 bytes, not 8)"},
		{create(`type: 'devmap', keySize: 4, valueSize: 6, maxEntries: 1`), "error: " + refused + "(the values of maps of type devmap have 4 or 8 bytes, not 6)"},
		{create(`type: 'sockmap', keySize: 4, valueSize: 2, maxEntries: 1`), "error: " + refused + "(the values of maps of type sockmap have 4 or 8 bytes, not 2)"},
		{create(`type: 'stack_trace', keySize: 4, valueSize: 12, maxEntries: 1`), "error: " + refused + "(the values of maps of type stack_trace have a multiple of 8 bytes, not 12)"},
		{create(`type: 'ringbuf', keySize: 4, maxEntries: 4096`), "error: " + refused + "(the keys of maps of type ringbuf have no bytes, not 4)"},
		{create(`type: 'ringbuf', maxEntries: 5000`), "error: " + refused + "(maxEntries of a map of type ringbuf is its size in bytes, a power of 2 and a multiple of 4096, not 5000)"},
		{create(`type: 'hash', keySize: 4, valueSize: 4, maxEntries: 0`), "error: " + refused + "(maxEntries is 0)"},

		{create(`type: 'hash', keySize: 4, valueSize: 4, maxEntries: 2`) + cut + `m.size() + hex(m.keys()[0]) + hex(m.lookup(bytes(1)))`, "10100000003000000"},
		{create(`type: 'lru_hash', keySize: 4, valueSize: 4, maxEntries: 2`) + cut + `m.size() + hex(m.lookup(bytes(1, 0, 0, 0, 7)))`, "103000000"},
		{create(`type: 'array', keySize: 4, valueSize: 4, maxEntries: 2`) + cut + `hex(m.lookup(bytes(1))) + hex(m.lookup(bytes()))`, "0300000000000000"},
		{create(`type: 'percpu_hash', keySize: 4, valueSize: 4, maxEntries: 2`) + cut + `m.lookup(bytes(1)).every(v => hex(v) === '03000000')`, "true"},
		{create(`type: 'percpu_array', keySize: 4, valueSize: 4, maxEntries: 2`) + cut + `m.lookup(bytes(1)).every(v => hex(v) === '03000000')`, "true"},
		{create(`type: 'lpm_trie', keySize: 8, valueSize: 4, maxEntries: 2, flags: 1`) + `m.update(bytes(8, 0, 0, 0, 10), bytes(2)); m.update(bytes(8, 0, 0, 0, 10, 0, 0, 0, 9), bytes(3, 0, 0, 0, 9)); m.size() + hex(m.lookup(bytes(32, 0, 0, 0, 10, 1, 2, 3)))`, "103000000"},
		{create(`type: 'queue', valueSize: 4, maxEntries: 2`) + `m.push(bytes(1)); m.push(bytes(2, 0, 0, 0, 9)); hex(m.pop()) + hex(m.pop())`, "0100000002000000"},
		{create(`type: 'bloom_filter', valueSize: 4, maxEntries: 2`) + `m.add(bytes(1)); m.test(bytes(1, 0, 0, 0, 9))`, "true"},
		{create(`type: 'hash', keySize: 3, valueSize: 4, maxEntries: 2`) + `m.update(1, 1)`, "error: argument #1 expects an object"},
		{create(`type: 'hash', keySize: 4, valueSize: 3, maxEntries: 2`) + `m.update(1, 1)`, "error: argument #2 expects an object"},
		{create(`type: 'lpm_trie', keySize: 8, valueSize: 4, maxEntries: 2, flags: 1`) + `m.update(bytes(33, 0, 0, 0, 10), 1)`, "error: syscall BPF_MAP_UPDATE_ELEM failed with errno = 22: Invalid argument"},

		// No room.
		{create(`type: 'hash', keySize: 4, valueSize: 4, maxEntries: 2, entries: [[1, 1], [2, 2]]`) + `[fails(() => m.update(3, 3)), fails(() => m.update(2, 9)), m.size(), m.remove(1), fails(() => m.update(3, 3))].join('\n')`,
			tooMuch + "(the map is full: maxEntries is 2)\nno error\n2\ntrue\nno error"},
		{create(`type: 'hash', keySize: 4, valueSize: 4, maxEntries: 2`) + `fails(() => m.updateAll([[1, 1], [2, 2], [3, 3]])) + m.size()`,
			"syscall BPF_MAP_UPDATE_BATCH failed with errno = 7: Argument list too long (the map is full: maxEntries is 2)2"},
		{create(`type: 'hash', keySize: 4, valueSize: 4, maxEntries: 1, entries: [[1, 1], [2, 2]]`), "error: " + tooMuch + "(the map is full: maxEntries is 1)"},
		{create(`type: 'lru_hash', keySize: 4, valueSize: 4, maxEntries: 64`) + `for (var i = 0; i < 5000; i++) m.update(i, i); [m.size() > 0, m.size() <= 64, m.has(4999), m.has(0)].join()`, "true,true,true,false"},
		{create(`type: 'array', keySize: 4, valueSize: 4, maxEntries: 2`) + `[fails(() => m.update(2, 1)), fails(() => m.lookup(2)), m.find(2), m.has(2), fails(() => m.delete(0)), fails(() => m.update(0, 1, 'noexist'))].join('\n')`,
			tooMuch + "(the index 2 is not below maxEntries, 2)\nsyscall BPF_MAP_LOOKUP_ELEM failed with errno = 2: No such file or directory\n\nfalse\n" +
				"syscall BPF_MAP_DELETE_ELEM failed with errno = 22: Invalid argument\nsyscall BPF_MAP_UPDATE_ELEM failed with errno = 17: File exists"},
		{create(`type: 'percpu_array', keySize: 4, valueSize: 4, maxEntries: 2`) + `fails(() => m.update(7, 1)) + m.has(2)`, tooMuch + "(the index 7 is not below maxEntries, 2)false"},
		{`var inner = { type: 'array', keySize: 4, valueSize: 4, maxEntries: 1 }; ` + create(`type: 'array_of_maps', keySize: 4, inner, maxEntries: 2`) + `fails(() => m.update(2, new bpf.Map(inner)))`,
			tooMuch + "(the index 2 is not below maxEntries, 2)"},
		{create(`type: 'devmap', keySize: 4, valueSize: 4, maxEntries: 2`) + `fails(() => m.update(2, 1))`, tooMuch + "(the index 2 is not below maxEntries, 2)"},
		{create(`type: 'lpm_trie', keySize: 8, valueSize: 4, maxEntries: 1, flags: 1`) + `m.update(bytes(8, 0, 0, 0, 10), 1); fails(() => m.update(bytes(8, 0, 0, 0, 11), 1))`,
			"syscall BPF_MAP_UPDATE_ELEM failed with errno = 28: No space left on device (the map is full: maxEntries is 1)"},
		{create(`type: 'queue', valueSize: 4, maxEntries: 2`) + `m.push(1); m.push(2); [fails(() => m.push(3)), fails(() => m.push(4, { exist: true })), hex(m.pop()), hex(m.pop()), m.pop()].join('\n')`,
			tooMuch + "(the map is full: maxEntries is 2)\nno error\n02000000\n04000000\n"},
		{create(`type: 'stack', valueSize: 4, maxEntries: 2`) + `m.push(1); m.push(2); [fails(() => m.push(3)), hex(m.pop()), hex(m.pop()), m.peek()].join('\n')`,
			tooMuch + "(the map is full: maxEntries is 2)\n02000000\n01000000\n"},

		// What is closed.
		{create(`type: 'hash', keySize: 4, valueSize: 4, maxEntries: 2`) + `m.close(); m.close();
			new Set([() => m.lookup(1), () => m.find(1), () => m.has(1), () => m.update(1, 1), () => m.delete(1), () => m.remove(1), () => m.take(1), () => m.keys(), () => m.entries(),
				() => m.clear(), () => m.size(), () => m.updateAll([]), () => m.deleteAll([]), () => m.takeAll(), () => m.freeze(), () => m.info(), () => m.pin('/sys/fs/bpf/no'), () => m.create()].map(fails)).size + fails(() => m.lookup(1)) + m.fd + m.id`,
			"1this BPF object has been closed00"},
		{create(`type: 'queue', valueSize: 4, maxEntries: 2`) + `m.close(); [() => m.push(1), () => m.pop(), () => m.peek()].map(fails).join('\n')`,
			"this BPF object has been closed\nthis BPF object has been closed\nthis BPF object has been closed"},
		{`var o = bpf.object(F.types()).load(); o.close(); o.close(); [fails(() => o.program('entry').run()), fails(() => o.map('jumps').update(0, 1)), fails(() => o.load())].join('\n')`,
			"this BPF object has been closed\nthis BPF object has been closed\nthis BPF object has been closed"},
	})
}

type scriptCase struct{ src, want string }

// runAll evaluates scripts in one realm, each with variables of its own: making a realm takes long under the race detector.
func runAll(t *testing.T, k ebpf.Backend, prelude string, cases []scriptCase) {
	t.Helper()
	var all []string
	for _, c := range cases {
		all = append(all, c.src)
	}
	list, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	out := run(t, k, prelude+`J(`+string(list)+`.map(src => { try { return String(eval(src)) } catch (e) { return 'error: ' + e.message } }))`)
	var got []string
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for i, c := range cases {
		if got[i] != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.src, got[i], c.want)
		}
	}
}
