package ebpf

import "testing"

func TestLacking(t *testing.T) {
	t.Parallel()
	const all = "weir runs without CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF, CAP_SYS_ADMIN"
	for status, want := range map[string]string{
		"Name:\tweir\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000000000\nCapBnd:\t0\n": all,
		"Name:\tweir\nCapEff:\t000001ffffffffff\n":                                        "",
		"Name:\tweir\nCapEff:\t0000000000200000\n":                                        "",
		"Name:\tweir\nCapEff:\t000000c000000000\n":                                        "weir runs without CAP_NET_ADMIN, CAP_SYS_ADMIN",
		"Name:\tweir\nCapEff:\tnone\n":                                                    "",
		"":                                                                                "",
	} {
		if got := lackingIn(status); got != want {
			t.Errorf("%q: %q, want %q", status, got, want)
		}
	}
}
