package filter

import (
	"weir/internal/httphead"
	"weir/internal/proto/http1"
	"weir/internal/stream"
)

// The receiving half of http1Client.

// receive implements httpClient.
func (c *http1Client) receive(e stream.Event) {
	s := c.session
	if f := s.tunnel; f != nil {
		switch e := e.(type) {
		case *stream.Data:
			f.Output(e)
		case *stream.StreamEnd:
			s.tunnel = nil
			s.close()
			f.finish(e)
		}
		return
	}
	if s.gone {
		return
	}
	switch e := e.(type) {
	case *stream.Data:
		c.in.Push(e)
		c.decode()
	case *stream.StreamEnd:
		c.serverEnded(e)
	}
}

func (c *http1Client) decode() {
	s := c.session
	for !s.gone {
		if !c.decoder.InMessage() {
			if c.first == nil {
				if !c.in.Empty() { // nobody asked
					c.in.Clear()
					s.close()
				}
				return
			}
			c.decoder.Answering(c.first.method)
		}
		e, err := c.decoder.Next(&c.in)
		if err != nil {
			c.serverEnded(&stream.StreamEnd{Code: stream.ProtocolError})
			return
		}
		if e == nil {
			return
		}
		c.deliver(e)
	}
	if f := s.tunnel; f != nil && !c.in.Empty() {
		f.Output(c.in.Shift(c.in.Size()))
	}
}

// deliver hands out an event of a response.
func (c *http1Client) deliver(e stream.Event) {
	f := c.first.f
	switch e := e.(type) {
	case *stream.MessageStart:
		h := e.Head.(*http1.Head)
		c.response = httphead.New(h, true)
		e.Head = c.response
		c.interim = h.Status < 200 && h.Status != 101
		c.tunneling = c.first.tunnel.Accepted(h.Status)
		c.final = h.Final() || h.Status == 101 && !c.tunneling
	case *stream.Data:
		if f == nil {
			if c.discarded += int64(e.Size()); c.discarded > maxDiscarded {
				c.serverEnded(&stream.StreamEnd{})
			}
			return
		}
		c.response.Body.Emit(e)
	case *stream.MessageEnd:
		e.Tail = httphead.TailOf(e.Tail)
		c.responseEnded(f, e)
		return
	}
	if f != nil {
		f.Output(e)
	}
}

// maxDiscarded is how much of responses nobody wants is read to keep a shared connection.
const maxDiscarded = 1 << 20

func (c *http1Client) responseEnded(f *muxHTTP, e *stream.MessageEnd) {
	s := c.session
	c.response = nil
	if c.interim {
		if f != nil {
			f.Output(e)
		}
		return
	}
	c.pop()
	switch {
	case c.tunneling && f != nil:
		s.leave()
		s.tunnel = f
		f.calls--
		f.Output(e)
		return
	case c.final || c.tunneling:
		s.leave()
	}
	if f != nil {
		f.Output(e)
		f.responded()
	}
	if s.gone {
		c.serverEnded(&stream.StreamEnd{})
	}
}

// serverEnded ends the connection: it was lost, or is of no use any more.
func (c *http1Client) serverEnded(e *stream.StreamEnd) {
	s := c.session
	c.sending = nil
	c.sender.drop()
	s.close()
	if c.first == nil {
		return
	}
	oldest := true
	if c.response != nil {
		oldest = false
		end := &stream.MessageEnd{Tail: &httphead.Truncated{}}
		if last, err := c.decoder.Finish(); err == nil && last != nil {
			end = last.(*stream.MessageEnd)
			end.Tail = httphead.TailOf(end.Tail)
		}
		c.response = nil
		if f := c.pop(); f != nil {
			f.Output(end)
			f.responded()
		}
	}
	for c.first != nil {
		f := c.pop()
		if f == nil || f.ended {
			continue
		}
		f.calls--
		if oldest {
			f.failed(e)
			if f.end != nil && f.calls == 0 {
				f.finish(f.end)
			}
		} else {
			f.finish(e)
		}
		oldest = false
	}
}

// leftBy implements httpClient. A response that others wait behind is read and dropped.
func (c *http1Client) leftBy(f *muxHTTP) {
	broken := c.sending == f
	for call := c.first; call != nil; call = call.next {
		if call.f == f {
			call.f = nil
			broken = broken || c.session.users <= 1
		}
	}
	if broken {
		c.serverEnded(&stream.StreamEnd{})
	}
}
