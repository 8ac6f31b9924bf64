package http2

import "weir/internal/stream"

// Receive takes bytes from the peer. now is the time in milliseconds, from any moment on. d is not kept; what the handler
// is given of it shares its bytes.
//
// An *Error says that the connection is given up. The output still has to be sent.
func (c *Conn) Receive(d *stream.Data, now int64) error {
	if c.Backlog() {
		c.keep(d, 0)
		return c.err
	}
	c.read(d, now)
	return c.err
}

// Backlog reports whether Resume has to be called for what was received.
func (c *Conn) Backlog() bool { return !c.backlog.Empty() }

// Resume goes on with what Receive has left because of Config.Burst.
func (c *Conn) Resume(now int64) error {
	d := c.backlog.Shift(c.backlog.Size())
	c.read(d, now)
	return c.err
}

func (c *Conn) read(d *stream.Data, now int64) {
	c.now, c.begun = now, 0
	transient := d.Transient()
	done := 0
	for _, b := range d.Segments() {
		for len(b) > 0 && !c.closed {
			if c.cfg.Burst > 0 && c.begun >= c.cfg.Burst {
				c.keep(d, done)
				return
			}
			rest := c.receive(b, transient)
			done += len(b) - len(rest)
			b = rest
		}
	}
}

// keep puts all of d but the first bytes aside.
func (c *Conn) keep(d *stream.Data, done int) {
	if c.closed {
		return
	}
	rest := d.Clone()
	rest.Skip(done)
	rest.Own()
	c.backlog.Push(rest)
}

// receive takes something off b and returns the rest.
func (c *Conn) receive(b []byte, transient bool) []byte {
	if c.cfg.Server && c.preface < len(Preface) {
		return c.receivePreface(b)
	}
	if c.body.pending() {
		return c.receiveData(b, transient)
	}
	if len(c.held) > 0 {
		return c.receiveHeld(b)
	}
	if len(b) < frameHeaderSize {
		c.held = append(c.held, b...)
		return nil
	}
	length, kind := int(b[0])<<16|int(b[1])<<8|int(b[2]), b[3]
	if !c.checkFrame(length, kind, uint31(b[5:])) {
		return nil
	}
	if kind == frameData {
		c.beginData(length, b[4], uint31(b[5:]))
		return b[frameHeaderSize:]
	}
	if len(b) < frameHeaderSize+length {
		c.held = append(c.held, b...)
		return nil
	}
	c.frame(kind, b[4], uint31(b[5:]), b[frameHeaderSize:frameHeaderSize+length])
	return b[frameHeaderSize+length:]
}

func (c *Conn) receivePreface(b []byte) []byte {
	n := min(len(b), len(Preface)-c.preface)
	if string(b[:n]) != Preface[c.preface:c.preface+n] {
		c.fail(ProtocolError, "invalid connection preface")
		return nil
	}
	c.preface += n
	return b[n:]
}

// receiveHeld goes on with a frame that came in pieces.
func (c *Conn) receiveHeld(b []byte) []byte {
	if need := frameHeaderSize - len(c.held); need > 0 {
		n := min(need, len(b))
		c.held = append(c.held, b[:n]...)
		if b = b[n:]; n < need {
			return nil
		}
		h := c.held
		length := int(h[0])<<16 | int(h[1])<<8 | int(h[2])
		if !c.checkFrame(length, h[3], uint31(h[5:])) {
			return nil
		}
		if h[3] == frameData {
			c.held = c.held[:0]
			c.beginData(length, h[4], uint31(h[5:]))
			return b
		}
	}
	h := c.held
	size := frameHeaderSize + (int(h[0])<<16 | int(h[1])<<8 | int(h[2]))
	n := min(size-len(h), len(b))
	c.held = append(h, b[:n]...)
	if len(c.held) < size {
		return nil
	}
	h = c.held
	c.held = nil
	c.frame(h[3], h[4], uint31(h[5:]), h[frameHeaderSize:])
	return b[n:]
}

// checkFrame looks at the header of a frame.
func (c *Conn) checkFrame(length int, kind byte, id uint32) bool {
	switch {
	case length > minFrameSize:
		c.fail(FrameSizeError, "frame too large")
	case !c.settled && kind != frameSettings:
		c.fail(ProtocolError, "the first frame is not SETTINGS")
	case c.block.open && (kind != frameContinuation || id != c.block.id):
		c.fail(ProtocolError, "a header block was interrupted")
	}
	return !c.closed
}

// frame handles a whole frame that is not DATA.
func (c *Conn) frame(kind, flags byte, id uint32, p []byte) {
	switch kind {
	case frameHeaders:
		c.frameHeaders(flags, id, p)
	case frameContinuation:
		c.frameContinuation(flags, id, p)
	case framePriority:
		c.framePriority(id, p)
	case frameRSTStream:
		c.frameRSTStream(id, p)
	case frameSettings:
		c.frameSettings(flags, id, p)
	case framePushPromise:
		c.fail(ProtocolError, "unexpected PUSH_PROMISE")
	case framePing:
		c.framePing(flags, id, p)
	case frameGoAway:
		c.frameGoAway(id, p)
	case frameWindowUpdate:
		c.frameWindowUpdate(id, p)
	default:
		c.glitch()
	}
}

// idle reports whether a stream was never opened; a frame on it then is an error of the connection.
func (c *Conn) idle(id uint32) bool {
	peers := id&1 == 1 == c.cfg.Server
	switch {
	case id == 0:
		return true
	case peers:
		return id > c.lastPeer
	}
	return c.cfg.Server || id >= c.nextID
}

