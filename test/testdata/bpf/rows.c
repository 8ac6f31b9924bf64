// Programs for the kinds of hooks and maps that the other tests leave out.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define INDEX __attribute__((preserve_access_index))

struct {
	__uint(type, 2);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, 15);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

struct {
	__uint(type, 14);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} devices SEC(".maps");

struct {
	__uint(type, 7);
	__uint(max_entries, 1024);
	__uint(key_size, 4);
	__uint(value_size, 1016);
} stacks SEC(".maps");

struct {
	__uint(type, 8);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4);
} groups SEC(".maps");

#define STORAGE(name, number) \
	struct { \
		__uint(type, number); \
		__uint(map_flags, 1); \
		__type(key, int); \
		__type(value, __u32); \
	} name SEC(".maps")

STORAGE(of_socket, 24);
STORAGE(of_task, 29);
STORAGE(of_cgroup, 32);

struct guarded { struct bpf_spin_lock lock; __u32 n; };

struct {
	__uint(type, 1);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct guarded);
} guards SEC(".maps");

volatile __u32 from; // the remote port, as contexts have it, of the socket whose data goes to another one
volatile __u32 drop; // packets and messages are dropped

static __attribute__((always_inline)) void count(__u32 i)
{
	__u64 *n = bpf_map_lookup_elem(&counts, &i);
	if (n)
		__sync_fetch_and_add(n, 1);
}

SEC("netfilter") int filter(void *ctx)
{
	count(0);
	if (drop)
		return 0;
	return 1;
}

SEC("sk_msg") int message(struct sk_msg_md *m)
{
	count(1);
	if (drop)
		return 0;
	if (m->remote_port == from)
		return bpf_msg_redirect_map(m, &sockets, 1, 1);
	return 1;
}

SEC("sk_skb/stream_verdict") int segment(struct __sk_buff *s)
{
	count(2);
	if (s->remote_port == from)
		return bpf_sk_redirect_map(s, &sockets, 1, 0);
	return 1;
}

SEC("xdp") int forward(void *ctx)
{
	count(3);
	return bpf_redirect_map(&devices, 0, 0);
}

SEC("perf_event") int tick(void *ctx)
{
	count(4);
	bpf_get_stackid(ctx, &stacks, 0);
	return 0;
}

SEC("raw_tp/sys_enter") int grouped(void *ctx)
{
	return bpf_current_task_under_cgroup(&groups, 0);
}

SEC("uprobe.multi") int called(void *ctx)
{
	count(5);
	return 0;
}

SEC("tp_btf/sched_switch") int switched(void *ctx)
{
	count(6);
	return 0;
}

SEC("lwt_out") int routed(void *ctx)
{
	count(7);
	if (drop)
		return 2;
	return 0;
}

SEC("netkit/primary") int device(void *ctx) { return -1; }

SEC("fentry/bpf_fentry_test1") int enters(void *ctx)
{
	count(8);
	return 0;
}

SEC("fexit/bpf_fentry_test1") int leaves(void *ctx)
{
	count(9);
	return 0;
}

SEC("fmod_ret/bpf_modify_return_test") int changes(void *ctx) { return 0; }
SEC("lsm/file_open") int opened(void *ctx) { return 0; }
SEC("lsm_cgroup/socket_bind") int bound(void *ctx) { return 1; }

__attribute__((noinline)) int replaceable(__u32 x)
{
	__asm__ volatile("" : "+r"(x));
	return x + 1;
}

SEC("xdp") int replaced(void *ctx) { return replaceable(from); }

// The section tells the type; the program and function come with load().
SEC("freplace") int replacement(__u32 x) { return 7; }

// Iterators: the kernel's structures with the members that are used.
struct seq_file;
struct bpf_iter_meta { struct seq_file *seq; } INDEX;
struct task_struct { int pid, tgid; } INDEX;
struct bpf_map { __u32 id; } INDEX;
struct cgroup;
struct sock_common;
struct bpf_iter__task { struct bpf_iter_meta *meta; struct task_struct *task; } INDEX;
struct bpf_iter__bpf_map_elem { struct bpf_iter_meta *meta; struct bpf_map *map; void *key, *value; } INDEX;
struct bpf_iter__cgroup { struct bpf_iter_meta *meta; struct cgroup *cgroup; } INDEX;
struct bpf_iter__tcp { struct bpf_iter_meta *meta; struct sock_common *sk_common; __u32 uid; } INDEX;

SEC("iter/task") int tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	if (t) {
		__u32 id = t->tgid;
		bpf_seq_write(ctx->meta->seq, &id, sizeof id);
	}
	return 0;
}

SEC("iter/bpf_map_elem") int elements(struct bpf_iter__bpf_map_elem *ctx)
{
	if (ctx->key && ctx->value) {
		bpf_seq_write(ctx->meta->seq, ctx->key, 4);
		bpf_seq_write(ctx->meta->seq, ctx->value, 8);
	}
	return 0;
}

SEC("iter/cgroup") int cgroups(struct bpf_iter__cgroup *ctx)
{
	char one = '.';
	if (ctx->cgroup)
		bpf_seq_write(ctx->meta->seq, &one, 1);
	return 0;
}

SEC("iter/tcp") int connections(struct bpf_iter__tcp *ctx)
{
	char one = '.';
	if (ctx->sk_common)
		bpf_seq_write(ctx->meta->seq, &one, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
