//go:build !linux || portable

package reactor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"weir/internal/stream"
)

const acceptPause = 100 * time.Millisecond

// Listener accepts connections, or for UDP makes one Conn per peer. It accepts nothing before Start.
type Listener struct {
	loop    *Loop
	opts    ListenOptions
	socket  *SocketOptions // shared by the accepted connections
	accept  func(*Conn) Handler
	addr    netip.AddrPort
	path    string // Unix
	file    *unixFile
	started bool
	paused  bool
	closed  bool
	warned  bool

	nl    net.Listener
	udp   *net.UDPConn
	peers map[netip.AddrPort]*Conn
	quit  chan struct{}
	next  chan struct{}
	held  net.Conn // accepted, but came while paused
}

// ListenTCP binds addr and listens on it. accept is called in a turn of its own for every connection after Start, and
// returns who handles it, or nil to close it at once.
func (l *Loop) ListenTCP(addr netip.AddrPort, o ListenOptions, accept func(*Conn) Handler) (*Listener, error) {
	ln := l.newListener(o, accept)
	nl, err := ln.config().Listen(context.Background(), network("tcp", addr), addr.String())
	if err != nil {
		return nil, fmt.Errorf("listen on tcp %s: %w", addr, err)
	}
	ln.nl, ln.addr = nl, addrOf(nl.Addr(), addr)
	ln.join()
	return ln, nil
}

// ListenUDP binds addr. accept is called as ListenTCP's, for the first datagram of every peer.
func (l *Loop) ListenUDP(addr netip.AddrPort, o ListenOptions, accept func(*Conn) Handler) (*Listener, error) {
	ln := l.newListener(o, accept)
	pc, err := ln.config().ListenPacket(context.Background(), network("udp", addr), addr.String())
	if err != nil {
		return nil, fmt.Errorf("listen on udp %s: %w", addr, err)
	}
	ln.udp, ln.addr = pc.(*net.UDPConn), addrOf(pc.LocalAddr(), addr)
	ln.peers = make(map[netip.AddrPort]*Conn)
	ln.join()
	return ln, nil
}

// ListenUnix listens on a Unix stream socket. A socket file that nobody listens on any more is replaced. A path that
// begins with @ is in the abstract name space.
func (l *Loop) ListenUnix(path string, o ListenOptions, accept func(*Conn) Handler) (*Listener, error) {
	ln := l.newListener(o, accept)
	file, nl, err := openUnixFile(path, l, o.ReusePort, func() (unixSocket, error) { return bindUnix(path, o) })
	if err != nil {
		return nil, fmt.Errorf("listen on unix socket %s: %w", path, err)
	}
	ln.nl, ln.path, ln.file = nl, path, file
	ln.join()
	return ln, nil
}

// unixSocket is a listener whose file unixFile looks after.
type unixSocket = *net.UnixListener

func dupUnix(s unixSocket) (unixSocket, error) {
	f, err := s.File()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	nl, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	s = nl.(*net.UnixListener)
	s.SetUnlinkOnClose(false)
	return s, nil
}

