package inspect

import (
	"strings"
	"testing"

	"github.com/cilium/ebpf"

	core "weir/internal/ebpf"
)

// What people see of a kernel with a program at an interface and a map.
func TestRun(t *testing.T) {
	t.Parallel()
	f := core.NewFake()
	f.Features[core.Feature{Kind: core.FeatureBTF}] = true
	m, err := f.CreateMap(&ebpf.MapSpec{Name: "flows", Type: ebpf.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Update([]byte{1, 0, 0, 0}, []byte{2, 0, 0, 0, 0, 0, 0, 0}, 0); err != nil {
		t.Fatal(err)
	}
	if err := m.Pin("/sys/fs/bpf/flows"); err != nil {
		t.Fatal(err)
	}
	p, err := f.LoadProgram(&ebpf.ProgramSpec{Name: "count", Type: ebpf.XDP}, nil, core.ProgramOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Attach(&core.Attachment{Program: p, Name: "count", Type: "xdp", Place: 3}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		want string // texts that are printed, or the error
	}{
		{"list", "1 count BPF_PROG_TYPE_XDP 0123456789abcdef|1 flows hash 4 8 5|1 xdp 1 ifindex=3"},
		{"dump flows", "1: 2"},
		{"dump 1", "1: 2"},
		{"dump /sys/fs/bpf/flows", "1: 2"},
		{"dump nothing", "error: no map is named nothing: see weir bpf list"},
		{"dump 7", "error: syscall BPF_MAP_GET_FD_BY_ID failed with errno = 2: No such file or directory"},
		{"features", "type information (BTF) yes|tokens no|map hash no"},
		{"show", "error: use weir bpf list, weir bpf dump MAP (a name, an id or the path of a pin), or weir bpf features"},
	} {
		var b strings.Builder
		err := Run(&b, f, strings.Fields(c.args))
		got := strings.Join(strings.Fields(b.String()), " ")
		if err != nil {
			got = "error: " + err.Error()
		}
		for want := range strings.SplitSeq(c.want, "|") {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q: %s", c.args, want, got)
			}
		}
	}
	if err := Run(nil, nil, []string{"list"}); err != core.ErrPlatform {
		t.Errorf("without a kernel: %v", err)
	}
}
