package ebpf

import (
	"os"
	"strconv"
	"strings"
)

// capabilities are what calls to the kernel may need, by their bits.
var capabilities = []struct {
	bit  int
	name string
}{{12, "CAP_NET_ADMIN"}, {38, "CAP_PERFMON"}, {39, "CAP_BPF"}, {21, "CAP_SYS_ADMIN"}}

const capSysAdmin = 21 // stands for the others

// lacking says which privileges this thread does not have; empty if it has them all.
func lacking() string {
	b, _ := os.ReadFile("/proc/thread-self/status")
	return lackingIn(string(b))
}

func lackingIn(status string) string {
	_, rest, _ := strings.Cut(status, "\nCapEff:")
	text, _, _ := strings.Cut(rest, "\n")
	have, err := strconv.ParseUint(strings.TrimSpace(text), 16, 64)
	if err != nil || have>>capSysAdmin&1 != 0 {
		return ""
	}
	var names []string
	for _, c := range capabilities {
		if have>>c.bit&1 == 0 {
			names = append(names, c.name)
		}
	}
	return "weir runs without " + strings.Join(names, ", ")
}