// beginData handles the header of a DATA frame.
func (c *Conn) beginData(length int, flags byte, id uint32) {
	if c.idle(id) {
		c.fail(ProtocolError, "DATA on an idle stream")
		return
	}
	padded, end := flags&flagPadded != 0, flags&flagEndStream != 0
	if padded && length == 0 {
		c.fail(FrameSizeError, "DATA without the length of its padding")
		return
	}
	if c.window -= length; c.window < 0 {
		c.fail(FlowControlError, "more data than the window of the connection allows")
		return
	}
	c.unacked += length
	s := c.find(id)
	switch {
	case s == nil:
		c.onClosed(id)
	case s.remoteDone:
		c.resetBy(s, StreamClosed)
		s = nil
	case !s.began:
		c.resetBy(s, ProtocolError)
		s = nil
	default:
		if s.recvWindow -= length; s.recvWindow < 0 {
			c.resetBy(s, FlowControlError)
			s = nil
		}
	}
	if c.closed {
		return
	}
	if length == 0 && !end && !c.glitch() {
		return
	}
	c.body = dataFrame{s: s, left: length, padded: padded, end: end}
	c.refill()
	if s != nil && !padded {
		c.expect(&c.body)
	}
	if length == 0 {
		c.endData()
	}
}

// expect counts the payload of a frame against the content-length.
func (c *Conn) expect(f *dataFrame) {
	s := f.s
	if s.expected < 0 || s.bodiless {
		return
	}
	if s.expected -= int64(f.left); s.expected < 0 {
		c.resetBy(s, ProtocolError)
	}
}

// onClosed answers a frame on a stream that is no more, unless the peer could not know that yet.
func (c *Conn) onClosed(id uint32) {
	if c.leaving && c.cfg.Server && id > c.lastTaken {
		return
	}
	known, reset := c.gone.find(id)
	if !c.glitch() || reset {
		return
	}
	if known || c.cfg.Server {
		c.rst(id, StreamClosed)
	}
}

// receiveData takes what b has of the payload of a DATA frame.
func (c *Conn) receiveData(b []byte, transient bool) []byte {
	f := &c.body
	if f.padded {
		f.padded = false
		f.pad = int(b[0])
		f.left -= 1 + f.pad
		if f.left < 0 {
			f.left, f.pad, f.end = 0, 0, false
			c.fail(ProtocolError, "more padding than payload")
			return nil
		}
		b = b[1:]
		if f.s != nil {
			c.skipped(f.s, 1+f.pad)
			c.expect(f)
		}
	}
	if n := min(f.left, len(b)); n > 0 {
		f.left -= n
		p := b[:n:n]
		b = b[n:]
		if s := f.s; s != nil {
			s.held += n
			c.unheld += n
			d := stream.NewData(p)
			if transient {
				d = stream.NewTransient(p)
			}
			c.calm.control.earn(1, controlBurst)
			c.handler.OnData(s, d)
		}
	}
	if f.left == 0 {
		n := min(f.pad, len(b))
		f.pad -= n
		b = b[n:]
		if f.pad == 0 {
			c.endData()
		}
	}
	return b
}

// endData is called when a DATA frame is complete.
func (c *Conn) endData() {
	s, end := c.body.s, c.body.end
	c.body = dataFrame{}
	if s != nil && s.opened && end && !c.closed {
		c.ended(s, nil)
	}
}

// ended handles the end of the peer's side.
func (c *Conn) ended(s *Stream, tail any) {
	if s.expected > 0 && !s.bodiless {
		c.resetBy(s, ProtocolError)
		return
	}
	s.remoteDone = true
	e := &stream.MessageEnd{}
	if s.msg != nil {
		e, s.msg = &s.msg.end, nil
	}
	e.Tail = tail
	c.handler.OnEnd(s, e)
	c.sideDone(s)
}

// skipped gives bytes that nobody gets back to a stream's window.
func (c *Conn) skipped(s *Stream, n int) {
	s.unacked += n
	c.refillStream(s)
}

// Consumed says that everything passed to OnData for the stream has been taken by whoever it was for: the peer may send
// as much again.
func (c *Conn) Consumed(s *Stream) {
	if s.held == 0 {
		return
	}
	s.unacked += s.held
	c.release(s)
	if !c.closed && s.opened {
		c.refillStream(s)
	}
}

// release forgets that a stream holds up bytes.
func (c *Conn) release(s *Stream) {
	if s.held == 0 {
		return
	}
	c.unheld -= s.held
	s.held = 0
	if !c.closed {
		c.refill()
	}
}

func (c *Conn) refillStream(s *Stream) {
	if s.remoteDone || s.unacked < c.cfg.StreamWindow/2 || s.unacked == 0 {
		return
	}
	n := s.unacked
	s.unacked = 0
	s.recvWindow += n
	c.windowUpdate(s.id, n)
}

// refill opens the window of the connection again. Streams whose data is not consumed do not hold up the others, until
// they hold as much as several windows.
func (c *Conn) refill() {
	if c.unacked < max(c.cfg.ConnWindow, defaultWindow)/2 || c.unheld > heldWindows*max(c.cfg.ConnWindow, c.cfg.StreamWindow) {
		return
	}
	n := c.unacked
	c.unacked = 0
	c.window += n
	c.windowUpdate(0, n)
}

// heldWindows is how many windows full of unconsumed data a connection may hold.
const heldWindows = 8

func (c *Conn) windowUpdate(id uint32, n int) {
	var b [4]byte
	c.out.header(4, frameWindowUpdate, 0, id)
	c.out.write(append32(b[:0], uint32(n)))
}
