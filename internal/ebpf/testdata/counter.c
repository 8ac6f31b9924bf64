// Functions without a section of their own, map definitions in the older style: what the stock samples are like.
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))

struct key {
	union {
		u8 u8[4];
		u32 u32;
	} ip;
};

struct {
	int (*type)[9];
	int (*max_entries)[1000];
	struct key *key;
	u32 *value;
} packets SEC(".maps");

struct pair {
	u32 a;
	u16 b;
	u32 c;
	u16 d;
};

struct {
	int (*type)[1];
	int (*max_entries)[10];
	int (*map_flags)[1];
	u64 *key;
	struct pair *value;
} pairs SEC(".maps");

static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;

int count(void *ctx) {
	struct key k = {.ip.u32 = 0x04030201};
	u32 *n = lookup(&packets, &k), one = 1;
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		update(&packets, &k, &one, 0);
	return 2;
}

int other_with_a_very_long_name(void *ctx) {
	u64 k = 7;
	return lookup(&pairs, &k) ? 1 : 2;
}

char _license[] SEC("license") = "GPL";
