// What the verifier refuses.

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

SEC("xdp") int wild(void *ctx) { return *(volatile int *)0; }

SEC("xdp") int fine(void *ctx) { return 2; }

char _license[] SEC("license") = "GPL";
