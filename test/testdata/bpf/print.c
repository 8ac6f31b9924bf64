// Programs that print: to the trace of the machine, and to their own output.

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

extern int bpf_stream_vprintk_impl(int stream, const char *fmt, const void *args, __u32 len, void *aux) __ksym;

SEC("xdp") int traced(void *ctx)
{
	static const char text[] = "weir test %d";
	bpf_trace_printk(text, sizeof text, 7);
	return 2;
}

SEC("xdp") int printed(void *ctx)
{
	static const char text[] = "printed %d\n";
	__u64 args[1] = {8};
	return -bpf_stream_vprintk_impl(1, text, args, sizeof args, 0); // the number of its error
}

char _license[] SEC("license") = "GPL";
