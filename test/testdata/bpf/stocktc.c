// A port interceptor in the style of older scripts: one function without a section for both directions, maps described by
// pointers to arrays.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct {
  int (*type)[BPF_MAP_TYPE_HASH];
  int (*max_entries)[100];
  __u16 *key;
  __u16 *value;
} map_in SEC(".maps"), map_out SEC(".maps");

static __always_inline void replace(struct __sk_buff *skb, int field, __u16 old, __u16 new)
{
  int tcp = ETH_HLEN + sizeof(struct iphdr);

  new = bpf_htons(new);
  bpf_l4_csum_replace(skb, tcp + __builtin_offsetof(struct tcphdr, check), old, new, 2);
  bpf_skb_store_bytes(skb, tcp + field, &new, 2, 0);
}

int classifier(struct __sk_buff *skb)
{
  void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
  struct ethhdr *eth = data;
  struct iphdr *ip = (void *)(eth + 1);
  struct tcphdr *tcp = (void *)(ip + 1);
  __u16 src, dst, *port;

  if ((void *)(tcp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5 || ip->protocol != IPPROTO_TCP)
    return TC_ACT_OK;
  src = bpf_ntohs(tcp->source);
  dst = bpf_ntohs(tcp->dest);
  if ((port = bpf_map_lookup_elem(&map_in, &dst)))
    replace(skb, __builtin_offsetof(struct tcphdr, dest), bpf_htons(dst), *port);
  else if ((port = bpf_map_lookup_elem(&map_out, &src)))
    replace(skb, __builtin_offsetof(struct tcphdr, source), bpf_htons(src), *port);
  return TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
