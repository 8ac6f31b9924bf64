//go:build linux

package examples

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"weir/test/harness"
)

// Packets of both IP versions that come in on an interface are counted, exactly; afterwards nothing stays attached.
func TestPacketCounter(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, "packet-counter")
	client := harness.NewNetns(t)
	s.ns.Link(client, "v", "w", []string{"10.80.1.1/24", "fd80:1::1/64"}, []string{"10.80.1.2/24", "fd80:1::2/64"})
	w := s.start("INTERFACE=v bin/weir examples/packet-counter/main.js")
	w.WaitLog("Counting on v")
	const packets = 25
	for _, to := range []string{"10.80.1.1", "[fd80:1::1]"} {
		c := client.Dial("udp", to+":9")
		for range packets {
			// Refusals of earlier ones do not matter.
			for _, err := io.WriteString(c, "hello"); err != nil; {
				_, err = io.WriteString(c, "hello")
			}
		}
	}
	for address, size := range map[string]int{"10.80.1.2": 14 + 20 + 8 + 5, "fd80:1::2": 14 + 40 + 8 + 5} {
		harness.Eventually(t, address+" to be counted", func() bool {
			out := s.run(fmt.Sprintf("curl -s 127.0.0.1:%d", s.ports["8000"]))
			var n, bytes int
			for line := range strings.Lines(out) {
				if rest, ok := strings.CutPrefix(line, address+" "); ok {
					_, _ = fmt.Sscanf(rest, "%d packets %d bytes", &n, &bytes)
				}
			}
			// Besides, the client's kernel looks for neighbours.
			return n >= packets && bytes >= packets*size
		})
	}
	if out := s.ns.Must("ip", "link", "show", "v"); !strings.Contains(out, "xdp") {
		t.Errorf("while it runs: %s", out)
	}
	w.Stop()
	if out := s.ns.Must("ip", "link", "show", "v"); strings.Contains(out, "xdp") {
		t.Errorf("afterwards: %s", out)
	}
}

// What does not work is told, and ends the program.
func TestPacketCounterErrors(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, "packet-counter")
	args := s.bash("cd '" + s.dir + "' && INTERFACE=nothing exec bin/weir examples/packet-counter/main.js")
	r := harness.Run(t, args[0], args[1:]...)
	if r.Code == 0 || !strings.Contains(r.Stderr, "/sys/class/net/nothing/ifindex") {
		t.Errorf("code %d: %s", r.Code, r.Stderr)
	}
}
