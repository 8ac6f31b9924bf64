// Types of keys and values, and members of map definitions, that tell one loader from another.

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

enum color { red, green = 5, blue = -1 };

struct nested {
	__u16 a;
	struct {
		__u16 x[3];
	} n;
	struct {
		__u8 y;
	};
	char name[8];
	_Bool flag;
	const volatile __u32 fixed;
	enum color color;
	void *pointer;
	__u32 low : 3, high : 7;
	int negative : 4;
	struct {
		__u8 p;
		__u16 q;
	} list[2];
	__u8 grid[2][3];
	__u8 tail[0];
};

struct {
	__uint(type, 1);
	__uint(max_entries, 4);
	__type(key, enum color);
	__type(value, struct nested);
	__uint(numa_node, 0);
	__uint(unknown_member, 3);
} wide SEC(".maps");

struct {
	__uint(type, 27);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, 6);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} percpu SEC(".maps");

struct {
	__uint(type, 22);
	__uint(max_entries, 3);
	__uint(value_size, 4);
} queue SEC(".maps");

struct inner {
	__uint(type, 1);
	__uint(max_entries, 5);
	__type(key, __u32);
	__type(value, __u32);
};

struct inner first SEC(".maps"), second SEC(".maps");

struct {
	__uint(type, 12);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
	struct inner *values[2];
} outer SEC(".maps") = {.values = {&first, &second}};

int jumped(void *ctx);

struct {
	__uint(type, 3);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
	int (*values[2])(void *);
} jumps SEC(".maps") = {.values = {[1] = jumped}};

struct {
	__uint(type, 11);
	__uint(max_entries, 8);
	__uint(map_flags, 1);
	__type(key, struct { __u32 prefixlen; __u8 address[4]; });
	__type(value, __u32);
} routes SEC(".maps");

struct limits {
	__u32 rate;
	__u64 burst;
};

const volatile __u32 limit = 5;
volatile struct limits limits = {10, 20};
volatile __u64 hits;
static volatile __u32 hidden = 3;
extern __u32 LINUX_KERNEL_VERSION __kconfig;

static __attribute__((noinline)) int helper(int x) {
	hits += x;
	return x + limits.rate;
}

__attribute__((noinline)) int global_helper(int x) { return helper(x) + 1; }

SEC("xdp") int entry(void *ctx) {
	hits++;
	bpf_tail_call(ctx, &jumps, 1);
	return 0;
}

SEC("xdp") int jumped(void *ctx) {
	return limit;
}

SEC("xdp") int calls(void *ctx) {
	return global_helper(hidden) + (LINUX_KERNEL_VERSION > 0);
}

SEC("cgroup/connect4") int connect4(void *ctx) { return 1; }

char _license[] SEC("license") = "Dual BSD/GPL";
