// A packet counter in the style of older scripts: no section for the function, the map described by pointers to arrays, a key
// with a union.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct key {
  union {
    __u8 u8[4];
    __u32 u32;
  } ip;
};

struct {
  int (*type)[BPF_MAP_TYPE_LRU_HASH];
  int (*max_entries)[1000];
  struct key *key;
  __u32 *value;
} map_counts SEC(".maps");

int packet_counter(struct xdp_md *ctx)
{
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  struct iphdr *ip = (void *)(eth + 1);
  struct key k = {};
  __u32 one = 1, *n;

  if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
    return XDP_PASS;
  k.ip.u32 = ip->saddr;
  n = bpf_map_lookup_elem(&map_counts, &k);
  if (n)
    __sync_fetch_and_add(n, 1);
  else
    bpf_map_update_elem(&map_counts, &k, &one, BPF_ANY);
  return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
