package reactor

import (
	"net/netip"

	"weir/internal/stream"
)

// Conn is a TCP or Unix stream connection, a connected UDP socket, one peer of a UDP listener, or a netlink socket. An idle one holds no
// buffers. Methods called after it closed do nothing.
type Conn struct {
	// Data is for the layer above.
	Data any

	loop     *Loop
	handler  Handler
	opts     *SocketOptions
	out      *queue // nil while nothing is queued
	relay    *relay
	dial     *dial // while connecting
	err      error
	tap      Tap
	brake    Brake // sources paused because of out
	bytesIn  uint64
	bytesOut uint64

	lastRead, lastWrite int64 // nanoseconds of the loop; 0 before open
	prev, next          *Conn // in the slot of the wheel

	local, remote netip.AddrPort

	state   connState
	slot    int8 // of the wheel, plus 1
	endCode stream.ErrorCode
	lost    stream.ErrorCode // why writing failed, while received bytes are still to be read

	endpoint
}

type connState uint16

const (
	isDirty      connState = 1 << iota // in Loop.dirty
	isConnecting                       // not connected yet
	isClosed
	isEnding        // End was called
	isSealed        // and the turn it was called in is over: nothing more is accepted
	isReadDone      // the peer's FIN or an error was read
	isEndTold       // OnEnd was called
	isWriteShut     // FIN was sent
	isDatagram      // UDP or netlink: boundaries matter
	isFailing       // will be lost in a later turn
	brakeUntilEmpty // the brake is released when nothing is queued, not at CongestionLimit
	isUnix
	isNetlink
	isUrgent // in Loop.urgent: flushed at the end of the turn, not of the batch
)

func (c *Conn) has(s connState) bool { return c.state&s != 0 }
func (c *Conn) set(s connState)      { c.state |= s }
func (c *Conn) clear(s connState)    { c.state &^= s }

func (l *Loop) newConn(o *SocketOptions) *Conn {
	c := &Conn{loop: l, opts: o}
	c.tap.conn = c
	l.refs++
	return c
}

// Loop returns the loop that serves c.
func (c *Conn) Loop() *Loop { return c.loop }

// SetHandler replaces the handler.
func (c *Conn) SetHandler(h Handler) { c.handler = h }

// Handler returns the handler.
func (c *Conn) Handler() Handler { return c.handler }

// SetOptions replaces the limits, and applies KeepAlive and NoDelay to the socket.
func (c *Conn) SetOptions(o SocketOptions) {
	if c.has(isClosed) {
		return
	}
	c.opts = &o
	c.applyOptions()
	c.loop.watch(c)
	if !c.congested() {
		c.brake.Release()
	}
}

// Tap returns the switch that pauses reading.
func (c *Conn) Tap() *Tap { return &c.tap }

// Closed reports whether c is closed; OnClose may still be to come.
func (c *Conn) Closed() bool { return c.has(isClosed) }

// Connected reports whether c is open and no longer connecting.
func (c *Conn) Connected() bool { return !c.has(isClosed | isConnecting) }

// Err returns the system's error behind the code that OnEnd had, nil if there is none.
func (c *Conn) Err() error { return c.err }

// BytesIn returns the number of bytes received.
func (c *Conn) BytesIn() uint64 { return c.bytesIn }

// BytesOut returns the number of bytes handed to the system for sending.
func (c *Conn) BytesOut() uint64 { return c.bytesOut }

// Buffered returns the number of bytes accepted but not handed to the system.
func (c *Conn) Buffered() int {
	n := c.unsent()
	if c.out != nil {
		n += int(c.out.size)
	}
	return n
}

// RemoteAddr returns the peer's address. It is invalid for Unix sockets.
func (c *Conn) RemoteAddr() netip.AddrPort { return c.remote }

// LocalAddr returns the socket's own address, invalid for Unix sockets and before the socket is bound.
func (c *Conn) LocalAddr() netip.AddrPort {
	if c.local.IsValid() || c.has(isClosed) {
		return c.local
	}
	a := c.socketName()
	if c.has(isConnecting) { // it may change until c is connected
		if a.Port() == 0 && a.Addr().IsUnspecified() {
			return netip.AddrPort{}
		}
		return a
	}
	c.local = a
	return a
}

// Write queues d by reference, to be sent at the end of the turn in one system call with whatever else is queued.
// Transient bytes are copied only if they cannot be sent then. For UDP and netlink, d is one datagram; empty ones are not
// sent.
//
// If CongestionLimit or more is queued afterwards, the source that caused the current turn is paused until it is less.
// If BufferLimit or more was queued before, d is dropped and the connection lost with BufferOverflow.
func (c *Conn) Write(d *stream.Data) {
	if d.Empty() || c.has(isClosed|isSealed|isFailing) || c.lost != stream.NoError {
		return
	}
	if c.out == nil {
		c.out = c.loop.takeQueue()
	} else if limit := c.opts.BufferLimit; limit > 0 && c.out.size >= limit {
		c.fail(stream.BufferOverflow, nil)
		return
	}
	if c.has(isDatagram) {
		if c.out.size >= maxDatagramQueue && !c.has(isNetlink) {
			return
		}
		if len(d.Segments()) > 1 {
			d = stream.NewData(d.Bytes())
		}
		c.out.push(d)
		if d.Transient() {
			c.urge()
		}
	} else {
		if !gatherWrites || !c.out.gather(d) {
			c.out.push(d)
			if d.Transient() {
				c.urge()
			}
		}
		if c.congested() {
			c.brake.Engage(c.loop.tap)
		}
	}
	c.touch()
}

