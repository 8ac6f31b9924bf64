//go:build linux && !portable

package reactor

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

const datagramBatch = 32

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
	l := ln.loop
	for range datagramBatch {
		if ln.closed || !ln.started {
			return
		}
		size := uint32(unix.SizeofSockaddrAny)
		r, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(ln.fd), uintptr(unsafe.Pointer(&l.buf[0])), uintptr(len(l.buf)), 0,
			uintptr(unsafe.Pointer(&l.peer)), uintptr(unsafe.Pointer(&size)))
		if errno == unix.EAGAIN {
			return
		}
		n := int(r)
		if errno != 0 || n == 0 {
			continue // an ICMP error of some peer, or an empty datagram
		}
		from := getSockaddr(&l.peer)
		c := ln.peers[from]
		if c == nil {
			if ln.paused {
				continue
			}
			c = l.newConn(ln.socket)
			c.fd, c.listener, c.remote = -1, ln, from
			c.set(isDatagram)
			ln.peers[from] = c
			ln.admit(c)
			// The buffer is untouched: turns read nothing.
		}
		if c.has(isClosed | isFailing) {
			continue
		}
		if to := c.relayTarget(); to != nil {
			c.relayBytes(to, l.buf[:n])
		} else {
			c.received(l.buf[:n])
		}
	}
}

func (ln *Listener) sendTo(b []byte, to netip.AddrPort) unix.Errno {
	if ln.closed {
		return unix.EBADF
	}
	var sa unix.RawSockaddrAny
	size := putSockaddr(&sa, to)
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(ln.fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0,
		uintptr(unsafe.Pointer(&sa)), size)
	return errno
}

func (ln *Listener) forget(c *Conn) {
	if ln.peers[c.remote] == c {
		delete(ln.peers, c.remote)
	}
}
