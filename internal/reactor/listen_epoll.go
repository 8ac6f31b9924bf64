//go:build linux && !portable

package reactor

import (
	"fmt"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	acceptBatch = 16 // per turn, so that connections which are served already get their share
	acceptPause = 100 * time.Millisecond
)

// Listener accepts connections, or for UDP makes one Conn per peer. It accepts nothing before Start.
type Listener struct {
	loop      *Loop
	fd        int
	place     uint32
	armed     uint32
	opts      ListenOptions
	socket    *SocketOptions // shared by the accepted connections
	accept    func(*Conn) Handler
	addr      netip.AddrPort
	path      string // Unix
	file      *unixFile
	unix      bool
	started   bool
	paused    bool
	closed    bool
	exhausted bool // no file descriptors: a timer runs
	warned    bool
	awaited   bool // a background job is to accept

	udp     bool
	wild    bool // the system tells where datagrams were sent to
	peers   map[peerKey]*Conn
	blocked []*Conn                // peers waiting for evWrite
	replies map[netip.AddrPort]int // sockets to reply in the name of others, if transparent
}

// ListenTCP binds addr and listens on it. accept is called in a turn of its own for every connection after Start, and
// returns who handles it, or nil to close it at once.
func (l *Loop) ListenTCP(addr netip.AddrPort, o ListenOptions, accept func(*Conn) Handler) (*Listener, error) {
	ln, err := l.listen(addr, o, accept, unix.SOCK_STREAM)
	if err != nil {
		return nil, fmt.Errorf("listen on tcp %s: %w", addr, err)
	}
	return ln, nil
}

// ListenUDP binds addr. accept is called as ListenTCP's, for the first datagram of every peer.
func (l *Loop) ListenUDP(addr netip.AddrPort, o ListenOptions, accept func(*Conn) Handler) (*Listener, error) {
	ln, err := l.listen(addr, o, accept, unix.SOCK_DGRAM)
	if err != nil {
		return nil, fmt.Errorf("listen on udp %s: %w", addr, err)
	}
	return ln, nil
}

// ListenUnix listens on a Unix stream socket. A socket file that nobody listens on any more is replaced. A path that
// begins with @ is in the abstract name space.
func (l *Loop) ListenUnix(path string, o ListenOptions, accept func(*Conn) Handler) (*Listener, error) {
	ln, err := l.listenUnix(path, o, accept)
	if err != nil {
		return nil, fmt.Errorf("listen on unix socket %s: %w", path, err)
	}
	return ln, nil
}

func (l *Loop) listen(addr netip.AddrPort, o ListenOptions, accept func(*Conn) Handler, kind int) (*Listener, error) {
	if !addr.IsValid() {
		return nil, fmt.Errorf("no address")
	}
	fd, err := unix.Socket(family(addr), kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	ln := &Listener{loop: l, fd: fd, opts: o, accept: accept, udp: kind == unix.SOCK_DGRAM}
	if err := ln.open(addr); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return ln, nil
}

func (ln *Listener) open(addr netip.AddrPort) error {
	o := &ln.opts
	if err := unix.SetsockoptInt(ln.fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil && !ln.udp {
		return fmt.Errorf("SO_REUSEADDR: %w", err)
	}
	if o.ReusePort {
		if err := unix.SetsockoptInt(ln.fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
			return fmt.Errorf("SO_REUSEPORT: %w", err)
		}
	}
	if o.Transparent {
		if err := setTransparent(ln.fd, family(addr)); err != nil {
			return fmt.Errorf("IP_TRANSPARENT (needs CAP_NET_ADMIN): %w", err)
		}
	}
	if o.FreeBind {
		if err := setFreeBind(ln.fd, family(addr)); err != nil {
			return fmt.Errorf("IP_FREEBIND: %w", err)
		}
	}
	if err := bindFd(ln.fd, addr); err != nil {
		return err
	}
	if ln.udp {
		ln.openUDP(addr)
	} else if err := unix.Listen(ln.fd, backlog(o.Backlog)); err != nil {
		return err
	}
	ln.addr = sockname(ln.fd)
	return ln.join()
}

func backlog(n int) int {
	if n <= 0 {
		return 1 << 16 // the kernel lowers it to net.core.somaxconn
	}
	return n
}

func (ln *Listener) join() error {
	ln.SetOptions(ln.opts)
	place, err := ln.loop.register(ln.fd, 0, source{listener: ln})
	if err != nil {
		return err
	}
	ln.place = place
	ln.loop.refs++
	return nil
}

// Start begins to accept.
func (ln *Listener) Start() { ln.started = true; ln.updateInterest() }

// Pause stops accepting: TCP clients wait in the backlog, datagrams of new UDP peers are dropped.
func (ln *Listener) Pause() { ln.paused = true; ln.updateInterest() }

// Resume goes on accepting.
func (ln *Listener) Resume() { ln.paused = false; ln.updateInterest() }

// SetAccept replaces the function for connections to come.
func (ln *Listener) SetAccept(accept func(*Conn) Handler) { ln.accept = accept }

// SetOptions replaces KeepAlive, NoDelay and Socket for connections to come, and the mode of a Unix socket's file. The rest
// is fixed once the socket is bound.
func (ln *Listener) SetOptions(o ListenOptions) {
	ln.setMode(o)
	ln.opts = o
	o.Socket.KeepAlive, o.Socket.NoDelay = o.KeepAlive, o.NoDelay
	ln.socket = ln.loop.shareOptions(o.Socket)
	if !ln.udp && !ln.unix && !ln.closed {
		// Accepted sockets inherit these: no system call per connection.
		_ = setFlag(ln.fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, o.KeepAlive)
		_ = setFlag(ln.fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, o.NoDelay)
	}
}

// Addr returns the bound address, with the port the system chose if it was 0. It is invalid for Unix sockets.
func (ln *Listener) Addr() netip.AddrPort { return ln.addr }

// Path returns the path of a Unix socket.
func (ln *Listener) Path() string { return ln.path }

// FD returns the descriptor of the socket, 0 once it is closed.
func (ln *Listener) FD() int {
	if ln.closed {
		return 0
	}
	return ln.fd
}

// noSYN is a filter, as sockets have them, that takes TCP packets but those that begin a connection.
var noSYN = []unix.SockFilter{
	{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 13}, // flags
	{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: 2, Jf: 1},
	{Code: unix.BPF_RET | unix.BPF_K, K: 0},
	{Code: unix.BPF_RET | unix.BPF_K, K: 1<<32 - 1},
}

// AcceptWaiting accepts, in the current turn, the connections that wait in the backlog: closing the port would reset them. It is
// called right before Close. From then on the system ignores attempts to connect, so nobody comes in between: they are repeated
// by the client's system, and refused, or taken by whoever else listens on the port.
func (ln *Listener) AcceptWaiting() {
	if ln.udp || !ln.started {
		return
	}
	if !ln.unix && !ln.closed {
		// Without the filter there is a moment in which somebody may connect in vain.
		_ = unix.SetsockoptSockFprog(ln.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(noSYN)), Filter: &noSYN[0]})
	}
	for range backlog(0) { // peers of a Unix socket might go on for ever
		if ln.closed || ln.paused {
			return
		}
		switch fd, errno := ln.acceptOne(); errno {
		case 0:
			ln.adopt(fd)
		case unix.EINTR, unix.ECONNABORTED:
		default:
			return
		}
	}
}

