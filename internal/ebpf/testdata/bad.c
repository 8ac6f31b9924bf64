// What the verifier refuses.
#define SEC(name) __attribute__((section(name), used))

SEC("xdp") int wild(void *ctx) { return *(volatile int *)0; }

SEC("xdp") int fine(void *ctx) { return 2; }

char _license[] SEC("license") = "GPL";
