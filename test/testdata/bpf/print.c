// Programs that print: to the trace of the machine, and to their own output.
#define SEC(name) __attribute__((section(name), used))
typedef unsigned int u32;
typedef unsigned long long u64;

static long (*bpf_trace_printk)(const char *fmt, u32 size, ...) = (void *)6;
extern int bpf_stream_vprintk_impl(int stream, const char *fmt, const void *args, u32 len, void *aux) SEC(".ksyms");

SEC("xdp") int traced(void *ctx)
{
	static const char text[] = "weir test %d";
	bpf_trace_printk(text, sizeof text, 7);
	return 2;
}

SEC("xdp") int printed(void *ctx)
{
	static const char text[] = "printed %d\n";
	u64 args[1] = {8};
	return -bpf_stream_vprintk_impl(1, text, args, sizeof args, 0); // the number of its error
}

char _license[] SEC("license") = "GPL";
