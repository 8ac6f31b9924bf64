package http2

import (
	"weir/internal/proto/http1"
	"weir/internal/stream"
)

// SendData sends a piece of a body: as much as the windows allow, the rest when they open. What has to wait is copied if
// it is transient. d is not changed.
func (c *Conn) SendData(s *Stream, d *stream.Data) {
	if c.closed || !s.opened || s.LocalEnded() || d.Empty() {
		return
	}
	if s.queue.Empty() {
		n := c.sendable(s)
		if n >= d.Size() {
			c.writeData(s, d)
			return
		}
		d = d.Clone()
		if n > 0 {
			c.writeData(s, d.Shift(n))
		}
	}
	if s.queue.Empty() {
		c.blocked++
	}
	s.queue.PushOwned(d)
	c.enlist(s)
}

// SendEnd ends this side of the stream.
func (c *Conn) SendEnd(s *Stream, trailers http1.Headers) error {
	if c.closed || !s.opened || s.LocalEnded() {
		return nil
	}
	if !s.queue.Empty() {
		s.end, s.trailers = true, trailers
		return nil
	}
	return c.sendEnd(s, trailers)
}

func (c *Conn) sendEnd(s *Stream, trailers http1.Headers) error {
	switch {
	case len(trailers) > 0:
		block, err := c.encodeTrailers(trailers)
		if err != nil {
			return err
		}
		c.writeBlock(s, block, flagEndStream)
	case s.last != nil && s.round == c.out.round:
		*s.last |= flagEndStream
	default:
		c.out.header(0, frameData, flagEndStream, s.id)
	}
	s.localDone = true
	c.sideDone(s)
	return nil
}

// Reset ends the stream at once, both ways.
func (c *Conn) Reset(s *Stream, code ErrCode) {
	if c.closed || !s.opened {
		return
	}
	if s.id != 0 {
		c.rst(s.id, code)
	}
	c.remove(s, true)
}

// resetBy ends the stream for an error of the peer's.
func (c *Conn) resetBy(s *Stream, code ErrCode) {
	if c.cfg.Server && !s.headSent && !c.cancelled() || !c.glitch() {
		return
	}
	c.handler.OnReset(s, code)
	c.Reset(s, code)
}

func (c *Conn) rst(id uint32, code ErrCode) {
	var b [4]byte
	c.out.header(4, frameRSTStream, 0, id)
	c.out.write(append32(b[:0], uint32(code)))
}

// Choke stops sending bodies while on is true: the connection takes no more for now.
func (c *Conn) Choke(on bool) {
	if c.choked = on; !on {
		c.pump()
	}
}

// sendable returns how many bytes of a stream may be sent now.
func (c *Conn) sendable(s *Stream) int {
	if c.choked {
		return 0
	}
	return int(max(min(s.sendWindow, c.sendWindow), 0))
}

// writeData sends a piece of a body within the windows.
func (c *Conn) writeData(s *Stream, d *stream.Data) {
	s.sendWindow -= int64(d.Size())
	s.sent += int64(d.Size())
	c.sendWindow -= int64(d.Size())
	if d.Size() > c.peerFrame {
		d = d.Clone()
		for d.Size() > c.peerFrame {
			c.out.header(c.peerFrame, frameData, 0, s.id)
			c.out.payload(d.Shift(c.peerFrame))
		}
	}
	s.last, s.round = c.out.header(d.Size(), frameData, 0, s.id), c.out.round
	c.out.payload(d)
}

// enlist puts a stream that has something to send, and may, behind the others.
func (c *Conn) enlist(s *Stream) {
	if s.queued || s.queue.Empty() || s.sendWindow <= 0 {
		return
	}
	s.queued, s.next = true, nil
	if c.readyX == nil {
		c.ready = s
	} else {
		c.readyX.next = s
	}
	c.readyX = s
}

// unlist takes a stream out of the list.
func (c *Conn) unlist(s *Stream) {
	var before *Stream
	for x := c.ready; x != nil; before, x = x, x.next {
		if x != s {
			continue
		}
		if before == nil {
			c.ready = s.next
		} else {
			before.next = s.next
		}
		if c.readyX == s {
			c.readyX = before
		}
		break
	}
	s.queued, s.next = false, nil
}

// pump sends what is queued, a frame of each stream in turn.
func (c *Conn) pump() {
	for !c.closed && !c.choked && c.sendWindow > 0 && c.ready != nil {
		s := c.ready
		if c.ready = s.next; c.ready == nil {
			c.readyX = nil
		}
		s.queued, s.next = false, nil
		n := min(c.sendable(s), c.peerFrame)
		if n == 0 {
			continue // until its window opens
		}
		was := s.queue.Size()
		c.writeData(s, s.queue.Shift(n))
		if s.queue.Empty() {
			c.blocked--
		}
		switch {
		case !s.queue.Empty():
			c.enlist(s)
		case s.end:
			trailers := s.trailers
			s.end, s.trailers = false, nil
			if c.sendEnd(s, trailers) != nil {
				c.Reset(s, InternalError)
			}
		}
		if s.opened && was >= c.cfg.LowWater && s.queue.Size() < c.cfg.LowWater {
			c.handler.OnDrained(s)
		}
	}
}
