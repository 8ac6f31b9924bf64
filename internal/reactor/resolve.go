package reactor

import (
	"context"
	"net"
	"net/netip"
	"strings"
)

// Resolve looks up the addresses of host and calls done with them in a turn of its own, never from within Resolve.
// Literal addresses and "localhost" need no lookup. done is not called after cancel.
func (l *Loop) Resolve(host string, done func([]netip.Addr, error)) (cancel func()) {
	canceled := false
	tell := func(addrs []netip.Addr, err error) {
		if !canceled {
			canceled = true
			done(addrs, err)
		}
	}
	if addrs := literal(host); addrs != nil {
		l.Later(func() { tell(addrs, nil) })
		return func() { canceled = true }
	}
	ctx, stop := context.WithCancel(context.Background())
	l.Hold()
	go func() {
		defer l.Unhold()
		r := net.Resolver{PreferGo: true}
		addrs, err := r.LookupNetIP(ctx, "ip", host)
		for i := range addrs {
			addrs[i] = addrs[i].Unmap()
		}
		stop()
		l.Post(func() { tell(addrs, err) })
	}()
	return func() {
		canceled = true
		stop()
	}
}

func literal(host string) []netip.Addr {
	if strings.EqualFold(host, "localhost") {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	}
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}
	}
	return nil
}
