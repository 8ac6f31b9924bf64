// Sends the TCP connections that processes of a cgroup open to a proxy on this machine, and tells it where they were going.
//
// connect4, connect6:  note the destination by the cookie of the socket, put the proxy's address in its place.
// established:         the socket has its own address now: note the destination by that.
// getsockopt:          what the proxy has accepted has that address as its peer: answer SO_ORIGINAL_DST.

#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define AF_INET 2
#define AF_INET6 10
#define SOL_IP 0
#define SOL_IPV6 41
#define SO_ORIGINAL_DST 80 // for IPv6 as well

// Set before the program is loaded.
const volatile __u32 proxy_pid;
const volatile __u16 proxy_port;

struct address {
  __u32 ip[4]; // network order, IPv4 addresses are mapped into IPv6: ::ffff:a.b.c.d
  __u16 port;  // network order
  __u16 zero;
};

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, __u64); // cookie of the socket
  __type(value, struct address);
} opening SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, struct address); // of the client's socket
  __type(value, struct address);
} destinations SEC(".maps");

static __always_inline void map_ipv4(struct address *a, __u32 ip)
{
  a->ip[0] = a->ip[1] = 0;
  a->ip[2] = bpf_htonl(0xffff);
  a->ip[3] = ip;
  barrier(); // or the compiler merges the ends of branches, with reads that the verifier does not take
}

static __always_inline int is_ipv4(const struct address *a)
{
  return !a->ip[0] && !a->ip[1] && a->ip[2] == bpf_htonl(0xffff);
}

static __always_inline int is_for_proxy(struct bpf_sock_addr *ctx)
{
  return ctx->protocol == IPPROTO_TCP && bpf_get_current_pid_tgid() >> 32 != proxy_pid;
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
  struct address to = { .port = ctx->user_port };
  __u64 cookie = bpf_get_socket_cookie(ctx);

  if (!is_for_proxy(ctx))
    return 1;
  map_ipv4(&to, ctx->user_ip4);
  bpf_map_update_elem(&opening, &cookie, &to, BPF_ANY);
  ctx->user_ip4 = bpf_htonl(0x7f000001);
  ctx->user_port = bpf_htons(proxy_port);
  return 1;
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
  struct address to = { { ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3] }, ctx->user_port };
  __u64 cookie = bpf_get_socket_cookie(ctx);

  if (!is_for_proxy(ctx))
    return 1;
  bpf_map_update_elem(&opening, &cookie, &to, BPF_ANY);
  // A socket for IPv6 that connects to a mapped address speaks IPv4.
  ctx->user_ip6[0] = ctx->user_ip6[1] = 0;
  ctx->user_ip6[2] = is_ipv4(&to) ? bpf_htonl(0xffff) : 0;
  ctx->user_ip6[3] = bpf_htonl(is_ipv4(&to) ? 0x7f000001 : 1);
  ctx->user_port = bpf_htons(proxy_port);
  return 1;
}

SEC("sockops")
int established(struct bpf_sock_ops *ctx)
{
  struct address from = {}, *to;
  __u64 cookie;

  // The handshake is not over on the other side: the proxy cannot ask too early.
  if (ctx->op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
    return 1;
  cookie = bpf_get_socket_cookie(ctx);
  to = bpf_map_lookup_elem(&opening, &cookie);
  if (!to)
    return 1;
  if (ctx->family == AF_INET) {
    map_ipv4(&from, ctx->local_ip4);
  } else {
    from.ip[0] = ctx->local_ip6[0];
    from.ip[1] = ctx->local_ip6[1];
    from.ip[2] = ctx->local_ip6[2];
    from.ip[3] = ctx->local_ip6[3];
  }
  from.port = bpf_htons(ctx->local_port);
  bpf_map_update_elem(&destinations, &from, to, BPF_ANY);
  bpf_map_delete_elem(&opening, &cookie);
  return 1;
}

struct sockaddr4 {
  __u16 family, port;
  __u32 ip;
  __u64 zero;
};

struct sockaddr6 {
  __u16 family, port;
  __u32 flow, ip[4], scope;
};

SEC("cgroup/getsockopt")
int getsockopt(struct bpf_sockopt *ctx)
{
  struct address from = {}, *to;
  struct bpf_sock *sk = ctx->sk;
  void *value = ctx->optval, *end = ctx->optval_end;

  if (ctx->optname != SO_ORIGINAL_DST || (ctx->level != SOL_IP && ctx->level != SOL_IPV6) || !sk)
    return 1;
  if (sk->family == AF_INET) {
    map_ipv4(&from, sk->dst_ip4);
  } else {
    from.ip[0] = sk->dst_ip6[0];
    from.ip[1] = sk->dst_ip6[1];
    from.ip[2] = sk->dst_ip6[2];
    from.ip[3] = sk->dst_ip6[3];
  }
  from.port = sk->dst_port;
  to = bpf_map_lookup_elem(&destinations, &from);
  if (!to)
    return 1;
  if (ctx->level == SOL_IP && is_ipv4(to)) {
    struct sockaddr4 *a = value;
    if ((void *)(a + 1) > end)
      return 1;
    a->family = AF_INET;
    a->port = to->port;
    a->ip = to->ip[3];
    a->zero = 0;
    ctx->optlen = sizeof(*a);
  } else if (ctx->level == SOL_IPV6 && !is_ipv4(to)) {
    struct sockaddr6 *a = value;
    if ((void *)(a + 1) > end)
      return 1;
    a->family = AF_INET6;
    a->port = to->port;
    a->flow = 0;
    __builtin_memcpy(a->ip, to->ip, 16);
    a->scope = 0;
    ctx->optlen = sizeof(*a);
  } else {
    return 1;
  }
  ctx->retval = 0;
  return 1;
}

char _license[] SEC("license") = "GPL";
