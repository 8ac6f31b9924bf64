// Type information that other loaders refuse: a float, a 64-bit enumeration, a type tag.

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

struct value {
	float f;
	double d;
	int __attribute__((btf_type_tag("rcu"))) *tagged;
};

struct {
	__uint(type, 1);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct value);
} floats SEC(".maps");

char _license[] SEC("license") = "GPL";
