// A congestion control that counts how often it is asked, and another for its place.
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) val *name
typedef unsigned int u32;
typedef unsigned long long u64;

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;

struct {
	__uint(type, 2);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} counts SEC(".maps");

static __attribute__((always_inline)) void count(u32 i)
{
	u64 *n = bpf_map_lookup_elem(&counts, &i);
	if (n)
		__sync_fetch_and_add(n, 1);
}

struct sock;

SEC("struct_ops/start") void start(u64 *args) { count(0); }

SEC("struct_ops/threshold") u32 threshold(u64 *args)
{
	count(1);
	return 10;
}

SEC("struct_ops/avoid") void avoid(u64 *args)
{
	count(2);
}

SEC("struct_ops/undo") u32 undo(u64 *args)
{
	count(3);
	return 10;
}

struct tcp_congestion_ops {
	void (*init)(struct sock *sk);
	u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, u32 ack, u32 acked);
	u32 (*undo_cwnd)(struct sock *sk);
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
