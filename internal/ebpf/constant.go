package ebpf

import (
	"strconv"
	"strings"
)

// Names of the kernel's constants, by value.
var programTypes = strings.Fields(`UNSPEC SOCKET_FILTER KPROBE SCHED_CLS SCHED_ACT TRACEPOINT XDP PERF_EVENT CGROUP_SKB
	CGROUP_SOCK LWT_IN LWT_OUT LWT_XMIT SOCK_OPS SK_SKB CGROUP_DEVICE SK_MSG RAW_TRACEPOINT CGROUP_SOCK_ADDR LWT_SEG6LOCAL
	LIRC_MODE2 SK_REUSEPORT FLOW_DISSECTOR CGROUP_SYSCTL RAW_TRACEPOINT_WRITABLE CGROUP_SOCKOPT TRACING STRUCT_OPS EXT LSM
	SK_LOOKUP SYSCALL NETFILTER`)

var attachTypes = strings.Fields(`CGROUP_INET_INGRESS CGROUP_INET_EGRESS CGROUP_INET_SOCK_CREATE CGROUP_SOCK_OPS
	SK_SKB_STREAM_PARSER SK_SKB_STREAM_VERDICT CGROUP_DEVICE SK_MSG_VERDICT CGROUP_INET4_BIND CGROUP_INET6_BIND
	CGROUP_INET4_CONNECT CGROUP_INET6_CONNECT CGROUP_INET4_POST_BIND CGROUP_INET6_POST_BIND CGROUP_UDP4_SENDMSG
	CGROUP_UDP6_SENDMSG LIRC_MODE2 FLOW_DISSECTOR CGROUP_SYSCTL CGROUP_UDP4_RECVMSG CGROUP_UDP6_RECVMSG CGROUP_GETSOCKOPT
	CGROUP_SETSOCKOPT TRACE_RAW_TP TRACE_FENTRY TRACE_FEXIT MODIFY_RETURN LSM_MAC TRACE_ITER CGROUP_INET4_GETPEERNAME
	CGROUP_INET6_GETPEERNAME CGROUP_INET4_GETSOCKNAME CGROUP_INET6_GETSOCKNAME XDP_DEVMAP CGROUP_INET_SOCK_RELEASE XDP_CPUMAP
	SK_LOOKUP XDP SK_SKB_VERDICT SK_REUSEPORT_SELECT SK_REUSEPORT_SELECT_OR_MIGRATE PERF_EVENT TRACE_KPROBE_MULTI LSM_CGROUP
	STRUCT_OPS NETFILTER TCX_INGRESS TCX_EGRESS TRACE_UPROBE_MULTI CGROUP_UNIX_CONNECT CGROUP_UNIX_SENDMSG CGROUP_UNIX_RECVMSG
	CGROUP_UNIX_GETPEERNAME CGROUP_UNIX_GETSOCKNAME NETKIT_PRIMARY NETKIT_PEER TRACE_KPROBE_SESSION TRACE_UPROBE_SESSION`)

var mapTypes = strings.Fields(`unspec hash array prog_array perf_event_array percpu_hash percpu_array stack_trace cgroup_array
	lru_hash lru_percpu_hash lpm_trie array_of_maps hash_of_maps devmap sockmap cpumap xskmap sockhash cgroup_storage
	reuseport_sockarray percpu_cgroup_storage queue stack sk_storage devmap_hash struct_ops ringbuf inode_storage task_storage
	bloom_filter user_ringbuf cgrp_storage arena`)

var linkTypes = strings.Fields(`raw_tracepoint tracing cgroup iter netns xdp perf_event kprobe_multi kprobe_session struct_ops netfilter tcx
	uprobe_multi netkit sockmap`)

const (
	programTypePrefix = "BPF_PROG_TYPE_"
	attachTypePrefix  = "BPF_"
	mapTypePrefix     = "BPF_MAP_TYPE_"
)

func indexOf(names []string, name string) (uint32, bool) {
	for i, n := range names {
		if n == name {
			return uint32(i), true
		}
	}
	return 0, false
}

// ProgramTypeNames, AttachTypeNames and MapTypeNames list the constants by value.
func ProgramTypeNames() []string { return prefixed(programTypePrefix, programTypes) }

// AttachTypeNames lists the attach types by value.
func AttachTypeNames() []string { return prefixed(attachTypePrefix, attachTypes) }

// LinkTypeNames lists the types of links that can be asked for.
func LinkTypeNames() []string { return linkTypes }

func prefixed(prefix string, names []string) []string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = prefix + n
	}
	return list
}

// ParseProgramType reads a constant such as BPF_PROG_TYPE_XDP.
func ParseProgramType(s string) (uint32, bool) {
	name, ok := strings.CutPrefix(s, programTypePrefix)
	if !ok {
		return 0, false
	}
	return indexOf(programTypes, name)
}

// ParseAttachType reads a constant such as BPF_CGROUP_INET4_CONNECT.
func ParseAttachType(s string) (uint32, bool) {
	name, ok := strings.CutPrefix(s, attachTypePrefix)
	if !ok {
		return 0, false
	}
	return indexOf(attachTypes, name)
}

// ParseMapType reads a short name such as hash, or a constant such as BPF_MAP_TYPE_HASH.
func ParseMapType(s string) (uint32, bool) {
	if name, ok := strings.CutPrefix(s, mapTypePrefix); ok {
		s = strings.ToLower(name)
	}
	return indexOf(mapTypes, strings.ReplaceAll(s, "-", "_"))
}

// ProgramTypeName returns the constant of a value; the number if it has none.
func ProgramTypeName(t uint32) string { return nameOf(programTypePrefix, programTypes, t) }

// AttachTypeName is like ProgramTypeName.
func AttachTypeName(t uint32) string { return nameOf(attachTypePrefix, attachTypes, t) }

// MapTypeName returns the short name of a map type; the number if it has none.
func MapTypeName(t uint32) string { return nameOf("", mapTypes, t) }

func nameOf(prefix string, names []string, v uint32) string {
	if int(v) < len(names) {
		return prefix + names[v]
	}
	return strconv.Itoa(int(v))
}
