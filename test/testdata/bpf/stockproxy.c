// A transparent proxy in the style of older scripts: three functions without sections, told apart by name, maps described by
// pointers to arrays.

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define AF_INET 2
#define SO_ORIGINAL_DST 80

struct config {
  __u16 proxy_port;
  __u64 pipy_pid;
};

struct addresses {
  __u32 src_addr;
  __u16 src_port;
  __u32 dst_addr;
  __u16 dst_port;
};

struct {
  int (*type)[BPF_MAP_TYPE_HASH];
  int (*max_entries)[1];
  __u32 *key;
  struct config *value;
} map_config SEC(".maps");

struct {
  int (*type)[BPF_MAP_TYPE_HASH];
  int (*max_entries)[1000];
  __u64 *key;
  struct addresses *value;
} map_cookies SEC(".maps");

struct {
  int (*type)[BPF_MAP_TYPE_HASH];
  int (*max_entries)[1000];
  __u16 *key;
  __u64 *value;
} map_ports SEC(".maps");

int cg_connect4(struct bpf_sock_addr *ctx)
{
  __u32 zero = 0;
  struct config *config = bpf_map_lookup_elem(&map_config, &zero);
  struct addresses a = {};
  __u64 cookie;

  if (ctx->user_family != AF_INET || ctx->protocol != 6 || !config || bpf_get_current_pid_tgid() >> 32 == config->pipy_pid)
    return 1;
  cookie = bpf_get_socket_cookie(ctx);
  a.dst_addr = ctx->user_ip4;
  a.dst_port = ctx->user_port;
  bpf_map_update_elem(&map_cookies, &cookie, &a, BPF_ANY);
  ctx->user_ip4 = bpf_htonl(0x7f000001);
  ctx->user_port = bpf_htons(config->proxy_port);
  return 1;
}

int cg_sock_ops(struct bpf_sock_ops *ctx)
{
  __u64 cookie;
  __u16 port;
  struct addresses *a;

  if (ctx->family != AF_INET || ctx->op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
    return 0;
  cookie = bpf_get_socket_cookie(ctx);
  a = bpf_map_lookup_elem(&map_cookies, &cookie);
  if (!a)
    return 0;
  port = ctx->local_port;
  a->src_addr = ctx->local_ip4;
  a->src_port = port;
  bpf_map_update_elem(&map_ports, &port, &cookie, BPF_ANY);
  return 0;
}

int cg_sock_opt(struct bpf_sockopt *ctx)
{
  struct {
    __u16 family, port;
    __u32 addr;
    __u64 zero;
  } *sa = ctx->optval;
  __u64 *cookie;
  __u16 port;
  struct addresses *a;

  if (ctx->optname != SO_ORIGINAL_DST || !ctx->sk || ctx->sk->family != AF_INET)
    return 1;
  port = bpf_ntohs(ctx->sk->dst_port);
  cookie = bpf_map_lookup_elem(&map_ports, &port);
  if (!cookie)
    return 1;
  a = bpf_map_lookup_elem(&map_cookies, cookie);
  if (!a || (void *)(sa + 1) > ctx->optval_end)
    return 1;
  sa->family = AF_INET;
  sa->port = a->dst_port;
  sa->addr = a->dst_addr;
  ctx->optlen = sizeof(*sa);
  barrier(); // the verifier refuses one write for both
  ctx->retval = 0;
  return 1;
}

char _license[] SEC("license") = "GPL";
