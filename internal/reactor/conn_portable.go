//go:build !linux || portable

package reactor

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"

	"weir/internal/stream"
)

const (
	relayBacklog = 4 * stream.ChunkSize
	writeBatch   = 256 << 10 // bytes given to a writing goroutine at a time
)

// relay is the state of a source whose bytes go straight to another connection.
type relay struct{ to *Conn }

// gatherWrites: another goroutine sends what the queue held, after the queue was given back.
const gatherWrites = false

// endpoint is the portable side of a Conn.
type endpoint struct {
	nc       net.Conn // nil before it is connected and for a peer of a UDP listener
	raw      syscall.RawConn
	listener *Listener
	cancel   context.CancelFunc // of the attempt to connect
	quit     chan struct{}
	ack      chan struct{} // tells the reading goroutine that its buffer is free
	held     func()        // what was read but came while paused
	sending  bool          // a goroutine is writing the head of the queue
}

// attach starts to use nc.
func (c *Conn) attach(nc net.Conn) {
	c.nc = nc
	if sc, ok := nc.(syscall.Conn); ok {
		c.raw, _ = sc.SyscallConn()
	}
	c.quit, c.ack = make(chan struct{}), make(chan struct{}, 1)
	c.loop.conns[c] = struct{}{}
	c.applyOptions()
}

func (c *Conn) startReading() { go c.readLoop(c.nc, c.quit, c.ack, c.has(isDatagram)) }

func (c *Conn) readLoop(nc net.Conn, quit, ack chan struct{}, datagrams bool) {
	size := stream.ChunkSize
	if datagrams {
		size = maxDatagram
	}
	buf := make([]byte, size)
	for {
		n, err := nc.Read(buf)
		c.loop.postRaw(func() { c.arrived(buf[:n], err) })
		if err != nil && !datagrams {
			return
		}
		select {
		case <-ack:
		case <-quit:
			return
		}
	}
}

func (c *Conn) arrived(b []byte, err error) {
	if c.has(isClosed) {
		return
	}
	if c.tap.paused > 0 {
		c.held = func() { c.arrived(b, err) }
		return
	}
	if len(b) > 0 {
		if to := c.relayTarget(); to != nil {
			c.relayBytes(to, b)
		} else {
			c.received(b)
		}
	}
	if c.has(isClosed) {
		return
	}
	if err == nil || c.has(isDatagram) {
		c.ack <- struct{}{}
		return
	}
	if errors.Is(err, io.EOF) {
		c.readEnded(stream.NoError, nil)
	} else {
		c.readEnded(errorCode(err, stream.ReadError), err)
	}
}

func errorCode(err error, other stream.ErrorCode) stream.ErrorCode {
	const wsaeconnreset = syscall.Errno(10054) // no such number elsewhere
	if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, wsaeconnreset) {
		return stream.ConnectionReset
	}
	return other
}

// tapOpened delivers what came while paused.
func (c *Conn) tapOpened() {
	if held := c.held; held != nil {
		c.held = nil
		c.loop.postRaw(held)
	}
}

func (c *Conn) updateInterest() {}

func (c *Conn) writeNow([]byte) int { return 0 }

// send gives the head of the queue to a goroutine, unless one is busy with it.
func (c *Conn) send() {
	if c.sending || c.out == nil {
		return
	}
	if c.has(isDatagram) {
		c.sendDatagrams()
		return
	}
	c.out.keep()
	var batch net.Buffers
	for n, segs := 0, c.out.pending(); n < writeBatch && len(batch) < len(segs); {
		batch = append(batch, segs[len(batch)].b)
		n += len(batch[len(batch)-1])
	}
	if len(batch) == 0 {
		return
	}
	c.sending = true
	nc := c.nc
	go func() {
		n, err := batch.WriteTo(nc)
		c.loop.postRaw(func() { c.sentBatch(int(n), err) })
	}()
}

