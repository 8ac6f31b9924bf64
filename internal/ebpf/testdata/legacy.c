// Map definitions as they were before type information.
#define SEC(name) __attribute__((section(name), used))

struct bpf_map_def {
	unsigned int type, key_size, value_size, max_entries, map_flags;
};

struct bpf_map_def SEC("maps") old = {2, 4, 8, 3, 0};

static void *(*lookup)(void *map, const void *key) = (void *)1;

SEC("socket") int look(void *ctx) {
	unsigned int k = 0;
	return lookup(&old, &k) != 0;
}

char _license[] SEC("license") = "GPL";
