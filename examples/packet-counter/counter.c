// Counts the packets that come in on an interface, by source address.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct address {
  __u8 bytes[16]; // IPv4 addresses are mapped into IPv6: ::ffff:a.b.c.d
};

struct count {
  __u64 packets;
  __u64 bytes;
};

// The busiest addresses stay when it is full.
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 4096);
  __type(key, struct address);
  __type(value, struct count);
} counts SEC(".maps");

SEC("xdp")
int count(struct xdp_md *ctx)
{
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  struct address from = {};

  if ((void *)(eth + 1) > end)
    return XDP_PASS;
  if (eth->h_proto == bpf_htons(ETH_P_IP)) {
    struct iphdr *ip = (void *)(eth + 1);
    if ((void *)(ip + 1) > end)
      return XDP_PASS;
    from.bytes[10] = from.bytes[11] = 0xff;
    __builtin_memcpy(from.bytes + 12, &ip->saddr, 4);
  } else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
    struct ipv6hdr *ip = (void *)(eth + 1);
    if ((void *)(ip + 1) > end)
      return XDP_PASS;
    __builtin_memcpy(from.bytes, &ip->saddr, 16);
  } else {
    return XDP_PASS;
  }

  struct count first = { 1, end - data };
  struct count *c = bpf_map_lookup_elem(&counts, &from);
  if (c) {
    __sync_fetch_and_add(&c->packets, 1);
    __sync_fetch_and_add(&c->bytes, end - data);
  } else {
    bpf_map_update_elem(&counts, &from, &first, BPF_NOEXIST);
  }
  return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
