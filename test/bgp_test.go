//go:build linux

package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// TestBGP runs the example of a BGP speaker against BIRD: a session with 4-byte AS numbers, routes of IPv4 and IPv6 in both
// directions, announced and withdrawn as the service behind them comes and goes.
func TestBGP(t *testing.T) {
	t.Parallel()
	harness.Need(t, "bird", "birdc")
	dir := t.TempDir()
	router := harness.Port(t)
	service := harness.StartUpstream(t, "service")
	control := filepath.Join(dir, "ctl")
	harness.WriteFile(t, filepath.Join(dir, "bird.conf"), fmt.Sprintf(`
log stderr all;
router id 10.9.9.9;
protocol device { }
protocol static s4 { ipv4; route 203.0.113.0/24 blackhole; }
protocol static s6 { ipv6; route 2001:db8:99::/48 blackhole; }
protocol bgp speaker {
  local 127.0.0.1 port %d as 4200000009;
  neighbor 127.0.0.2 as 4200000001;
  multihop; passive;
  ipv4 { import all; export all; };
  ipv6 { import all; export all; next hop address 2001:db8:99::1; };
}
`, router))
	harness.StartPeer(t, proc.Command{Name: "bird", Args: []string{"-f", "-c", filepath.Join(dir, "bird.conf"), "-s", control, "-P", filepath.Join(dir, "pid")}}, router)

	files := map[string]string{}
	for _, name := range []string{"main.js", "demo.js"} {
		text, err := os.ReadFile(filepath.Join(harness.Root(), "examples/bgp-speaker", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	files["config.json"] = fmt.Sprintf(`{
		"router": "127.0.0.1:%d", "bind": "127.0.0.2", "as": 4200000001, "id": "192.0.2.254", "holdTime": 3, "health": "%s",
		"routes": {
			"4": { "destinations": ["192.0.2.1/32"], "nextHop": "192.0.2.254" },
			"6": { "destinations": ["2001:db8::1/128"], "nextHop": "2001:db8::254" }
		}
	}`, router, service.Addr())
	w := harness.Spawn(t, harness.Config{Files: files})
	routes := func() string {
		return harness.Run(t, "birdc", "-s", control, "show", "route", "all", "protocol", "speaker").Stdout
	}
	harness.Eventually(t, "BIRD has the routes", func() bool {
		got := routes()
		for _, want := range []string{"192.0.2.1/32", "2001:db8::1/128", "BGP.as_path: 4200000001", "BGP.next_hop: 192.0.2.254", "BGP.next_hop: 2001:db8::254",
			"BGP.community: (65001,100)", "BGP.large_community: (4200000001, 1, 2)"} {
			if !strings.Contains(got, want) {
				return false
			}
		}
		return true
	})
	w.WaitLog("the router announces 203.0.113.0/24")
	w.WaitLog("the router announces 2001:db8:99::/48")
	service.Stop()
	harness.Eventually(t, "BIRD has lost the routes", func() bool {
		return !strings.Contains(routes(), "192.0.2.1") && !strings.Contains(routes(), "2001:db8::1/")
	})
	if got := harness.Run(t, "birdc", "-s", control, "show", "protocols", "speaker").Stdout; !strings.Contains(got, "Established") {
		t.Errorf("the session is not up:\n%s", got)
	}
}
