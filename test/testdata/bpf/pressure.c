// Programs that number their events and count those that have no room.

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, 27);
	__uint(max_entries, 65536);
} ring SEC(".maps");

struct {
	__uint(type, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} samples SEC(".maps");

struct counts {
	__u32 sent, refused;
};

struct {
	__uint(type, 2);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counts);
} counts SEC(".maps");

struct event {
	__u32 number, rest[63];
};

SEC("xdp") int emit(void *ctx)
{
	__u32 zero = 0;
	struct event e = {};
	struct counts *c = bpf_map_lookup_elem(&counts, &zero);
	if (!c)
		return 0;
	e.number = c->sent++;
	if (bpf_ringbuf_output(&ring, &e, sizeof e, 0))
		c->refused++;
	return 2;
}

SEC("xdp") int sample(void *ctx)
{
	__u32 zero = 0;
	struct event e = {};
	struct counts *c = bpf_map_lookup_elem(&counts, &zero);
	if (!c)
		return 0;
	e.number = c->sent++;
	if (bpf_perf_event_output(ctx, &samples, 0xffffffffULL, &e, sizeof e))
		c->refused++;
	return 2;
}

char _license[] SEC("license") = "GPL";
