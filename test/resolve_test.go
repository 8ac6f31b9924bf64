//go:build linux

package test

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// Names are looked up at the system's resolver, and all their addresses are tried.
func TestConnectToNames(t *testing.T) {
	t.Parallel()
	harness.Need(t, "dnsmasq", "dig")
	n := harness.NewNetns(t)
	for _, ip := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
		n.Must("ip", "addr", "add", ip+"/32", "dev", "lo")
	}
	// A route into nowhere: nobody answers there.
	n.Link(harness.NewNetns(t), "hole", "edge", []string{"10.77.0.1/24"}, []string{"10.77.0.2/24"})
	n.Must("ip", "route", "add", "198.51.100.0/24", "via", "10.77.0.2")
	conf := filepath.Join(t.TempDir(), "dnsmasq.conf")
	harness.WriteFile(t, conf, strings.Join([]string{
		"no-resolv", "no-hosts", "no-daemon", "user=root", "listen-address=127.0.0.1", "bind-interfaces",
		"host-record=one.test,192.0.2.1", "host-record=mixed.test,192.0.2.1,2001:db8::1",
		"host-record=second.test,192.0.2.2", "host-record=second.test,192.0.2.1",
		"host-record=hole.test,198.51.100.1", "host-record=hole.test,192.0.2.1", "host-record=none.test,192.0.2.3",
		"local=/test/", "",
	}, "\n"))
	p, err := proc.Start(proc.Command{Name: "ip", Args: []string{"netns", "exec", n.Name, "dnsmasq", "-C", conf}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(syscall.SIGTERM, harness.Patience) })
	harness.Eventually(t, "dnsmasq to answer", func() bool {
		return strings.Contains(n.Run("dig", "+short", "+tries=1", "+time=1", "@127.0.0.1", "one.test").Stdout, "192.0.2.1")
	})
	start := func(resolv, serve string, port int) {
		t.Helper()
		harness.Start(t, harness.Config{
			Binary: n.Binary(resolv),
			Script: fmt.Sprintf(`
				%s
				var $states, $target, $options
				pipy.listen('127.0.0.1:%d', $=>$
					.onStart(() => void ($states = []))
					.replaceData(d => {
						var [name, options] = d.toString().split(' ')
						$target = name; $options = { onState: ob => { $states.push(ob.state + (ob.state === 'connected' ? '@' + ob.remoteAddress : '')) }, ...JSON.decode(new Data(options || '{}')) }
						return new Data('.')
					})
					.connect(() => $target, () => $options)
					.replaceData(d => [d, new StreamEnd])
					.replaceStreamEnd(e => [new Data('|' + e.error + '|' + $states.join(' ')), new StreamEnd]))`, serve, port),
			Listen: []int{port},
		})
	}
	start("nameserver 127.0.0.1\noptions timeout:5 attempts:1\n", "pipy.listen('192.0.2.1:80', $=>$.insert(new Data('served')))", 9000)
	ask := func(port int, text string) string {
		t.Helper()
		c := n.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		fmt.Fprint(c, text)
		var b strings.Builder
		buf := make([]byte, 1000)
		for {
			k, err := c.Read(buf)
			b.Write(buf[:k])
			if err != nil {
				return b.String()
			}
		}
	}
	for _, c := range []struct{ target, want string }{
		{"one.test:80", "served.|undefined|resolving open connecting connected@192.0.2.1"},
		// The other addresses come first or second, as the resolver has it: what counts is where it ends.
		{"second.test:80", "connected@192.0.2.1"},
		{"mixed.test:80", "connected@192.0.2.1"},
		{`hole.test:80 {"connectTimeout":3}`, "connected@192.0.2.1"},
		{`second.test:80 {"bind":"192.0.2.3"}`, "connected@192.0.2.1"},
		{"none.test:80", "|ConnectionRefused|resolving open connecting closed"},
		{`none.test:80 {"retryCount":1}`, "|ConnectionRefused|resolving open connecting idle resolving open connecting closed"},
		{"absent.test:80", "|CannotResolve|resolving closed"},
		{`absent.test:80 {"retryCount":1}`, "|CannotResolve|resolving idle resolving closed"},
		{`198.51.100.1:80 {"connectTimeout":0.2}`, "|ConnectionTimeout|open connecting closed"},
	} {
		if got := ask(9000, c.target); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.target, got, c.want)
		}
	}
	// connectTimeout covers the lookup, too: nobody answers there.
	start("nameserver 198.51.100.53\noptions timeout:20 attempts:1\n", "", 9001)
	if got := ask(9001, `one.test:80 {"connectTimeout":0.2}`); got != "|ConnectionTimeout|resolving closed" {
		t.Errorf("a name server that does not answer: %q", got)
	}
}
