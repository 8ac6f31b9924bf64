// Package capability lists what weir can do with kernel programs, and which tests show it.
package capability

// Row is a capability. Tests are named PACKAGE.TEST or PACKAGE.TEST/CASE, the package without the name of the module.
type Row struct {
	Number int
	Name   string
	Kernel []string // tests on the running kernel, which skip what it cannot do once they have seen the error that says so
	Fake   []string // tests that need no kernel
}

const (
	objects = "internal/ebpf."
	links   = "internal/ebpf/link."
	readers = "internal/ebpf/events."
	scripts = "internal/api/bpf."
	whole   = "test."
)

// Table has a row for each capability.
var Table = []Row{
	{1, "CO-RE relocations, line information", list(objects + "TestKernelLoad"), list(objects + "TestRelocation")},
	{2, "kernels without type information", list(objects + "TestKernelTypes"), list(objects + "TestRelocation")},
	{3, "global variables", list(objects+"TestKernelLoad", scripts+"TestKernelScripts"), list(scripts + "TestScripts")},
	{4, "kconfig, ksym and kfunc externs", list(objects+"TestKernelLoad", whole+"TestTracePrograms"), list(scripts + "TestScripts")},
	{5, "calls between programs, callbacks", list(objects+"TestKernelLoad", whole+"TestProduceAndDump"), nil},
	{6, "types by section names", list(objects + "TestKernelLoad"), list(scripts + "TestScripts")},
	{7, "ring buffer", list(whole+"TestLinksAndEvents", whole+"TestEventPressure", readers+"TestKernelReaders"), list(scripts + "TestFakeEvents")},
	{8, "perf event array", list(whole+"TestLinksAndEvents", whole+"TestEventPressure", readers+"TestPerfLost"), list(scripts + "TestFakeEvents")},
	{9, "user ring buffer", list(whole+"TestProduceAndDump", readers+"TestProducer"), list(scripts + "TestFakeLinks")},
	{10, "array, hash, LRU, LPM", list(scripts + "TestKernelScripts"), list(scripts + "TestScripts")},
	{11, "per-CPU array, hash, LRU", list(scripts + "TestKernelScripts"), list(scripts + "TestScripts")},
	{12, "queue, stack, bloom filter", list(scripts + "TestKernelScripts"), list(scripts + "TestScripts")},
	{13, "array and hash of maps", list(scripts+"TestKernelScripts", scripts+"TestPersistObject"), nil},
	{14, "program array, tail calls", list(scripts + "TestKernelScripts"), list(scripts + "TestFakeLinks")},
	{15, "sockmap, sockhash, sk_skb, sk_msg", list(whole+"TestMessageProgram", whole+"TestStreamProgram", links+"TestSocketMap"), list(scripts + "TestFakeLinks")},
	{16, "devmap, cpumap, xskmap", list(whole+"TestRedirectToDevice", scripts+"TestKernelScripts"), list(scripts + "TestFakeLinks")},
	{17, "storage of cgroups, tasks, sockets", list(whole + "TestStorageOfKernelObjects"), list(scripts + "TestFakeLinks")},
	{18, "stack traces; cgroup, reuseport, struct_ops maps", list(whole+"TestPerfEventProgram", whole+"TestStorageOfKernelObjects", links+"TestReuseport", whole+"TestStructOps"), list(scripts + "TestFakeLinks")},
	{19, "arena", list(scripts + "TestKernelScripts"), nil},
	{20, "batches", list(scripts + "TestKernelScripts"), list(scripts+"TestScripts", scripts+"TestFailures")},
	{21, "flags of updates, spin locks", list(scripts+"TestKernelScripts", whole+"TestStorageOfKernelObjects"), list(scripts + "TestScripts")},
	{22, "maps without an object; freeze, info, reuse", list(scripts + "TestKernelScripts"), list(scripts + "TestScripts")},
	{23, "pins", list(whole + "TestPins"), list(scripts+"TestFakeLinks", scripts+"TestScripts")},
	{24, "XDP", list(links+"TestXDP", whole+"TestLinksAndEvents"), list(scripts + "TestFakeLinks")},
	{25, "TCX", list(links+"TestAnchors", whole+"TestSwapProgramsUnderLoad"), list(scripts + "TestFakeLinks")},
	{26, "classic tc", list(links + "TestClassicTC"), list(links + "TestTCMessages")},
	{27, "netkit", list(whole + "TestNetkitProgram"), list(scripts + "TestFakeLinks")},
	{28, "cgroup links", list(whole+"TestAttachToCgroup", links+"TestCgroup"), list(scripts + "TestFakeLinks")},
	{29, "socket lookup, flow dissector", list(links+"TestNetns", "test/examples.TestPortRange"), list(scripts + "TestFakeLinks")},
	{30, "netfilter", list(whole+"TestNetfilterProgram", links+"TestNetfilter"), list(scripts + "TestFakeLinks")},
	{31, "trace points", list(whole + "TestTracePrograms"), list(scripts + "TestFakeLinks")},
	{32, "raw and typed trace points", list(whole+"TestTypedTracepoint", links+"TestTraces"), list(scripts + "TestFakeLinks")},
	{33, "kprobe, kretprobe", list(links + "TestKprobes/single"), list(scripts + "TestFakeLinks")},
	{34, "kprobe.multi, kprobe.session", list(links + "TestKprobes/multi"), list(scripts + "TestFakeLinks")},
	{35, "uprobe, uretprobe, uprobe.multi", list(whole+"TestUprobeMulti", links+"TestUSDT"), list(scripts + "TestFakeLinks")},
	{36, "USDT", list(links + "TestUSDT"), list("internal/ebpf/usdt.TestRead")},
	{37, "perf events", list(whole+"TestPerfEventProgram", links+"TestTraces"), list(scripts + "TestFakeLinks")},
	{38, "fentry, fexit, fmod_ret", list(whole + "TestTrampolines/fentry"), list(scripts+"TestFakeLinks", scripts+"TestFakeTrampolines")},
	{39, "LSM", list(whole + "TestTrampolines/lsm"), list(scripts+"TestFakeLinks", scripts+"TestFakeTrampolines")},
	{40, "freplace", list(whole + "TestTrampolines/freplace"), list(scripts+"TestFakeLinks", scripts+"TestFakeTrampolines")},
	{41, "struct_ops", list(whole + "TestStructOps"), list(scripts + "TestFakeStructOps")},
	{42, "iterators", list(whole+"TestIterators", whole+"TestLinksAndEvents", links+"TestIterator"), list(scripts + "TestFakeEvents")},
	{43, "socket filter, reuseport", list(links+"TestSockets", links+"TestReuseport"), list(scripts + "TestFakeLinks")},
	{44, "programs in routes", list(whole + "TestRouteProgram"), nil},
	{45, "test runs", list(scripts + "TestKernelScripts"), list(scripts + "TestScripts")},
	{46, "information, statistics", list(scripts+"TestKernelScripts", whole+"TestLinksAndEvents"), list(scripts+"TestFakeLinks", "internal/ebpf/inspect.TestRun")},
	{47, "log of the verifier", list(objects+"TestKernelLoad", whole+"TestRefusedProgram"), list(scripts + "TestFailures")},
	{48, "probes for features", list(scripts + "TestKernelScripts"), list(scripts + "TestScripts")},
	{49, "memory limit", list(scripts + "TestKernelScripts"), nil},
	{50, "atomic exchange", list(whole+"TestSwapProgramsUnderLoad", links+"TestTakeOver", links+"TestXDP"), list(links+"TestFakeTakeOver", links+"TestFakeNoTakeOver")},
	{51, "tokens", nil, list(scripts + "TestScripts")},
	{52, "what programs print", list(whole + "TestTracePrograms"), list(scripts + "TestFakeEvents")},
	{53, "types of the kernel, dumps", list(scripts+"TestKernelScripts", whole+"TestProduceAndDump"), list(scripts+"TestScripts", "internal/ebpf/inspect.TestRun")},
	{54, "metrics", list(whole + "TestKernelMetrics"), list(scripts + "TestFakeMetrics")},
}

func list(tests ...string) []string { return tests }
