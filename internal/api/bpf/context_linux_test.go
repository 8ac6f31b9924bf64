package bpf

import (
	"encoding/hex"
	"os"
	"testing"
)

// Test runs take contexts as bytes, or as objects that are like the kernel's structures, and give them back in the same form.
func TestRunContext(t *testing.T) {
	t.Parallel()
	k := needKernel(t)
	b, err := os.ReadFile("../../ebpf/testdata/context.o")
	if err != nil {
		t.Fatal(err)
	}
	prelude := `var o = bpf.object(new Data('` + hex.EncodeToString(b) + `', 'hex')).load(); var frame = new Data(new Array(64).fill(1)); `
	const fails = `var fails = f => { try { f(); return 'no error' } catch (e) { return e.message } }; `
	runAll(t, k, prelude+fails, []scriptCase{
		{`var r = o.program('meta').run({ data: frame, context: { data: 8 } }); [r.retval, r.context.data, r.context.data_end, r.data.size].join()`, "8,8,64,64"},
		{`var r = o.program('meta').run({ data: frame, context: { data: 8, data_end: 64 } }); [r.retval, r.context.data_end].join()`, "8,64"},
		{`var r = o.program('meta').run({ data: frame, context: new Data([8, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) }); r.retval + hex(r.context)`,
			"8" + "0800000040000000" + "00000000000000000000000000000000"},
		{`var r = o.program('meta').run({ data: frame }); [r.retval, r.context].join()`, "0,"},
		{`var r = o.program('mark').run({ data: frame, context: { mark: 41, priority: 7 }, repeat: 3 }); [r.retval, r.context.mark, r.context.priority].join()`, "43,44,7"},
		{`var r = o.program('mark').run({ data: frame, context: { mark: 41 }, contextOut: 0 }); [r.retval, r.context].join()`, "41,"},
		{`var p = o.program('web'); [80, 81].map(local_port => p.run({ context: { family: 2, protocol: 6, local_port } }).retval).join()`, "1,0"},
		{`var p = o.program('second'); [p.run({ context: { args: [5, 6, 7] } }).retval, p.run({ context: { args: [5, 8] }, cpu: bpf.possibleCPUs - 1 }).retval, p.run({ context: { args: [] } }).context].join()`, "6,8,"},
		{`var r = o.program('add').run({ context: { a: 5, b: '10000000000' } }); [r.retval, r.context.a, r.context.sum.toString(), r.data, r.duration].join()`, "5,5,10000000005,,0"},
		{`var r = o.program('add').run({ context: new Data(new Array(24).fill(1)) }); r.retval + ' ' + r.context.size`, "16843009 24"},
		{`var p = o.program('meta'), run = x => fails(() => p.run(x)); [
			run({ context: 5 }), run({ context: 'text' }), run({ data: frame, context: { data: 7 } }), run({ data: new Data([1]) }), run({}),
			run({ data: frame, repeat: -1 }), run({ data: frame, repeat: 1e10 }), run({ data: 'text' }), run({ data: frame, dataOut: 2e6 }), run({ data: frame, dataOut: 20 }),
			run({ data: frame, context: { get data() { throw new Error('thrown') } } }), run({ speed: 1 }), run(7)].join('\n')`,
			"options.context expects a Data object or an object\noptions.context expects a Data object or an object\n" +
				"syscall BPF_PROG_TEST_RUN failed with errno = 22: Invalid argument\n" +
				"syscall BPF_PROG_TEST_RUN failed with errno = 22: Invalid argument (options.data has 1 bytes, a frame has at least 14)\n" +
				"syscall BPF_PROG_TEST_RUN failed with errno = 22: Invalid argument (options.data has 0 bytes, a frame has at least 14)\n" +
				"options.repeat expects a number of 32 bits\noptions.repeat expects a number of 32 bits\noptions.data expects a Data object\n" +
				"options.dataOut and options.contextOut must not be over 1 MiB\n" +
				"syscall BPF_PROG_TEST_RUN failed with errno = 28: No space left on device (options.dataOut is 20, the data has 64 bytes)\n" +
				"thrown\nunknown option options.speed: expected one of data, dataOut, context, contextOut, repeat, cpu, flags, batchSize\noptions expects an object"},
		{`var run = (name, x) => fails(() => o.program(name).run(x)); [
			run('nothing', { context: {} }), run('add', { data: frame }), run('add', { context: {}, repeat: 2 }), run('mark', { data: frame, context: { mark: 1 }, contextOut: 4 }),
			run('web', { context: { family: 99 } }), fails(() => bpf.object(F.types()).program('connect4').load().run({ data: frame }))].join('\n')`,
			"options.context: nothing tells the layout of the context of nothing, a program of type BPF_PROG_TYPE_SYSCALL: give a Data\n" +
				"syscall BPF_PROG_TEST_RUN failed with errno = 22: Invalid argument (programs of type BPF_PROG_TYPE_SYSCALL take a context only, and run once)\n" +
				"syscall BPF_PROG_TEST_RUN failed with errno = 22: Invalid argument (programs of type BPF_PROG_TYPE_SYSCALL take a context only, and run once)\n" +
				"syscall BPF_PROG_TEST_RUN failed with errno = 28: No space left on device (options.contextOut is 4, the context has more bytes)\n" +
				"syscall BPF_PROG_TEST_RUN failed with errno = 97: Address family not supported by protocol\n" +
				"not supported by this kernel: test runs of programs of type BPF_PROG_TYPE_CGROUP_SOCK_ADDR (errno = 524: Unknown error 524)"},
		{`var p = o.program('meta'); p.close(); p.close(); [fails(() => p.run({ data: frame })), fails(() => p.load()), fails(() => p.info()), p.fd].join('\n')`,
			"this BPF object has been closed\nthis BPF object has been closed\nthis BPF object has been closed\n0"},
	})
}
