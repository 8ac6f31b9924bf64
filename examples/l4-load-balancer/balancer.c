// Sends the packets of a service's clients on to backends, unchanged: they have the service's address, too, and answer directly.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define AF_INET 2
#define SLOTS 1021
#define NOT_FIRST 0x1fff // offset of a fragment

// Set by the script; address and port in host order.
const volatile __u32 service_address = 0;
const volatile __u16 service_port = 0;

// New connections get a backend by their hash; 0 is none. Each has slots by its weight.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, SLOTS);
  __type(key, __u32);
  __type(value, __u32); // address in host order
} ring SEC(".maps");

struct client {
  __be32 address;
  __be16 port;
  __u16 protocol;
};

// Where the others are, whatever happens to the ring.
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1 << 17);
  __type(key, struct client);
  __type(value, __u32);
} connections SEC(".maps");

static __u32 hash(const struct client *c)
{
  __u32 h = c->address * 0x9e3779b1u ^ ((__u32)c->port << 16 | c->protocol);
  h = (h ^ h >> 16) * 0x85ebca6bu;
  h = (h ^ h >> 13) * 0xc2b2ae35u;
  return h ^ h >> 16;
}

SEC("xdp")
int balance(struct xdp_md *ctx)
{
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  struct iphdr *ip = (void *)(eth + 1);
  __be16 *ports = (void *)(ip + 1); // of TCP and UDP
  struct tcphdr *tcp = (void *)ports;
  int begins = 0;

  // All else goes its usual way.
  if ((void *)(ports + 2) > end || eth->h_proto != bpf_htons(ETH_P_IP) || bpf_ntohl(ip->daddr) != service_address ||
      ip->ihl != 5 || ip->frag_off & bpf_htons(NOT_FIRST) || ports[1] != bpf_htons(service_port))
    return XDP_PASS;
  if (ip->protocol == IPPROTO_TCP) {
    if ((void *)(tcp + 1) > end)
      return XDP_PASS;
    begins = tcp->syn;
  } else if (ip->protocol != IPPROTO_UDP) {
    return XDP_PASS;
  }

  struct client client = { ip->saddr, ports[0], ip->protocol };
  __u32 *backend = begins ? 0 : bpf_map_lookup_elem(&connections, &client);
  if (!backend) {
    __u32 slot = hash(&client) % SLOTS;
    backend = bpf_map_lookup_elem(&ring, &slot);
    if (!backend || !*backend)
      return XDP_DROP;
    bpf_map_update_elem(&connections, &client, backend, BPF_ANY);
  }

  struct bpf_fib_lookup route = {
    .family = AF_INET,
    .l4_protocol = ip->protocol,
    .tot_len = bpf_ntohs(ip->tot_len),
    .ifindex = ctx->ingress_ifindex,
    .ipv4_src = ip->saddr,
    .ipv4_dst = bpf_htonl(*backend),
  };
  // Clients send again what is lost while a backend's address is looked for.
  if (bpf_fib_lookup(ctx, &route, sizeof route, 0) != BPF_FIB_LKUP_RET_SUCCESS)
    return XDP_DROP;
  __builtin_memcpy(eth->h_dest, route.dmac, ETH_ALEN);
  __builtin_memcpy(eth->h_source, route.smac, ETH_ALEN);
  return bpf_redirect(route.ifindex, 0);
}

char _license[] SEC("license") = "GPL";
