// Drops what comes in from networks on a list.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct network {
  __u32 prefixlen;
  __u8 bytes[16]; // IPv4 networks are mapped into IPv6: ::ffff:a.b.c.d
};

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(max_entries, 65536);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct network);
  __type(value, __u64); // packets dropped
} denied SEC(".maps");

SEC("tcx/ingress")
int firewall(struct __sk_buff *skb)
{
  struct network from = { .prefixlen = 128 };
  __u64 *dropped;

  if (skb->protocol == bpf_htons(ETH_P_IP)) {
    from.bytes[10] = from.bytes[11] = 0xff;
    if (bpf_skb_load_bytes(skb, ETH_HLEN + __builtin_offsetof(struct iphdr, saddr), from.bytes + 12, 4))
      return TC_ACT_UNSPEC;
  } else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
    if (bpf_skb_load_bytes(skb, ETH_HLEN + __builtin_offsetof(struct ipv6hdr, saddr), from.bytes, 16))
      return TC_ACT_UNSPEC;
  } else {
    return TC_ACT_UNSPEC;
  }
  dropped = bpf_map_lookup_elem(&denied, &from);
  if (!dropped)
    return TC_ACT_UNSPEC;
  __sync_fetch_and_add(dropped, 1);
  return TC_ACT_SHOT;
}

char _license[] SEC("license") = "GPL";
