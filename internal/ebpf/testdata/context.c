// Programs that tell what their context holds, and change it: for test runs.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

// The length of the metadata.
SEC("xdp") int meta(struct xdp_md *ctx)
{
	long from = ctx->data_meta, to = ctx->data;
	return to - from;
}

SEC("tc") int mark(struct __sk_buff *skb)
{
	__u32 mark = skb->mark;
	skb->mark = mark + 1;
	return mark;
}

SEC("sk_lookup") int web(struct bpf_sk_lookup *ctx)
{
	return ctx->local_port == 80 && ctx->protocol == 6 ? SK_PASS : SK_DROP;
}

SEC("raw_tp/sys_enter") int second(struct bpf_raw_tracepoint_args *ctx)
{
	return ctx->args[1];
}

struct sum {
	__u32 a;
	__u64 b, sum;
};

SEC("syscall") int add(struct sum *ctx)
{
	ctx->sum = ctx->a + ctx->b;
	return ctx->a;
}

SEC("syscall") int nothing(void *ctx)
{
	return 0;
}

__u64 spent; // nanoseconds

SEC("xdp") int busy(struct xdp_md *ctx)
{
	__u64 from = bpf_ktime_get_ns();
	for (int i = 0; i < 100; i++)
		bpf_get_prandom_u32();
	spent += bpf_ktime_get_ns() - from;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
