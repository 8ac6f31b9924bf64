//go:build linux && !portable

package reactor

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"weir/internal/stream"
)

// datagramRounds is how many batches are read per event, so that other sockets get their share.
const datagramRounds = 4

// peerKey tells the sessions of a UDP listener apart. Who talks to two addresses of this host has two sessions.
type peerKey struct{ remote, local netip.AddrPort }

// openUDP has the system tell where datagrams were sent to, if that is not clear from the listener's address.
func (ln *Listener) openUDP(addr netip.AddrPort) {
	ln.peers = make(map[peerKey]*Conn)
	if !addr.Addr().IsUnspecified() && !ln.opts.Transparent {
		return
	}
	// Without these replies leave from the address the system chooses, as they do elsewhere.
	if family(addr) == unix.AF_INET6 {
		ln.wild = unix.SetsockoptInt(ln.fd, unix.SOL_IPV6, unix.IPV6_RECVPKTINFO, 1) == nil
	} else {
		ln.wild = unix.SetsockoptInt(ln.fd, unix.SOL_IP, unix.IP_PKTINFO, 1) == nil
	}
	if ln.opts.Transparent {
		_ = unix.SetsockoptInt(ln.fd, unix.SOL_IP, unix.IP_RECVORIGDSTADDR, 1)
		if family(addr) == unix.AF_INET6 {
			_ = unix.SetsockoptInt(ln.fd, unix.SOL_IPV6, unix.IPV6_RECVORIGDSTADDR, 1)
		}
	}
}

func (ln *Listener) readyUDP(ev uint32) {
	if ev&evWrite != 0 {
		blocked := ln.blocked
		ln.blocked = nil
		for _, c := range blocked {
			c.full = false
			c.flush()
		}
		ln.updateInterest()
	}
	if ev&^evWrite == 0 {
		return
	}
	in := ln.loop.datagramBuffers()
	for range datagramRounds {
		if ln.closed || !ln.started {
			return
		}
		n, errno := in.receive(ln.fd, true)
		if errno == unix.EAGAIN {
			return
		}
		for i := range n { // none after an ICMP error of some peer
			if ln.closed {
				return
			}
			if b := in.bytes(i); len(b) > 0 {
				ln.datagram(peerKey{getSockaddr(&in.names[i]), ln.destination(in.controlOf(i))}, b)
			}
		}
		if errno == 0 && n < datagramBatch {
			return
		}
	}
}

// destination returns where a datagram was sent to, invalid if that need not be known or is no address to reply from.
func (ln *Listener) destination(control []byte) (to netip.AddrPort) {
	if !ln.wild && !ln.opts.Transparent {
		return to
	}
	ip, original := parseControl(control)
	if ln.opts.Transparent && original.IsValid() {
		return original
	}
	if !ip.IsValid() || ip.IsMulticast() {
		return to
	}
	return netip.AddrPortFrom(ip, ln.addr.Port())
}

// datagram hands b to the session it belongs to.
func (ln *Listener) datagram(k peerKey, b []byte) {
	c := ln.peers[k]
	if c == nil {
		if ln.paused {
			return
		}
		c = ln.loop.newConn(ln.socket)
		c.fd, c.listener, c.remote, c.local = -1, ln, k.remote, k.local
		c.set(isDatagram)
		ln.peers[k] = c
		ln.admit(c)
		// The buffer is untouched: turns read nothing.
	}
	if c.has(isClosed | isFailing) {
		return
	}
	to := c.relayTarget()
	switch {
	case to != nil:
		c.relayBytes(to, b)
	case c.tap.paused > 0: // whom it goes to is behind: lost, as UDP may
	default:
		c.received(b)
	}
}

// key is how the listener of a peer finds it.
func (c *Conn) key() peerKey { return peerKey{c.remote, c.origin()} }

// origin returns the address replies to a peer leave from, invalid if the listener's own will do.
func (c *Conn) origin() netip.AddrPort {
	// LocalAddr may have filled in the listener's.
	if (c.listener.wild || c.listener.opts.Transparent) && !c.local.Addr().IsUnspecified() {
		return c.local
	}
	return netip.AddrPort{}
}

