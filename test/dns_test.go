//go:build linux

package test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// TestDNS puts a proxy that decodes and encodes both directions between dig and dnsmasq: dig sees the same as without it. A
// script looks up names at the same server, as the system does.
func TestDNS(t *testing.T) {
	t.Parallel()
	harness.Need(t, "dnsmasq", "dig")
	n := harness.NewNetns(t)
	conf := filepath.Join(t.TempDir(), "dnsmasq.conf")
	long := strings.Repeat("long", 60)
	harness.WriteFile(t, conf, strings.Join([]string{
		"no-resolv", "no-hosts", "no-daemon", "user=root", "listen-address=127.0.0.1", "bind-interfaces", "local=/test/",
		"host-record=one.test,192.0.2.1,2001:db8::1", "host-record=two.test,192.0.2.1", "host-record=two.test,192.0.2.2",
		"cname=alias.test,one.test", "mx-host=test,mail.test,10", "srv-host=_sip._tcp.test,sip.test,5060,1,2",
		`txt-record=txt.test,"v=spf1 -all"`, "txt-record=long.test," + long, "caa-record=test,0,issue,ca.test",
		"dns-rr=zone.test,6,026e7304746573740001610474657374000000000100000002000000030000000400000005",
		"dns-rr=zone.test,2,026e73047465737400",
		"ptr-record=1.2.0.192.in-addr.arpa,one.test", "",
	}, "\n"))
	p, err := proc.Start(proc.Command{Name: "ip", Args: []string{"netns", "exec", n.Name, "dnsmasq", "-C", conf}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(syscall.SIGTERM, harness.Patience) })
	// dig returns the sections of an answer, sorted: the server rotates records.
	dig := func(port int, args ...string) string {
		out := n.Run("dig", append([]string{"@127.0.0.1", "-p", fmt.Sprint(port), "+tries=1", "+time=5", "+nostats", "+nocmd", "+nocookie"}, args...)...).Stdout
		var lines []string
		for line := range strings.Lines(out) {
			if !strings.HasPrefix(line, ";; ->>HEADER") {
				lines = append(lines, strings.Join(strings.Fields(line), " "))
			} else if _, status, ok := strings.Cut(line, "status: "); ok {
				status, _, _ = strings.Cut(status, ",")
				lines = append(lines, status)
			}
		}
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	harness.Eventually(t, "dnsmasq to answer", func() bool { return strings.Contains(dig(53, "one.test"), "192.0.2.1") })
	harness.Start(t, harness.Config{
		Binary: n.Binary("nameserver 127.0.0.1\noptions timeout:5 attempts:1\n"),
		Script: `
			pipy.listen('127.0.0.1:5300', 'udp', $=>$
				.replaceData(d => DNS.encode(DNS.decode(d)))
				.connect('127.0.0.1:53', { protocol: 'udp' })
				.replaceData(d => DNS.encode(DNS.decode(d)))
			)
			pipy.listen('127.0.0.1:9000', $=>$
				.replaceData(d => DNS.resolve(d.toString()).then(list => [new Data(JSON.stringify(list && list.sort())), new StreamEnd]))
			)
		`,
		Listen: []int{9000},
	})
	for _, query := range [][]string{
		{"one.test"}, {"one.test", "AAAA"}, {"two.test"}, {"alias.test"}, {"test", "MX"}, {"_sip._tcp.test", "SRV"}, {"txt.test", "TXT"},
		{"long.test", "TXT"}, {"test", "CAA"}, {"zone.test", "SOA"}, {"zone.test", "NS"}, {"-x", "192.0.2.1"}, {"none.test"}, {"version.bind", "CH", "TXT"},
		{"one.test", "+noedns"}, {"one.test", "+dnssec"}, {"one.test", "+norecurse"},
	} {
		direct, proxied := dig(53, query...), dig(5300, query...)
		if direct != proxied || !strings.Contains(direct, "QUERY: 1") && !strings.Contains(direct, "NOERROR") && !strings.Contains(direct, "NXDOMAIN") && !strings.Contains(direct, "REFUSED") {
			t.Errorf("%v: through the proxy\n%s\nwithout\n%s", query, proxied, direct)
		}
	}
	for name, want := range map[string]string{
		"one.test": `["192.0.2.1","2001:db8::1"]`, "two.test": `["192.0.2.1","192.0.2.2"]`, "none.test": "null", "192.0.2.7": `["192.0.2.7"]`,
	} {
		c := n.Dial("tcp", "127.0.0.1:9000")
		fmt.Fprint(c, name)
		got := make([]byte, 200)
		k, _ := c.Read(got)
		if string(got[:k]) != want {
			t.Errorf("%s: got %s, want %s", name, got[:k], want)
		}
	}
}
