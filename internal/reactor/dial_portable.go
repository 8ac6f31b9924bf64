//go:build !linux || portable

package reactor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"weir/internal/stream"
)

// Dial connects to addr. It never fails at once: what goes wrong is told by OnEnd and OnClose in a later turn, success
// by OnOpen. What is written before is kept. The codes: ConnectionRefused for whatever the network answers,
// ConnectionTimeout, ConnectionAborted if OnSocket fails, RuntimeError if the socket cannot be made or bound.
func (l *Loop) Dial(addr netip.AddrPort, o DialOptions, h Handler) *Conn {
	c := l.dialing(o, h)
	if !addr.IsValid() {
		c.fail(stream.RuntimeError, fmt.Errorf("connect: no address"))
		return c
	}
	c.remote = addr
	network := "tcp"
	if o.UDP {
		network = "udp"
		c.set(isDatagram)
	}
	var local net.Addr
	if o.Bind.IsValid() {
		if local = net.TCPAddrFromAddrPort(o.Bind); o.UDP {
			local = net.UDPAddrFromAddrPort(o.Bind)
		}
	}
	c.connect(o, network, addr.String(), local)
	return c
}

// DialUnix is Dial for a Unix stream socket. A path that begins with @ is in the abstract name space.
func (l *Loop) DialUnix(path string, o DialOptions, h Handler) *Conn {
	c := l.dialing(o, h)
	c.set(isUnix)
	c.connect(o, "unix", path, nil)
	return c
}

// DialNetlink is Dial for a netlink socket, which only Linux has.
func (l *Loop) DialNetlink(_ int, _ NetlinkAddr, o DialOptions, h Handler) *Conn {
	c := l.dialing(o, h)
	c.set(isDatagram | isNetlink)
	c.fail(stream.RuntimeError, errors.New("netlink sockets need Linux"))
	return c
}

func (l *Loop) dialing(o DialOptions, h Handler) *Conn {
	c := l.newConn(l.shareOptions(o.Socket))
	c.handler = h
	c.set(isConnecting)
	return c
}

var errCanceled = errors.New("connecting was canceled")

func (c *Conn) connect(o DialOptions, network, addr string, local net.Addr) {
	l := c.loop
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	if o.Timeout > 0 {
		c.dial = &dial{timeout: l.AfterFunc(o.Timeout, func() {
			c.lose(stream.ConnectionTimeout, context.DeadlineExceeded)
		})}
	}
	d := net.Dialer{LocalAddr: local, KeepAlive: -1}
	d.ControlContext = func(ctx context.Context, _, _ string, raw syscall.RawConn) error {
		if o.Transparent && local != nil {
			if err := rawControl(raw, setTransparent); err != nil {
				return fmt.Errorf("IP_TRANSPARENT: %w", err)
			}
		}
		if o.FreeBind && local != nil {
			if err := rawControl(raw, setFreeBind); err != nil {
				return fmt.Errorf("IP_FREEBIND: %w", err)
			}
		}
		if o.OnSocket == nil {
			return nil
		}
		// On the loop, while the dialer waits.
		answer := make(chan error, 1)
		l.Post(func() { answer <- c.offer(raw, o.OnSocket) })
		select {
		case err := <-answer:
			return err
		case <-ctx.Done():
			return errCanceled
		}
	}
	go func() {
		nc, err := d.DialContext(ctx, network, addr)
		l.postRaw(func() { c.connected(nc, err) })
	}()
}

func (c *Conn) offer(raw syscall.RawConn, onSocket func(*Conn) error) error {
	if c.has(isClosed) {
		return errCanceled
	}
	c.raw = raw
	err := onSocket(c)
	c.raw = nil
	if err == nil && c.has(isClosed) {
		err = errCanceled
	}
	if err != nil {
		c.fail(stream.ConnectionAborted, err)
	}
	return err
}

func (c *Conn) connected(nc net.Conn, err error) {
	c.cancel()
	if c.has(isClosed | isFailing) {
		if nc != nil {
			_ = nc.Close()
		}
		return
	}
	if err != nil {
		code := stream.ConnectionRefused
		var sys net.Error
		switch {
		case errors.As(err, &sys) && sys.Timeout():
			code = stream.ConnectionTimeout
		case isBindError(err):
			code = stream.RuntimeError
		}
		c.lose(code, err)
		return
	}
	if c.dial != nil {
		c.dial.stop()
		c.dial = nil
	}
	l := c.loop
	c.attach(nc)
	l.enter(nil)
	c.opened()
	l.leave()
	if !c.has(isClosed) {
		c.startReading()
	}
}

// Bind binds a socket that is not connected yet; for OnSocket.
func (c *Conn) Bind(a netip.AddrPort) (err error) {
	cerr := c.control(func(fd uintptr) { err = bindSocket(fd, a) })
	if cerr != nil {
		return cerr
	}
	return err
}

func rawControl(raw syscall.RawConn, f func(fd uintptr) error) (err error) {
	if cerr := raw.Control(func(fd uintptr) { err = f(fd) }); cerr != nil {
		return cerr
	}
	return err
}
