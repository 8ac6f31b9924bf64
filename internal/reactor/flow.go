package reactor

import "weir/internal/stream"

// opened starts the timeouts and tells the handler.
func (c *Conn) opened() {
	l := c.loop
	c.clear(isConnecting)
	c.lastRead, c.lastWrite = max(l.now, 1), max(l.now, 1)
	if c.has(isDatagram) && c.listener == nil {
		c.lastRead, c.lastWrite = 0, 0 // timeouts of a UDP client start with its first datagram
	}
	l.watch(c)
	if c.out != nil || c.has(isEnding) || c.brake.Engaged() {
		c.touch()
	}
	if c.handler != nil {
		c.handler.OnOpen(c)
	}
}

// received hands bytes that were read to the handler, as a turn.
func (c *Conn) received(b []byte) {
	l := c.loop
	c.bytesIn += uint64(len(b))
	c.lastRead = l.now
	l.enter(&c.tap)
	if c.handler != nil {
		if l.read == nil || !l.read.Reborrow(b) {
			l.read = stream.NewTransient(b)
		}
		c.handler.OnData(c, l.read)
	}
	l.leave()
	if l.opts.Poison {
		// What was not kept properly shows.
		l.read = nil
		for i := range b {
			b[i] = 0xDB
		}
	}
}

// readEnded handles the peer's FIN (NoError) or a read error.
func (c *Conn) readEnded(code stream.ErrorCode, err error) {
	if c.has(isClosed) {
		return
	}
	if c.lost != stream.NoError {
		code, err = c.lost, c.err
	}
	if code != stream.NoError {
		c.lose(code, err)
		return
	}
	if c.has(isReadDone) {
		return
	}
	l := c.loop
	l.enter(&c.tap)
	c.set(isReadDone)
	c.tellEnd(stream.NoError, nil)
	if !c.has(isClosed) {
		if c.has(isWriteShut) {
			c.close(false)
		} else {
			c.updateInterest()
		}
	}
	l.leave()
}

// writeFailed notes that the peer is gone. What it sent before is still delivered; the read that follows ends c.
func (c *Conn) writeFailed(code stream.ErrorCode, err error) {
	c.dropAll()
	if c.has(isReadDone) {
		c.fail(code, err)
		return
	}
	c.lost, c.err = code, err
	c.releaseBrake()
	c.updateInterest()
}

// wrote accounts for n sent bytes of the queue.
func (c *Conn) wrote(n int) {
	c.bytesOut += uint64(n)
	c.out.skip(n)
	c.sent()
}

func (c *Conn) sent() {
	first := c.lastWrite == 0
	c.lastWrite = max(c.loop.now, 1)
	if first {
		c.lastRead = c.lastWrite
		c.loop.watch(c)
	}
}

// flush sends what is queued as far as the system takes it, and then what End asked for.
func (c *Conn) flush() {
	if c.has(isClosed) {
		return
	}
	if c.has(isEnding) {
		c.set(isSealed)
	}
	if c.has(isFailing) {
		return
	}
	if c.lost == stream.NoError {
		if !c.has(isConnecting) {
			c.send()
		}
		if c.has(isClosed | isFailing) {
			return
		}
	}
	if c.out != nil {
		if c.out.size == 0 {
			c.dropQueue()
		} else {
			c.out.keepFor(c)
		}
	}
	empty := c.Buffered() == 0
	if c.brake.Engaged() && (empty || !c.has(brakeUntilEmpty) && !c.congested()) {
		c.releaseBrake()
	}
	if empty && c.has(isSealed) && !c.has(isWriteShut) && (!c.has(isConnecting) || c.endCode != stream.NoError) {
		c.finishWriting()
	}
}

func (q *queue) keepFor(c *Conn) {
	if c.has(isDatagram) {
		q.keepPieces()
	} else {
		q.keep()
	}
}

func (c *Conn) finishWriting() {
	switch {
	case c.has(isDatagram):
		if c.listener != nil || c.endCode != stream.NoError {
			c.close(false)
		}
	case c.endCode != stream.NoError || c.has(isReadDone):
		c.close(false)
	case c.lost != stream.NoError: // the read side tells
	default:
		c.set(isWriteShut)
		c.shutdownWrite()
	}
}