func bindUnix(path string, o ListenOptions) (unixSocket, error) {
	removeStale(path)
	s, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	s.SetUnlinkOnClose(false)
	if o.UnixMode != 0 && !isAbstract(path) {
		if err := os.Chmod(path, o.UnixMode.Perm()); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// PeerCred returns who connected to a Unix socket. It is known on Linux only.
func (c *Conn) PeerCred() (PeerCred, bool) { return PeerCred{}, false }

func removeStale(path string) {
	if st, err := os.Lstat(path); err != nil || st.Mode()&fs.ModeSocket == 0 {
		return
	}
	nc, err := net.Dial("unix", path)
	if err == nil {
		_ = nc.Close()
	} else if errors.Is(err, syscall.ECONNREFUSED) {
		_ = os.Remove(path)
	}
}

func (l *Loop) newListener(o ListenOptions, accept func(*Conn) Handler) *Listener {
	ln := &Listener{loop: l, accept: accept, quit: make(chan struct{}), next: make(chan struct{}, 1)}
	ln.SetOptions(o)
	return ln
}

func (ln *Listener) config() *net.ListenConfig {
	o := ln.opts
	return &net.ListenConfig{KeepAlive: -1, Control: func(_, _ string, raw syscall.RawConn) error {
		if o.ReusePort {
			if err := rawControl(raw, setReusePort); err != nil {
				return fmt.Errorf("SO_REUSEPORT: %w", err)
			}
		}
		if o.Transparent {
			if err := rawControl(raw, setTransparent); err != nil {
				return fmt.Errorf("IP_TRANSPARENT: %w", err)
			}
		}
		if o.FreeBind {
			if err := rawControl(raw, setFreeBind); err != nil {
				return fmt.Errorf("IP_FREEBIND: %w", err)
			}
		}
		return nil
	}}
}

func (ln *Listener) join() {
	ln.loop.refs++
	ln.loop.listeners[ln] = struct{}{}
}

// Start begins to accept.
func (ln *Listener) Start() {
	if ln.started || ln.closed {
		return
	}
	ln.started = true
	if ln.udp != nil {
		go ln.readLoop()
	} else {
		go ln.acceptLoop()
	}
}

// Pause stops accepting: TCP clients wait in the backlog, datagrams of new UDP peers are dropped.
func (ln *Listener) Pause() { ln.paused = true }

// Resume goes on accepting.
func (ln *Listener) Resume() {
	ln.paused = false
	if nc := ln.held; nc != nil {
		ln.held = nil
		ln.loop.postRaw(func() { ln.accepted(nc) })
	}
}

// SetAccept replaces the function for connections to come.
func (ln *Listener) SetAccept(accept func(*Conn) Handler) { ln.accept = accept }

// SetOptions replaces KeepAlive, NoDelay and Socket for connections to come, and the mode of a Unix socket's file. The rest
// is fixed once the socket is bound.
func (ln *Listener) SetOptions(o ListenOptions) {
	ln.setMode(o)
	ln.opts = o
	o.Socket.KeepAlive, o.Socket.NoDelay = o.KeepAlive, o.NoDelay
	ln.socket = ln.loop.shareOptions(o.Socket)
}

// Addr returns the bound address, with the port the system chose if it was 0. It is invalid for Unix sockets.
func (ln *Listener) Addr() netip.AddrPort { return ln.addr }

// Path returns the path of a Unix socket.
func (ln *Listener) Path() string { return ln.path }

// FD returns 0: descriptors are not told on this system.
func (ln *Listener) FD() int { return 0 }

// Close closes the port. Accepted TCP connections live on; UDP peers end with NoError and close.
func (ln *Listener) Close() {
	if ln.closed {
		return
	}
	ln.closed = true
	for _, c := range ln.peers {
		c.lose(stream.NoError, nil)
	}
	ln.loop.refs--
	ln.closeSocket()
}

func (ln *Listener) closeSocket() {
	delete(ln.loop.listeners, ln)
	close(ln.quit)
	if ln.held != nil {
		_ = ln.held.Close()
		ln.held = nil
	}
	if ln.udp != nil {
		_ = ln.udp.Close()
	} else {
		_ = ln.nl.Close()
	}
	if ln.file != nil {
		ln.file.release(ln.loop)
	}
}

func (ln *Listener) acceptLoop() {
	for {
		nc, err := ln.nl.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			ln.loop.Post(func() { ln.warn(err) })
			select {
			case <-time.After(acceptPause):
				continue
			case <-ln.quit:
				return
			}
		}
		ln.loop.postRaw(func() { ln.accepted(nc) })
		select {
		case <-ln.next:
		case <-ln.quit:
			return
		}
	}
}

func (ln *Listener) warn(err error) {
	if !ln.warned && !ln.closed {
		ln.warned = true
		ln.loop.opts.Logf("cannot accept connections on %s for now, trying again: %v", ln.nl.Addr(), err)
	}
}

func (ln *Listener) accepted(nc net.Conn) {
	if ln.closed {
		_ = nc.Close()
		return
	}
	if ln.paused {
		ln.held = nc
		return
	}
	ln.warned = false
	c := ln.loop.newConn(ln.socket)
	c.listener = ln
	if ln.path != "" {
		c.set(isUnix)
	} else {
		c.remote = addrOf(nc.RemoteAddr(), ln.addr)
	}
	c.attach(nc)
	ln.admit(c)
	if !c.has(isClosed) {
		c.startReading()
	}
	if !ln.closed {
		ln.next <- struct{}{}
	}
}

// admit asks the owner who handles c and opens it.
func (ln *Listener) admit(c *Conn) {
	l := ln.loop
	l.enter(nil)
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
	l.leave()
}

func (ln *Listener) readLoop() {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := ln.udp.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if n == 0 {
			continue
		}
		ln.loop.postRaw(func() {
			ln.datagram(buf[:n], sameFamily(from, ln.addr))
			if !ln.closed {
				ln.next <- struct{}{}
			}
		})
		select {
		case <-ln.next:
		case <-ln.quit:
			return
		}
	}
}

func (ln *Listener) datagram(b []byte, from netip.AddrPort) {
	if ln.closed {
		return
	}
	c := ln.peers[from]
	if c == nil {
		if ln.paused {
			return
		}
		c = ln.loop.newConn(ln.socket)
		c.listener, c.remote = ln, from
		c.set(isDatagram)
		ln.peers[from] = c
		ln.admit(c)
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

func (ln *Listener) forget(c *Conn) {
	if ln.peers[c.remote] == c {
		delete(ln.peers, c.remote)
	}
}
