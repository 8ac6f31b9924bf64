//go:build linux && !portable

package reactor

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// Replies leave from the address the peer had sent to, and who sends to two addresses has two sessions.
func TestDatagramsToWildcard(t *testing.T) {
	t.Parallel()
	for _, any := range []string{"0.0.0.0:0", "[::]:0"} {
		l := startLoop(t)
		local := make(chan string, 10)
		addr := udpEcho(t, l, netip.MustParseAddrPort(any), func(c *Conn) { local <- c.LocalAddr().Addr().Unmap().String() })
		pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer pc.Close()
		_ = pc.SetDeadline(time.Now().Add(patience))
		buf := make([]byte, 100)
		for _, ip := range []string{"127.0.0.2", "127.0.0.1", "127.9.9.9", "127.0.0.2"} {
			to := &net.UDPAddr{IP: net.ParseIP(ip), Port: int(addr.Port())}
			if _, err := pc.WriteTo([]byte(ip), to); err != nil {
				t.Fatal(err)
			}
			n, from, err := pc.ReadFrom(buf)
			if err != nil || from.String() != to.String() || string(buf[:n]) != ip {
				t.Errorf("%s: %q from %v, %v; want it from %v", any, buf[:n], from, err, to)
			}
		}
		want(t, local, "127.0.0.2", "127.0.0.1", "127.9.9.9")
		if len(local) != 0 {
			t.Error("a session more than addresses")
		}
		if any == "0.0.0.0:0" {
			continue
		}
		peer := udpPeer(t, netip.AddrPortFrom(netip.IPv6Loopback(), addr.Port()))
		mustWrite(t, peer, "six")
		if n, err := peer.Read(buf); err != nil || string(buf[:n]) != "six" {
			t.Errorf("IPv6: %q, %v", buf[:n], err)
		}
		want(t, local, "::1")
	}
}
