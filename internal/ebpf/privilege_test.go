package ebpf

import "testing"

func TestLacking(t *testing.T) {
	t.Parallel()
	const all = "weir runs without CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF"
	for _, c := range []struct {
		status   string
		byNumber bool
		want     string
	}{
		{"Name:\tweir\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000000000\nCapBnd:\t0\n", false, all},
		{"Name:\tweir\nCapEff:\t0000000000000000\n", true, all + ", CAP_SYS_ADMIN"},
		{"Name:\tweir\nCapEff:\t000001ffffffffff\n", true, ""},
		{"Name:\tweir\nCapEff:\t0000000000200000\n", true, ""},
		{"Name:\tweir\nCapEff:\t000000c000000000\n", false, "weir runs without CAP_NET_ADMIN"},
		{"Name:\tweir\nCapEff:\t000000c000001000\n", false, "weir runs without CAP_SYS_ADMIN"},
		{"Name:\tweir\nCapEff:\tnone\n", false, ""},
		{"", false, ""},
	} {
		if got := lackingIn(c.status, c.byNumber); got != c.want {
			t.Errorf("%q, %v: %q, want %q", c.status, c.byNumber, got, c.want)
		}
	}
}
