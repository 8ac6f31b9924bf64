// A congestion control that counts how often it is asked, and another for its place.

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, 2);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static __attribute__((always_inline)) void count(__u32 i)
{
	__u64 *n = bpf_map_lookup_elem(&counts, &i);
	if (n)
		__sync_fetch_and_add(n, 1);
}

struct sock;

SEC("struct_ops/start") void start(__u64 *args) { count(0); }

SEC("struct_ops/threshold") __u32 threshold(__u64 *args)
{
	count(1);
	return 10;
}

SEC("struct_ops/avoid") void avoid(__u64 *args)
{
	count(2);
}

SEC("struct_ops/undo") __u32 undo(__u64 *args)
{
	count(3);
	return 10;
}

struct tcp_congestion_ops {
	void (*init)(struct sock *sk);
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
	char name[16];
};

SEC(".struct_ops.link") struct tcp_congestion_ops control = {
	.init = (void *)start,
	.ssthresh = (void *)threshold,
	.cong_avoid = (void *)avoid,
	.undo_cwnd = (void *)undo,
	.name = "weir_test",
};

SEC(".struct_ops.link") struct tcp_congestion_ops other = {
	.init = (void *)start,
	.ssthresh = (void *)threshold,
	.cong_avoid = (void *)avoid,
	.undo_cwnd = (void *)undo,
	.name = "weir_test",
};

char _license[] SEC("license") = "GPL";
