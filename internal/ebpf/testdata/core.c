// A field access that is relocated to where the running kernel has the field, and a kernel function.

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
	int pid;
	int tgid;
} __attribute__((preserve_access_index));

extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

int seen;

SEC("syscall") int whoami(void *ctx) {
	struct task_struct *t = bpf_get_current_task_btf();
	seen = t->tgid;
	return 0;
}

SEC("syscall") int locked(void *ctx) {
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return 3;
}

char _license[] SEC("license") = "GPL";
