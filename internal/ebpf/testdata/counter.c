// Functions without a section of their own, map definitions in the older style: what the stock samples are like.

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

struct key {
	union {
		__u8 u8[4];
		__u32 u32;
	} ip;
};

struct {
	int (*type)[9];
	int (*max_entries)[1000];
	struct key *key;
	__u32 *value;
} packets SEC(".maps");

struct pair {
	__u32 a;
	__u16 b;
	__u32 c;
	__u16 d;
};

struct {
	int (*type)[1];
	int (*max_entries)[10];
	int (*map_flags)[1];
	__u64 *key;
	struct pair *value;
} pairs SEC(".maps");

int count(void *ctx) {
	struct key k = {.ip.u32 = 0x04030201};
	__u32 *n = bpf_map_lookup_elem(&packets, &k), one = 1;
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(&packets, &k, &one, 0);
	return 2;
}

int other_with_a_very_long_name(void *ctx) {
	__u64 k = 7;
	return bpf_map_lookup_elem(&pairs, &k) ? 1 : 2;
}

char _license[] SEC("license") = "GPL";
