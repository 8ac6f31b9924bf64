// Has TCP connections to some ports answered by others. Neither side notices: packets that come in get another destination
// port, the answers get the old one as their source.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

// What config.yml says: the port asked for → the one that answers.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 65536);
  __type(key, __u16);
  __type(value, __u16);
} ports SEC(".maps");

struct flow {
  __u8 client[16]; // address; IPv4 leaves the rest zero
  __u16 port;      // of the client
  __u16 answering; // port
};

// The port asked for by those who are being answered, so that the answering port may be asked directly as well.
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, struct flow);
  __type(value, __u16);
} flows SEC(".maps");

// tcp returns where in the packet TCP begins, or 0. It copies the source's or the destination's address.
static __always_inline int tcp(struct __sk_buff *skb, int source, __u8 *address)
{
  if (skb->protocol == bpf_htons(ETH_P_IP)) {
    struct iphdr ip;
    if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)))
      return 0;
    if (ip.protocol != IPPROTO_TCP || ip.frag_off & bpf_htons(0x1fff)) // only the first fragment has ports
      return 0;
    __builtin_memcpy(address, source ? &ip.saddr : &ip.daddr, 4);
    return ETH_HLEN + ip.ihl * 4;
  }
  if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
    struct ipv6hdr ip;
    if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || ip.nexthdr != IPPROTO_TCP)
      return 0;
    __builtin_memcpy(address, source ? &ip.saddr : &ip.daddr, 16);
    return ETH_HLEN + sizeof(ip);
  }
  return 0;
}

static __always_inline void replace(struct __sk_buff *skb, int header, int field, __u16 old, __u16 new)
{
  old = bpf_htons(old);
  new = bpf_htons(new);
  bpf_l4_csum_replace(skb, header + __builtin_offsetof(struct tcphdr, check), old, new, sizeof(new));
  bpf_skb_store_bytes(skb, header + field, &new, sizeof(new), 0);
}

SEC("tc")
int ingress(struct __sk_buff *skb)
{
  struct flow f = {};
  __u16 at[2], asked, *to;
  int header = tcp(skb, 1, f.client);

  if (!header || bpf_skb_load_bytes(skb, header, at, sizeof(at)))
    return TC_ACT_UNSPEC;
  asked = bpf_ntohs(at[1]);
  f.port = bpf_ntohs(at[0]);
  to = bpf_map_lookup_elem(&ports, &asked);
  if (!to) {
    __u8 flags;
    f.answering = asked;
    // The client may have used its port for a connection that was answered by this one, and is over.
    if (!bpf_skb_load_bytes(skb, header + 13, &flags, 1) && flags & 2) // SYN
      bpf_map_delete_elem(&flows, &f);
    return TC_ACT_UNSPEC;
  }
  f.answering = *to;
  bpf_map_update_elem(&flows, &f, &asked, BPF_ANY);
  replace(skb, header, __builtin_offsetof(struct tcphdr, dest), asked, f.answering);
  return TC_ACT_UNSPEC;
}

SEC("tc")
int egress(struct __sk_buff *skb)
{
  struct flow f = {};
  __u16 at[2], *asked;
  int header = tcp(skb, 0, f.client);

  if (!header || bpf_skb_load_bytes(skb, header, at, sizeof(at)))
    return TC_ACT_UNSPEC;
  f.port = bpf_ntohs(at[1]);
  f.answering = bpf_ntohs(at[0]);
  asked = bpf_map_lookup_elem(&flows, &f);
  if (asked)
    replace(skb, header, __builtin_offsetof(struct tcphdr, source), f.answering, *asked);
  return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
