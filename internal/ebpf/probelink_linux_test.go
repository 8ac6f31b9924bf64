package ebpf

import (
	"os"
	"testing"
)

// What probes find is what the kernel's type information tells: a type of link that it has been built with is a struct there.
// They leave nothing open, and so nothing attached. Not parallel: descriptors are counted.
func TestLinkProbes(t *testing.T) {
	g := onKernel(t)
	types, err := kernelTypes()
	if err != nil {
		t.Skip("the kernel has no type information: ", err)
	}
	open := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	before := open()
	structs := map[string]string{
		"raw_tracepoint": "bpf_raw_tp_link", "cgroup": "bpf_cgroup_link", "iter": "bpf_iter_link", "netns": "bpf_netns_link",
		"xdp": "bpf_xdp_link", "perf_event": "bpf_perf_link", "struct_ops": "bpf_struct_ops_link", "netfilter": "bpf_nf_link",
		"tcx": "tcx_link", "netkit": "netkit_link", "sockmap": "sockmap_link", "uprobe_multi": "bpf_uprobe_multi_link",
	}
	for _, name := range LinkTypeNames() {
		in, ok := structs[name]
		if !ok {
			continue
		}
		_, err := types.AnyTypesByName(in)
		want := err == nil
		got, err := g.Backend.Probe(Feature{Kind: FeatureLinkType, Name: name})
		if got != want || err != nil {
			t.Errorf("links of type %s: %v, %v; struct %s: %v", name, got, err, in, want)
		}
	}
	// These depend on the processor and the settings of the kernel as well.
	for _, name := range []string{"kprobe_multi", "kprobe_session"} {
		if _, err := g.Backend.Probe(Feature{Kind: FeatureLinkType, Name: name}); err != nil {
			t.Errorf("links of type %s: %v", name, err)
		}
	}
	tracing, _ := g.Backend.Probe(Feature{Kind: FeatureLinkType, Name: "tracing"})
	if trampolines := HaveTrampolines(g.Backend); tracing != trampolines {
		t.Errorf("links for tracing: %v, trampolines: %v", tracing, trampolines)
	}
	if _, err := g.Backend.Probe(Feature{Kind: FeatureToken}); err != nil {
		t.Error("tokens: ", err)
	}
	if _, err := g.Backend.Probe(Feature{Kind: FeatureLinkType, Name: "chain"}); err == nil || err.Error() != "unknown link type: chain" {
		t.Error(err)
	}
	if after := open(); after != before {
		t.Errorf("%d descriptors are open, %d were", after, before)
	}
}