func (ln *Listener) forget(c *Conn) {
	if k := c.key(); ln.peers[k] == c {
		delete(ln.peers, k)
	}
}

// readDatagrams reads what a connected UDP socket, or a netlink socket, has.
func (c *Conn) readDatagrams() {
	in := c.loop.datagramBuffers()
	for range datagramRounds {
		n, errno := in.receive(int(c.fd), false)
		if errno == unix.EAGAIN {
			return
		}
		if c.has(isNetlink) && errno != 0 && !isPassing(errno) {
			c.lose(stream.ReadError, errno)
			return
		}
		for i := range n { // none after an ICMP error, which is not the end of anything
			if c.has(isClosed | isFailing) {
				return
			}
			b := in.bytes(i)
			if len(b) == 0 {
				continue
			}
			if to := c.relayTarget(); to != nil {
				c.relayBytes(to, b)
			} else {
				c.received(b)
			}
		}
		if errno == 0 && n < datagramBatch || c.tap.paused > 0 || c.has(isClosed|isFailing) {
			return
		}
	}
}

// sendDatagrams hands the queue to the system until it takes no more.
func (c *Conn) sendDatagrams() {
	fd, origin := int(c.fd), netip.AddrPort{}
	if c.listener != nil {
		if c.listener.closed {
			c.dropQueue()
			return
		}
		fd, origin = c.listener.replySocket(c)
	}
	for c.out != nil && c.out.size > 0 {
		segs := c.out.pending()
		n, errno := c.loop.datagramBuffers().send(fd, c, origin, segs)
		if c.has(isNetlink) && errno != 0 && errno != unix.EAGAIN && errno != unix.EINTR {
			c.fail(stream.WriteError, errno)
			return
		}
		switch errno {
		case 0:
			sum := 0
			for _, s := range segs[:n] {
				sum += len(s.b)
			}
			c.wrote(sum)
		case unix.EINTR:
		case unix.EAGAIN:
			if c.listener == nil {
				c.full = true
				c.updateInterest()
				return
			}
			if fd == c.listener.fd {
				c.full = true
				c.listener.blocked = append(c.listener.blocked, c)
				c.listener.updateInterest()
				return
			}
			c.out.skip(len(segs[0].b)) // a socket for replies only is not waited for
		case unix.ECONNREFUSED:
			// The answer to an earlier datagram; reported once.
		default:
			c.out.skip(len(segs[0].b)) // cannot be sent: lost
		}
	}
	c.updateInterest()
}

// maxReplySockets bounds the sockets a transparent listener has for the addresses of others.
const maxReplySockets = 1024

// replySocket returns the socket for replies to a peer, and the address they must be told to leave from. Only a socket
// bound to the address and the port the peer had sent to can reply in their name.
func (ln *Listener) replySocket(c *Conn) (fd int, origin netip.AddrPort) {
	origin = c.origin()
	if !ln.opts.Transparent || !origin.IsValid() || origin == ln.addr {
		return ln.fd, origin
	}
	if fd, ok := ln.replies[origin]; ok {
		return fd, netip.AddrPort{}
	}
	fd, err := transparentSocket(origin)
	if err != nil {
		return ln.fd, origin // at least the address is right
	}
	if len(ln.replies) >= maxReplySockets {
		ln.closeReplies()
	}
	if ln.replies == nil {
		ln.replies = make(map[netip.AddrPort]int)
	}
	ln.replies[origin] = fd
	return fd, netip.AddrPort{}
}

func transparentSocket(a netip.AddrPort) (int, error) {
	fd, err := unix.Socket(family(a), unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err == nil {
		if err = setTransparent(fd, family(a)); err == nil {
			err = bindFd(fd, a)
		}
	}
	if err != nil {
		unix.Close(fd)
	}
	return fd, err
}

func (ln *Listener) closeReplies() {
	for _, fd := range ln.replies {
		unix.Close(fd)
	}
	ln.replies = nil
}