func (c *Conn) sentBatch(n int, err error) {
	c.sending = false
	if c.has(isClosed|isFailing) || c.out == nil {
		return
	}
	if n > 0 {
		c.wrote(n)
	}
	if err != nil {
		c.writeFailed(errorCode(err, stream.WriteError), err)
		return
	}
	c.flush()
}

func (c *Conn) sendDatagrams() {
	for c.out.size > 0 {
		b := c.out.pending()[0].b
		var err error
		if c.listener != nil {
			_, err = c.listener.udp.WriteToUDPAddrPort(b, c.remote)
		} else {
			_, err = c.nc.Write(b)
		}
		if err != nil {
			c.out.skip(len(b)) // cannot be sent: lost
		} else {
			c.wrote(len(b))
		}
	}
}

func (c *Conn) unsent() int { return 0 }

func (c *Conn) dropUnsent() {}

func (c *Conn) shutdownWrite() {
	if w, ok := c.nc.(interface{ CloseWrite() error }); ok {
		// A connection that is gone already is noticed by the reader.
		_ = w.CloseWrite()
	}
}

func (c *Conn) closeSocket(reset bool) {
	if c.cancel != nil {
		c.cancel()
	}
	if c.has(isDatagram) && c.listener != nil {
		c.listener.forget(c)
		return
	}
	if c.nc == nil {
		return
	}
	if tcp, ok := c.nc.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	delete(c.loop.conns, c)
	close(c.quit)
	_ = c.nc.Close()
	c.held = nil
}

func (c *Conn) socketName() (a addrPort) {
	switch {
	case c.nc != nil:
		return addrOf(c.nc.LocalAddr(), c.remote)
	case c.listener != nil && !c.has(isUnix):
		return c.listener.Addr()
	}
	return a
}

// addrOf returns a in the family of like, invalid if a is no IP address.
func addrOf(a net.Addr, like addrPort) (ap addrPort) {
	switch a := a.(type) {
	case *net.TCPAddr:
		ap = a.AddrPort()
	case *net.UDPAddr:
		ap = a.AddrPort()
	default:
		return ap
	}
	return sameFamily(ap, like)
}

func sameFamily(a, like addrPort) addrPort {
	ip := a.Addr()
	if like.Addr().Is4() {
		ip = ip.Unmap()
	} else if ip.Is4() {
		ip = netip.AddrFrom16(ip.As16())
	}
	return netip.AddrPortFrom(ip, a.Port())
}

// applyOptions sets KeepAlive and NoDelay; sockets that have no such option do not mind.
func (c *Conn) applyOptions() {
	if tcp, ok := c.nc.(*net.TCPConn); ok {
		_ = tcp.SetKeepAlive(c.opts.KeepAlive)
		_ = tcp.SetNoDelay(c.opts.NoDelay)
	}
}

// FD returns 0: descriptors are for eBPF, which is not on this platform.
func (c *Conn) FD() int { return 0 }

// GetsockoptBytes is getsockopt into buf. The error is a syscall.Errno.
func (c *Conn) GetsockoptBytes(level, opt int, buf []byte) (n int, err error) {
	cerr := c.control(func(fd uintptr) { n, err = getsockopt(fd, level, opt, buf) })
	if cerr != nil {
		return 0, cerr
	}
	return n, err
}

// SetsockoptBytes is setsockopt from buf. The error is a syscall.Errno.
func (c *Conn) SetsockoptBytes(level, opt int, buf []byte) (err error) {
	cerr := c.control(func(fd uintptr) { err = setsockopt(fd, level, opt, buf) })
	if cerr != nil {
		return cerr
	}
	return err
}

func (c *Conn) control(f func(fd uintptr)) error {
	raw := c.raw
	if c.nc == nil && c.listener != nil && c.listener.udp != nil {
		raw, _ = c.listener.udp.SyscallConn()
	}
	if raw == nil || c.has(isClosed) {
		return syscall.EBADF
	}
	return raw.Control(f)
}

// OriginalDst returns where the client wanted to connect before the packet filter redirected it here. Only Linux tells.
func (c *Conn) OriginalDst() (netip.AddrPort, bool) { return netip.AddrPort{}, false }
