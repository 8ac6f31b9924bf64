//go:build linux && !portable

package reactor

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	datagramBatch = 16 // datagrams per system call
	controlWords  = 16
)

// datagrams are the arguments of recvmmsg and sendmmsg, and where received datagrams lie. A loop has one; memory of large
// datagrams is in use only once they have come.
type datagrams struct {
	msgs    [datagramBatch]unix.Mmsghdr
	iovecs  [datagramBatch]unix.Iovec
	names   [datagramBatch]unix.RawSockaddrAny
	control [datagramBatch][controlWords]uint64
	space   []byte
}

func (l *Loop) datagramBuffers() *datagrams {
	if l.datagrams == nil {
		l.datagrams = &datagrams{space: make([]byte, datagramBatch*maxDatagram)}
	}
	return l.datagrams
}

// receive reads datagrams that have come, with their senders' addresses if they are wanted.
func (d *datagrams) receive(fd int, named bool) (n int, errno unix.Errno) {
	for i := range d.msgs {
		d.iovecs[i].Base = &d.space[i*maxDatagram]
		d.iovecs[i].SetLen(maxDatagram)
		h := &d.msgs[i].Hdr
		*h = unix.Msghdr{Iov: &d.iovecs[i]}
		h.SetIovlen(1)
		if named {
			h.Name, h.Namelen = (*byte)(unsafe.Pointer(&d.names[i])), unix.SizeofSockaddrAny
			h.Control = (*byte)(unsafe.Pointer(&d.control[i]))
			h.SetControllen(controlWords * 8)
		}
	}
	r, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&d.msgs)), datagramBatch, 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(r), 0
}

// bytes returns a received datagram.
func (d *datagrams) bytes(i int) []byte {
	at := i * maxDatagram
	return d.space[at : at+int(d.msgs[i].Len) : at+maxDatagram]
}

// controlOf returns the control messages that came with a datagram.
func (d *datagrams) controlOf(i int) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&d.control[i])), int(d.msgs[i].Hdr.Controllen))
}

// send sends pieces of c's queue, each as a datagram, and returns how many. For a peer of a listener, origin is the
// address to send from, if it is valid.
func (d *datagrams) send(fd int, c *Conn, origin netip.AddrPort, segs []segment) (int, unix.Errno) {
	n := min(len(segs), datagramBatch)
	var size uintptr
	if c.listener != nil {
		size = putSockaddr(&d.names[0], c.remote)
	}
	control := 0
	if origin.IsValid() {
		control = putOrigin(&d.control[0], origin)
	}
	for i := range n {
		d.iovecs[i].Base = &segs[i].b[0]
		d.iovecs[i].SetLen(len(segs[i].b))
		h := &d.msgs[i].Hdr
		*h = unix.Msghdr{Iov: &d.iovecs[i]}
		h.SetIovlen(1)
		if c.listener != nil {
			h.Name, h.Namelen = (*byte)(unsafe.Pointer(&d.names[0])), uint32(size)
		}
		if control > 0 {
			h.Control = (*byte)(unsafe.Pointer(&d.control[0]))
			h.SetControllen(control)
		}
	}
	r, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&d.msgs)), uintptr(n), 0, 0, 0)
	for i := range n {
		d.iovecs[i].Base = nil
	}
	if errno != 0 {
		return 0, errno
	}
	return int(r), 0
}

// putOrigin writes the control message that sets the source address, and returns its length.
func putOrigin(to *[controlWords]uint64, a netip.AddrPort) int {
	clear(to[:])
	h := (*unix.Cmsghdr)(unsafe.Pointer(to))
	data := unsafe.Add(unsafe.Pointer(to), unix.CmsgLen(0))
	if a.Addr().Is4() {
		h.Level, h.Type = unix.SOL_IP, unix.IP_PKTINFO
		h.SetLen(unix.CmsgLen(unix.SizeofInet4Pktinfo))
		(*unix.Inet4Pktinfo)(data).Spec_dst = a.Addr().As4()
		return unix.CmsgSpace(unix.SizeofInet4Pktinfo)
	}
	h.Level, h.Type = unix.SOL_IPV6, unix.IPV6_PKTINFO
	h.SetLen(unix.CmsgLen(unix.SizeofInet6Pktinfo))
	info := (*unix.Inet6Pktinfo)(data)
	info.Addr = a.Addr().As16()
	info.Ifindex = scope(a.Addr().Zone())
	return unix.CmsgSpace(unix.SizeofInet6Pktinfo)
}

// parseControl returns what the system says about a received datagram: the address of this host it came to, and where it
// was sent to before a packet filter redirected it.
func parseControl(b []byte) (to netip.Addr, original netip.AddrPort) {
	for len(b) >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&b[0]))
		n := int(h.Len)
		if n < unix.SizeofCmsghdr || n > len(b) {
			return
		}
		data := b[unix.CmsgLen(0):n]
		switch {
		case h.Level == unix.SOL_IP && h.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			to = netip.AddrFrom4((*unix.Inet4Pktinfo)(unsafe.Pointer(&data[0])).Spec_dst)
		case h.Level == unix.SOL_IPV6 && h.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			info := (*unix.Inet6Pktinfo)(unsafe.Pointer(&data[0]))
			if to = netip.AddrFrom16(info.Addr); to.IsLinkLocalUnicast() {
				to = withScope(to, info.Ifindex)
			}
		case h.Level == unix.SOL_IP && h.Type == unix.IP_ORIGDSTADDR, h.Level == unix.SOL_IPV6 && h.Type == unix.IPV6_ORIGDSTADDR:
			var sa unix.RawSockaddrAny
			copy(unsafe.Slice((*byte)(unsafe.Pointer(&sa)), unix.SizeofSockaddrAny), data)
			original = getSockaddr(&sa)
		}
		b = b[min(unix.CmsgSpace(n-unix.CmsgLen(0)), len(b)):]
	}
	return to, original
}
