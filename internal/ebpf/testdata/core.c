// A field access that is relocated to where the running kernel has the field, and a kernel function.
#define SEC(name) __attribute__((section(name), used))

struct task_struct {
	int pid;
	int tgid;
} __attribute__((preserve_access_index));

static void *(*current)(void) = (void *)158; // bpf_get_current_task_btf
extern void bpf_rcu_read_lock(void) SEC(".ksyms");
extern void bpf_rcu_read_unlock(void) SEC(".ksyms");

int seen;

SEC("syscall") int whoami(void *ctx) {
	struct task_struct *t = current();
	seen = t->tgid;
	return 0;
}

SEC("syscall") int locked(void *ctx) {
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return 3;
}

char _license[] SEC("license") = "GPL";