// Close closes the port. Accepted TCP connections live on; UDP peers end with NoError and close.
func (ln *Listener) Close() {
	if ln.closed {
		return
	}
	ln.closed = true
	for _, c := range ln.peers {
		c.lose(0, nil)
	}
	ln.loop.unregister(ln.place)
	ln.loop.refs--
	unix.Close(ln.fd)
	ln.closeReplies()
	if ln.file != nil {
		ln.file.release(ln.loop)
	}
}

func (ln *Listener) updateInterest() {
	if ln.closed {
		return
	}
	var want uint32
	if ln.started && (ln.udp || !ln.paused) && !ln.exhausted {
		want = unix.EPOLLIN
	}
	if len(ln.blocked) > 0 {
		want |= evWrite
	}
	if want != ln.armed {
		ln.armed = want
		ln.loop.ctl(unix.EPOLL_CTL_MOD, ln.fd, ln.place, want)
	}
}

func (ln *Listener) ready(ev uint32) {
	if ln.udp {
		ln.readyUDP(ev)
		return
	}
	if !ln.awaited {
		ln.awaited = true
		ln.loop.background.add(ln)
	}
}

// runInBackground implements job: it accepts connections.
func (ln *Listener) runInBackground() {
	ln.awaited = false
	for range acceptBatch {
		if ln.closed || ln.paused {
			return
		}
		fd, errno := ln.acceptOne()
		switch errno {
		case 0:
			ln.warned = false
			ln.adopt(fd)
		case unix.EAGAIN:
			return
		case unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM:
			ln.backOff(errno)
			return
		case unix.EINTR, unix.ECONNABORTED:
		default:
			// Errors of the one connection, see accept(2).
		}
	}
}

func (ln *Listener) acceptOne() (int, unix.Errno) {
	sa := &ln.loop.peer
	n := uint32(unix.SizeofSockaddrAny)
	fd, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(ln.fd), uintptr(unsafe.Pointer(sa)), uintptr(unsafe.Pointer(&n)),
		unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	return int(fd), errno
}

// backOff stops accepting for a moment: the connection stays in the backlog, and would wake us for ever.
func (ln *Listener) backOff(errno unix.Errno) {
	if !ln.warned {
		ln.warned = true
		where := ln.path
		if !ln.unix {
			where = ln.addr.String()
		}
		ln.loop.opts.Logf("cannot accept connections on %s for now, trying again: %v", where, errno)
	}
	ln.exhausted = true
	ln.updateInterest()
	ln.loop.AfterFunc(acceptPause, func() {
		ln.exhausted = false
		ln.updateInterest()
	}).Unref()
}

func (ln *Listener) adopt(fd int) {
	l := ln.loop
	c := l.newConn(ln.socket)
	c.fd, c.listener, c.fresh = int32(fd), ln, freshReads
	if ln.unix {
		c.set(isUnix)
	} else {
		c.remote = getSockaddr(&l.peer)
	}
	place, err := l.register(fd, evRead|unix.EPOLLET, source{conn: c})
	if err != nil {
		unix.Close(fd)
		l.refs--
		l.opts.Logf("cannot serve a connection on %s: %v", ln.addr, err)
		return
	}
	c.place, c.armed = place, evRead|unix.EPOLLET
	ln.admit(c)
}

// admit asks the owner who handles c and opens it, in a turn of its own unless there is one.
func (ln *Listener) admit(c *Conn) {
	l := ln.loop
	if !l.inTurn {
		l.enter(nil)
		defer l.leave()
	}
	if ln.accept != nil {
		if h := ln.accept(c); c.handler == nil {
			c.handler = h
		}
	}
	if c.handler == nil {
		c.close(false)
	} else if !c.has(isClosed) {
		c.opened()
	}
}
