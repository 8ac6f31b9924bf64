// Programs that number their events and count those that have no room.
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) val *name
typedef unsigned int u32;
typedef unsigned long long u64;

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_ringbuf_output)(void *map, void *data, u64 size, u64 flags) = (void *)130;
static long (*bpf_perf_event_output)(void *ctx, void *map, u64 flags, void *data, u64 size) = (void *)25;

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
	u32 sent, refused;
};

struct {
	__uint(type, 2);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct counts);
} counts SEC(".maps");

struct event {
	u32 number, rest[63];
};

SEC("xdp") int emit(void *ctx)
{
	u32 zero = 0;
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
	u32 zero = 0;
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
