package reactor

import "weir/internal/stream"

// Relay sends what c receives straight to `to`, without OnData and without turns; on Linux through splice(2) once there
// is much of it, so that it never enters the process. What is queued on `to` already goes first. The source is paused
// while `to` does not take more. OnEnd and the timeouts work as before, and so does Write on both sides.
//
// stop goes back to OnData; nothing is lost. A relay also ends, going back to OnData, when `to` closes or after its End.
func (c *Conn) Relay(to *Conn) (stop func()) {
	r := &relay{to: to}
	if !c.has(isClosed) {
		c.relay = r
	}
	return func() {
		if c.relay == r {
			c.stopRelay()
		}
	}
}

func (c *Conn) stopRelay() { c.relay = nil }

// relayTarget returns where received bytes go, nil for the handler.
func (c *Conn) relayTarget() *Conn {
	if c.relay == nil {
		return nil
	}
	to := c.relay.to
	if to.has(isClosed|isEnding|isFailing) || to.lost != stream.NoError {
		c.stopRelay()
		return nil
	}
	return to
}

// relayBytes passes on bytes that c has read.
func (c *Conn) relayBytes(to *Conn, b []byte) {
	c.bytesIn += uint64(len(b))
	c.lastRead = c.loop.now
	if to.has(isDatagram) {
		to.Write(stream.NewTransient(b))
		if !c.loop.inTurn {
			c.loop.flush()
		}
		return
	}
	b = b[to.writeNow(b):]
	if len(b) == 0 || to.has(isClosed|isFailing) || to.lost != stream.NoError {
		return
	}
	if to.out == nil {
		to.out = c.loop.takeQueue()
	}
	to.out.pushCopy(b)
	to.touch()
	if to.Buffered() > relayBacklog {
		to.holdBack(c)
	}
}

// holdBack pauses a source until everything queued on c is sent.
func (c *Conn) holdBack(source *Conn) {
	c.set(brakeUntilEmpty)
	c.brake.Engage(&source.tap)
}