// WriteCopy is Write for a small piece that the caller wants to have back at once: it is copied, in order with what is
// queued. It returns false, and takes nothing, if the piece is not small or there is no room for it; Write it then.
func (c *Conn) WriteCopy(b []byte) bool {
	if len(b) == 0 || c.has(isClosed|isSealed|isFailing) || c.lost != stream.NoError {
		return true
	}
	if !gatherWrites || c.has(isDatagram) || c.opts.BufferLimit > 0 {
		return false
	}
	q := c.out
	if q == nil {
		q = c.loop.takeQueue()
	}
	if !q.gatherBytes(b) {
		if c.out == nil {
			c.loop.giveQueue(q)
		}
		return false
	}
	c.out = q
	if c.congested() {
		c.brake.Engage(c.loop.tap)
	}
	c.touch()
	return true
}

// maxDatagramQueue bounds what waits to be sent on a UDP socket: beyond it datagrams are lost, as UDP may.
const maxDatagramQueue = 1 << 20

func (c *Conn) congested() bool {
	limit := c.opts.CongestionLimit
	return limit > 0 && int64(c.Buffered()) >= limit
}

// touch has c flushed at the end of the turn.
func (c *Conn) touch() {
	if !c.has(isDirty) {
		c.set(isDirty)
		c.loop.dirty = append(c.loop.dirty, c)
		if !c.loop.inTurn && c.out != nil {
			c.out.keepFor(c)
		}
	}
}

// urge has c flushed at the end of the turn even if a whole batch is being handled: its bytes are borrowed for the turn, or
// nothing more may be written in the next.
func (c *Conn) urge() {
	if !c.has(isUrgent) && c.loop.batching {
		c.set(isUrgent)
		c.loop.urgent = append(c.loop.urgent, c)
	}
}

// End says that no more will be written; the first call counts. What is queued is sent, also what is still written in
// the same turn. Then NoError shuts down the writing side, and c closes when the peer's FIN has come too; any other
// code closes c. A dialed UDP socket stays open on NoError until Close; a UDP listener's peer closes in both cases.
func (c *Conn) End(code stream.ErrorCode) {
	if c.has(isClosed | isEnding) {
		return
	}
	c.set(isEnding)
	c.endCode = code
	c.urge()
	c.touch()
}

// Close closes c at once and drops what is queued. The handler gets OnClose only.
func (c *Conn) Close() { c.close(false) }

// Abort is Close with a RST to the peer.
func (c *Conn) Abort() { c.close(true) }

func (c *Conn) close(reset bool) {
	if c.has(isClosed) {
		return
	}
	l := c.loop
	c.set(isClosed)
	c.dropAll()
	c.stopRelay()
	l.unwatch(c)
	if c.dial != nil {
		c.dial.stop()
		c.dial = nil
	}
	c.LocalAddr()
	c.closeSocket(reset)
	l.refs--
	l.Later(c.finish)
	c.releaseBrake()
}

func (c *Conn) finish() {
	if c.handler != nil {
		c.handler.OnClose(c)
	}
}

func (c *Conn) dropQueue() {
	if c.out != nil {
		c.loop.giveQueue(c.out)
		c.out = nil
	}
}

// dropAll forgets everything that is not sent.
func (c *Conn) dropAll() {
	c.dropQueue()
	c.dropUnsent()
}

func (c *Conn) releaseBrake() {
	c.clear(brakeUntilEmpty)
	c.brake.Release()
}

// fail loses c in a later turn: for errors noticed in the middle of a handler's call or while flushing.
func (c *Conn) fail(code stream.ErrorCode, err error) {
	if c.has(isClosed | isFailing) {
		return
	}
	c.set(isFailing)
	c.dropAll()
	c.loop.Later(func() { c.lose(code, err) })
}

// lose tells the handler and closes.
func (c *Conn) lose(code stream.ErrorCode, err error) {
	c.loop.TurnFrom(&c.tap, func() {
		if c.has(isClosed) {
			return
		}
		c.tellEnd(code, err)
		c.close(false)
	})
}

func (c *Conn) tellEnd(code stream.ErrorCode, err error) {
	if c.has(isEndTold) {
		return
	}
	c.set(isEndTold)
	c.err = err
	if c.handler != nil {
		c.handler.OnEnd(c, code)
	}
}
