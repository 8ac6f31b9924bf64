// Programs for the tests of links and events.

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, 2);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, 27);
	__uint(max_entries, 1048576);
} ring SEC(".maps");

struct {
	__uint(type, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} samples SEC(".maps");

struct {
	__uint(type, 31);
	__uint(max_entries, 4096);
} commands SEC(".maps");

struct event {
	__u32 kind, value;
};

struct flow {
	unsigned char address[4];
	unsigned short port;
};

struct {
	__uint(type, 1);
	__uint(max_entries, 8);
	__type(key, struct flow);
	__type(value, struct event);
} flows SEC(".maps");

static __attribute__((always_inline)) void count(__u32 i)
{
	__u64 *n = bpf_map_lookup_elem(&counts, &i);
	if (n)
		__sync_fetch_and_add(n, 1);
}

SEC("xdp") int pass(void *ctx)
{
	count(0);
	return 2;
}

SEC("tcx/ingress") int tc_in(void *ctx)
{
	count(1);
	return -1;
}

SEC("cgroup_skb/ingress") int cg_in(void *ctx)
{
	count(2);
	return 1;
}

SEC("xdp") int emit(void *ctx)
{
	struct event e = {7, 42};
	bpf_ringbuf_output(&ring, &e, sizeof e, 0);
	return 2;
}

SEC("xdp") int sample(void *ctx)
{
	struct event e = {8, 43};
	bpf_perf_event_output(ctx, &samples, 0xffffffffULL, &e, sizeof e);
	return 2;
}

static long taken(void *dynptr, void *ctx)
{
	count(3);
	return 0;
}

SEC("xdp") int drain(void *ctx)
{
	bpf_user_ringbuf_drain(&commands, taken, 0, 0);
	return 2;
}

struct seq_file;
struct bpf_iter_meta { struct seq_file *seq; };
struct bpf_map;
struct bpf_iter__bpf_map { struct bpf_iter_meta *meta; struct bpf_map *map; };
SEC("iter/bpf_map") int walk(struct bpf_iter__bpf_map *ctx)
{
	char text[4] = {'m', 'a', 'p', '\n'};
	if (ctx->map)
		bpf_seq_write(ctx->meta->seq, text, 4);
	return 0;
}

SEC("tp/sched/sched_process_exec") int started(void *ctx)
{
	count(1);
	return 0;
}

SEC("raw_tp/sys_enter") int enter(void *ctx) { return 0; }
SEC("kprobe/vfs_read") int probe(void *ctx) { return 0; }

char _license[] SEC("license") = "GPL";
