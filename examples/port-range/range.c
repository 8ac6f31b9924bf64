// Gives the connections to a range of ports to one listening socket.

#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 first = 0, last = 0; // set by the script

struct {
  __uint(type, BPF_MAP_TYPE_SOCKMAP);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} listener SEC(".maps");

// Called once per connection, not per packet.
SEC("sk_lookup")
int port_range(struct bpf_sk_lookup *ctx)
{
  __u32 key = 0;

  if (ctx->protocol != IPPROTO_TCP || ctx->local_port < first || ctx->local_port > last)
    return SK_PASS; // as without this program
  struct bpf_sock *sk = bpf_map_lookup_elem(&listener, &key);
  if (!sk)
    return SK_PASS;
  bpf_sk_assign(ctx, sk, 0);
  bpf_sk_release(sk);
  return SK_PASS;
}

char _license[] SEC("license") = "GPL";
