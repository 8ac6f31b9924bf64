// Map definitions as they were before type information.

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

struct bpf_map_def {
	unsigned int type, key_size, value_size, max_entries, map_flags;
};

struct bpf_map_def SEC("maps") old = {2, 4, 8, 3, 0};

SEC("socket") int look(void *ctx) {
	unsigned int k = 0;
	return bpf_map_lookup_elem(&old, &k) != 0;
}

char _license[] SEC("license") = "GPL";
