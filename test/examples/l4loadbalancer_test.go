//go:build linux

package examples

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"weir/test/harness"
)

// New connections are shared out by weight, before and after a change of the configuration; those there are stay with their
// backend; a backend that is gone gets none. Answers come from the backends directly.
func TestL4LoadBalancer(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, "l4-load-balancer")
	const service = "10.86.0.100"
	s.ns.Must("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")
	client := harness.NewNetns(t)
	s.ns.Link(client, "client", "eth0", []string{"10.86.0.1/24"}, []string{"10.86.0.2/24"})
	client.Must("ip", "route", "add", service, "via", "10.86.0.1")
	var servers []net.Listener
	for i := 1; i <= 3; i++ {
		backend := harness.NewNetns(t)
		gateway, address := fmt.Sprintf("10.86.%d.1", i), fmt.Sprintf("10.86.%d.2", i)
		s.ns.Link(backend, fmt.Sprintf("backend%d", i), "eth0", []string{gateway + "/24"}, []string{address + "/24"})
		backend.Must("ip", "route", "add", "default", "via", gateway)
		backend.Must("ip", "addr", "add", service+"/32", "dev", "lo")
		var server net.Listener
		var err error
		backend.Do(func() { server, err = net.Listen("tcp4", fmt.Sprintf(":%d", s.ports["8000"])) })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Close() })
		servers = append(servers, server)
		go func() {
			for {
				c, err := server.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					_, _ = io.WriteString(c, address[len("10.86."):len("10.86.1")])
					_, _ = io.Copy(c, c)
				}()
			}
		}()
	}
	w := s.start("INTERFACE=client bin/weir examples/l4-load-balancer/main.js")
	for i := 1; i <= 3; i++ {
		w.WaitLog(fmt.Sprintf("backend 10.86.%d.2 is up", i))
	}
	open := func() (net.Conn, string) {
		t.Helper()
		c := client.Dial("tcp", fmt.Sprintf("%s:%d", service, s.ports["8000"]))
		b := make([]byte, 1)
		if _, err := io.ReadFull(c, b); err != nil {
			t.Fatal(err)
		}
		return c, string(b)
	}
	share := func(weights map[string]int) {
		t.Helper()
		const n = 3000
		total := 0
		for _, weight := range weights {
			total += weight
		}
		got := map[string]int{}
		for range n {
			c, name := open()
			c.Close()
			got[name]++
		}
		for _, name := range []string{"1", "2", "3"} {
			want := n * weights[name] / total
			if got[name] < want-n/20 || got[name] > want+n/20 || want == 0 && got[name] > 0 {
				t.Errorf("backend %s got %d of %d connections, %d were expected", name, got[name], n, want)
			}
		}
	}
	share(map[string]int{"1": 3, "2": 2, "3": 1})

	kept, name := open()
	for name != "1" {
		kept, name = open()
	}
	config := filepath.Join(s.example, "config.yml")
	edit := strings.NewReplacer("weight: 3", "weight: 0", "weight: 1", "weight: 6")
	harness.WriteFile(t, config, edit.Replace(s.read("config.yml")))
	w.WaitLog("is in effect")
	share(map[string]int{"1": 0, "2": 2, "3": 6})
	b := make([]byte, 5)
	if _, err := io.WriteString(kept, "still"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(kept, b); err != nil || string(b) != "still" {
		t.Errorf("a connection to a backend that gets no new ones: %q, %v", b, err)
	}

	servers[1].Close()
	w.WaitLog("backend 10.86.2.2 is down")
	share(map[string]int{"1": 0, "2": 0, "3": 6})

	harness.WriteFile(t, config, strings.Replace(s.read("config.yml"), "weight: 6", "weight: much", 1))
	w.WaitLog("config.yml has changed but is not used: backends: much is not the weight of 10.86.3.2")
	w.Stop()
	if out := s.ns.Must("ip", "link", "show", "client"); strings.Contains(out, "xdp") {
		t.Errorf("afterwards: %s", out)
	}
}
