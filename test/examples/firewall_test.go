//go:build linux

package examples

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"weir/test/harness"
)

// Who is denied does not get through, others do; both ways a change counts at once.
func TestFirewall(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, "firewall")
	client := harness.NewNetns(t)
	s.ns.Link(client, "v", "w", []string{"10.82.1.1/24", "fd82:1::1/64"}, []string{"10.82.1.2/24", "10.82.1.3/24", "fd82:1::2/64"})
	w := s.start("INTERFACE=v bin/weir examples/firewall/main.js")
	w.WaitLog("Guarding v")
	w.WaitLog("Listening")
	var server net.PacketConn
	var err error
	s.ns.Do(func() { server, err = net.ListenPacket("udp", "[::]:9") })
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	edit := func(method, network string) {
		t.Helper()
		if out := s.run(fmt.Sprintf("curl -sf -X %s 127.0.0.1:%d/%s", method, s.ports["8000"], network)); out != "" {
			t.Fatalf("%s %s: %s", method, network, out)
		}
	}
	// arrives sends from two addresses in turn: the second one is never denied and shows that the first is not to come.
	arrives := func(from, to, other, otherTo string) bool {
		t.Helper()
		b := make([]byte, 10)
		_ = server.SetReadDeadline(time.Now().Add(harness.Patience))
		client.Do(func() {
			for _, c := range [][3]string{{from, to, "first"}, {other, otherTo, "second"}} {
				d := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(c[0])}}
				conn, err := d.Dial("udp", c[1])
				if err != nil {
					t.Fatal(err)
				}
				if _, err := conn.Write([]byte(c[2])); err != nil {
					t.Fatal(err)
				}
				conn.Close()
			}
		})
		first := false
		for {
			n, _, err := server.ReadFrom(b)
			if err != nil {
				t.Fatal(err)
			}
			if string(b[:n]) == "second" {
				return first
			}
			first = true
		}
	}
	const v4, v6 = "10.82.1.1:9", "[fd82:1::1]:9"
	for _, c := range []struct{ from, to, network string }{
		{"10.82.1.2", v4, "10.82.1.2"}, {"10.82.1.2", v4, "10.82.1.2/31"}, {"fd82:1::2", v6, "fd82:1::/64"},
	} {
		other, otherTo := "fd82:1::2", v6
		if c.to == v6 {
			other, otherTo = "10.82.1.2", v4
		}
		for _, want := range []bool{true, false, true} {
			if got := arrives(c.from, c.to, other, otherTo); got != want {
				t.Errorf("from %s, %s: arrives: %v, want %v", c.from, c.network, got, want)
			}
			if want {
				edit("PUT", c.network)
			} else {
				edit("DELETE", c.network)
			}
		}
		edit("DELETE", c.network)
	}
	edit("PUT", "10.82.1.2")
	w.Stop()
	if !arrives("10.82.1.2", v4, "fd82:1::2", v6) {
		t.Error("the program is still attached")
	}
}

// A rule holds for the first connection that is opened after the answer of the API, and a deleted one no longer does.
func TestFirewallAtOnce(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, "firewall")
	client := harness.NewNetns(t)
	s.ns.Link(client, "v", "w", []string{"10.82.2.1/24"}, []string{"10.82.2.2/24"})
	w := s.start("INTERFACE=v bin/weir examples/firewall/main.js")
	w.WaitLog("Guarding v")
	w.WaitLog("Listening")
	var server net.Listener
	var err error
	s.ns.Do(func() { server, err = net.Listen("tcp", "10.82.2.1:9") })
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	api := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return s.ns.Dial("tcp", harness.Addr(s.ports["8000"])), nil
	}}}
	defer api.CloseIdleConnections()
	call := func(method, path string, status int) string {
		t.Helper()
		req, err := http.NewRequest(method, "http://firewall/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := api.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != status {
			t.Fatalf("%s %s: %d %s %v", method, path, res.StatusCode, text, err)
		}
		return string(text)
	}
	// open begins to open a connection: its first packet has been sent when it returns.
	open := func() (fd int) {
		t.Helper()
		var err error
		client.Do(func() {
			if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err == nil {
				err = unix.Connect(fd, &unix.SockaddrInet4{Port: 9, Addr: [4]byte{10, 82, 2, 1}})
			}
		})
		if err != nil && err != unix.EINPROGRESS {
			t.Fatal(err)
		}
		return fd
	}
	established := func(fd int) bool {
		t.Helper()
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			t.Fatal(err)
		}
		return info.State == unix.BPF_TCP_ESTABLISHED
	}
	var longest, sum time.Duration
	const rounds = 20
	for range rounds {
		fd := open()
		harness.Eventually(t, "a connection", func() bool { return established(fd) })
		unix.Close(fd)

		start := time.Now()
		call("PUT", "10.82.2.2", 204)
		took := time.Since(start)
		longest, sum = max(longest, took), sum+took

		fd = open()
		harness.Eventually(t, "the packet to be dropped", func() bool {
			text := call("GET", "", 200)
			return strings.HasPrefix(text, "10.82.2.2/32 ") && !strings.HasPrefix(text, "10.82.2.2/32 0 ")
		})
		// Had the first packet come through, it would have been answered.
		if established(fd) {
			t.Error("a connection was opened after the answer of the API")
		}
		unix.Close(fd)
		call("DELETE", "10.82.2.2", 204)
	}
	t.Logf("a rule was in effect at most %v after it was asked for, on average %v", longest, sum/rounds)
}
