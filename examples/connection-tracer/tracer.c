// Tells of every TCP connection of one network namespace: when it is there, and when it has ended.

#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define AF_INET 2

enum { ESTABLISHED = 1, SYN_SENT = 2, SYN_RECV = 3, CLOSE = 7 };

// What is needed of the kernel's structures; weir finds where the running kernel has it.
#define KERNEL __attribute__((preserve_access_index))

struct ns_common {
  unsigned int inum;
} KERNEL;

struct net {
  struct ns_common ns;
} KERNEL;

typedef struct {
  struct net *net;
} KERNEL possible_net_t;

struct sock_common {
  __be32 skc_daddr, skc_rcv_saddr;
  __be16 skc_dport;
  unsigned short skc_family;
  possible_net_t skc_net;
  struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
} KERNEL;

struct sock {
  struct sock_common __sk_common;
  __u16 sk_protocol;
} KERNEL;

struct inet_sock {
  __be16 inet_sport;
} KERNEL;

enum kind { CONNECTED, ACCEPTED, FAILED, CLOSED };

struct event {
  __u64 nanoseconds; // from SYN on: until the connection was there or had failed; of a closed one: how long it was there
  __u32 kind;
  __u16 local_port, remote_port;
  __u8 local[16], remote[16]; // IPv4 addresses are mapped into IPv6: ::ffff:a.b.c.d
};

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 20); // bytes
} events SEC(".maps");

// When each connection came into its present state.
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, __u64); // address of the socket in the kernel
  __type(value, __u64);
} since SEC(".maps");

const volatile __u32 network_namespace = 0; // set by the script
__u64 lost = 0; // events for which there was no room

static void read_addresses(struct sock *sk, struct event *e)
{
  if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET) {
    __be32 local = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr), remote = BPF_CORE_READ(sk, __sk_common.skc_daddr);
    __builtin_memset(e->local, 0, 10);
    __builtin_memset(e->remote, 0, 10);
    e->local[10] = e->local[11] = e->remote[10] = e->remote[11] = 0xff;
    __builtin_memcpy(e->local + 12, &local, 4);
    __builtin_memcpy(e->remote + 12, &remote, 4);
  } else {
    BPF_CORE_READ_INTO(&e->local, sk, __sk_common.skc_v6_rcv_saddr);
    BPF_CORE_READ_INTO(&e->remote, sk, __sk_common.skc_v6_daddr);
  }
  e->local_port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
  e->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
}

// A raw tracepoint: unlike others it needs no tracefs.
SEC("raw_tp/inet_sock_set_state")
int set_state(struct bpf_raw_tracepoint_args *ctx)
{
  struct sock *sk = (void *)ctx->args[0];
  int from = ctx->args[1], to = ctx->args[2];
  __u64 id = ctx->args[0], now = bpf_ktime_get_ns();

  if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP || BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum) != network_namespace)
    return 0;
  if (to == SYN_SENT || to == SYN_RECV) {
    bpf_map_update_elem(&since, &id, &now, BPF_ANY);
    return 0;
  }
  if (to != ESTABLISHED && to != CLOSE)
    return 0;
  __u64 *begin = bpf_map_lookup_elem(&since, &id);
  // Those without one listen, or were there before this program.
  if (begin) {
    struct event *e = bpf_ringbuf_reserve(&events, sizeof *e, 0);
    if (e) {
      e->nanoseconds = now - *begin;
      if (to == ESTABLISHED)
        e->kind = from == SYN_SENT ? CONNECTED : ACCEPTED;
      else
        e->kind = from == SYN_SENT || from == SYN_RECV ? FAILED : CLOSED;
      read_addresses(sk, e);
      bpf_ringbuf_submit(e, 0);
    } else {
      __sync_fetch_and_add(&lost, 1);
    }
  }
  if (to == ESTABLISHED)
    bpf_map_update_elem(&since, &id, &now, BPF_ANY);
  else
    bpf_map_delete_elem(&since, &id);
  return 0;
}

char _license[] SEC("license") = "GPL";
