package http2

// The frames other than DATA, HEADERS and CONTINUATION.

func (c *Conn) framePriority(id uint32, p []byte) {
	switch {
	case id == 0:
		c.fail(ProtocolError, "PRIORITY without a stream")
	case len(p) != 5:
		c.streamError(id, FrameSizeError)
	case uint31(p) == id:
		c.streamError(id, ProtocolError)
	default:
		c.glitch()
	}
}

// streamError ends a stream for an error of the peer's; if it is not open, the connection.
func (c *Conn) streamError(id uint32, code ErrCode) {
	if s := c.find(id); s != nil {
		c.resetBy(s, code)
		return
	}
	c.fail(code, "invalid frame on a stream that is not open")
}

func (c *Conn) frameRSTStream(id uint32, p []byte) {
	switch {
	case len(p) != 4:
		c.fail(FrameSizeError, "invalid RST_STREAM")
		return
	case c.idle(id):
		c.fail(ProtocolError, "RST_STREAM on an idle stream")
		return
	}
	s := c.find(id)
	if s == nil {
		c.lateReset(id)
		return
	}
	if c.cfg.Server && !c.cancelled() {
		return
	}
	c.handler.OnReset(s, ErrCode(be32(p)))
	c.remove(s, false)
}

func (c *Conn) frameSettings(flags byte, id uint32, p []byte) {
	ack := flags&flagAck != 0
	switch {
	case id != 0:
		c.fail(ProtocolError, "SETTINGS on a stream")
		return
	case len(p)%6 != 0 || ack && len(p) > 0:
		c.fail(FrameSizeError, "invalid SETTINGS")
		return
	case ack && !c.settled:
		c.fail(ProtocolError, "the first frame is not SETTINGS")
		return
	case !c.glitch():
		return
	case ack:
		c.settingsAcked()
		return
	}
	c.settled = true
	c.settings(p)
	if c.closed {
		return
	}
	c.out.header(0, frameSettings, flagAck, 0)
	c.handler.OnSettings()
	c.pump()
}

func (c *Conn) framePing(flags byte, id uint32, p []byte) {
	switch {
	case id != 0:
		c.fail(ProtocolError, "PING on a stream")
	case len(p) != 8:
		c.fail(FrameSizeError, "invalid PING")
	case !c.glitch():
	case flags&flagAck != 0:
		c.handler.OnPing([8]byte(p))
	default:
		c.out.header(8, framePing, flagAck, 0)
		c.out.write(p)
	}
}

func (c *Conn) frameGoAway(id uint32, p []byte) {
	switch {
	case id != 0:
		c.fail(ProtocolError, "GOAWAY on a stream")
	case len(p) < 8:
		c.fail(FrameSizeError, "invalid GOAWAY")
	case c.glitch():
		c.handler.OnGoAway(uint31(p), ErrCode(be32(p[4:])))
	}
}

func (c *Conn) frameWindowUpdate(id uint32, p []byte) {
	if len(p) != 4 {
		c.fail(FrameSizeError, "invalid WINDOW_UPDATE")
		return
	}
	n := int64(uint31(p))
	if id == 0 {
		switch {
		case n == 0:
			c.fail(ProtocolError, "WINDOW_UPDATE by nothing")
		case c.sendWindow+n > maxWindow:
			c.fail(FlowControlError, "WINDOW_UPDATE overflows the window")
		default:
			c.sendWindow += n
			c.pump()
		}
		return
	}
	if c.idle(id) {
		c.fail(ProtocolError, "WINDOW_UPDATE on an idle stream")
		return
	}
	s := c.find(id)
	switch {
	case s == nil:
		c.glitch()
	case n == 0:
		c.resetBy(s, ProtocolError)
	case s.sendWindow+n > maxWindow:
		c.resetBy(s, FlowControlError)
	default:
		s.sendWindow += n
		c.enlist(s)
		c.pump()
	}
}
