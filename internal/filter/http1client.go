package filter

import (
	"weir/internal/httphead"
	"weir/internal/proto/http1"
	"weir/internal/stream"
)

// http1Client is the client side of an HTTP/1 connection: it sends requests and hands out the responses in their order.
type http1Client struct {
	session *httpSession
	decoder http1.Decoder
	sender  httpSender
	in      stream.Data
	out     *stream.Data // empty, for the next use

	first, last *http1Call // in the order of the requests
	spare       *http1Call
	sending     *muxHTTP       // whose request is being sent
	response    *httphead.Head // being received
	interim     bool           // it is not the response yet
	final       bool           // the connection ends with it
	tunneling   bool           // it opens a tunnel
	discarded   int64          // bytes of responses nobody wants any more
	flushing    bool
}

// http1Call is a request that waits for its response. Calls are used again.
type http1Call struct {
	next   *http1Call
	f      *muxHTTP // nil if nobody wants the response any more
	method string
	tunnel http1.Tunnel
}

func newHTTP1Client(s *httpSession) *http1Client {
	c := &http1Client{session: s}
	c.decoder.Response = true
	s.config.decoder(&c.decoder)
	c.sender.init(false, &s.config.httpOptions)
	return c
}

// send implements httpClient. If several filters may use the connection, each request is sent when it is complete, so that
// none can hold up the others.
func (c *http1Client) send(f *muxHTTP, e stream.Event) {
	s := c.session
	if s.tunnel == f {
		if e.Kind() == stream.KindData {
			s.p.Process(e)
		}
		return
	}
	if s.pool.maxQueue == 1 {
		c.write(f, e)
		return
	}
	switch e := e.(type) {
	case *stream.MessageStart:
		f.size = 0
	case *stream.Data:
		if !f.inside {
			return
		}
		if f.size += int64(e.Size()); f.size > s.config.maxBodySize {
			f.request.Clear()
			f.finish(f.Failure(http1.ErrBodyTooLarge.Error()))
			return
		}
	case *stream.MessageEnd:
		for q := f.request.Pop(); q != nil; q = f.request.Pop() {
			c.write(f, q)
		}
		c.write(f, e)
		return
	}
	f.request.Push(e)
}

// write sends an event of a request.
func (c *http1Client) write(f *muxHTTP, e stream.Event) {
	r := c.session.world.Realm
	out := c.out
	if c.out = nil; out == nil {
		out = new(stream.Data)
	}
	var err error
	switch e := e.(type) {
	case *stream.MessageStart:
		var h *http1.Head
		if h, err = c.sender.wire.Head(r, e.Head, false); err != nil {
			break
		}
		c.sending = f
		c.push(f, h)
		if err = c.sender.start(out, e.Head, h, http1.Message{Length: -1}); err != nil {
			c.unpush(f)
		}
	case *stream.Data:
		if c.sending != f {
			return
		}
		begun := c.sender.begun()
		if err = c.sender.data(out, e); err != nil && !begun {
			c.unpush(f)
		}
	case *stream.MessageEnd:
		if c.sending != f {
			return
		}
		begun := c.sender.begun()
		if err = c.sender.end(r, out, e.Tail); err != nil && !begun {
			c.unpush(f)
		}
		if _, short := e.Tail.(*httphead.Truncated); short && err == nil {
			err = http1.ErrBodyLength
		}
		if err == nil {
			c.sending = nil
		}
	}
	if err != nil {
		c.failed(f, err)
		return
	}
	if out.Empty() {
		c.out = out
	} else {
		c.session.p.Process(out)
	}
	if !c.flushing && c.sender.holds() {
		c.flushing = true
		c.session.world.FlushLater(c)
	}
}

// Flush implements pipeline.Flusher.
func (c *http1Client) Flush() {
	c.flushing = false
	if c.session.gone || !c.sender.holds() {
		return
	}
	out := new(stream.Data)
	if err := c.sender.settle(out); err != nil {
		f := c.sending
		c.unpush(f)
		c.failed(f, err)
		return
	}
	c.session.p.Process(out)
}

// failed gives up on a request that cannot be sent.
func (c *http1Client) failed(f *muxHTTP, err error) {
	c.sending = nil
	c.sender.drop()
	if f == nil || f.Ended() {
		return
	}
	f.finish(f.Failure(err.Error()))
	if c.callOf(f) != nil { // some of it is on its way
		c.serverEnded(&stream.StreamEnd{})
	}
}

func (c *http1Client) callOf(f *muxHTTP) *http1Call {
	for call := c.first; call != nil; call = call.next {
		if call.f == f {
			return call
		}
	}
	return nil
}

func (c *http1Client) push(f *muxHTTP, h *http1.Head) {
	call := c.spare
	if call == nil {
		call = new(http1Call)
	} else {
		c.spare = call.next
	}
	*call = http1Call{f: f, method: h.Method, tunnel: h.Tunnel()}
	if c.last == nil {
		c.first = call
	} else {
		c.last.next = call
	}
	c.last = call
	f.calls++
}

// unpush takes back the latest call, which is f's.
func (c *http1Client) unpush(f *muxHTTP) {
	var before *http1Call
	for call := c.first; call != c.last; call = call.next {
		before = call
	}
	if c.last = before; before == nil {
		c.first = nil
	} else {
		before.next = nil
	}
	f.calls--
}

// pop takes the first call off: its response is complete.
func (c *http1Client) pop() *muxHTTP {
	call := c.first
	f := call.f
	if c.first = call.next; c.first == nil {
		c.last = nil
	}
	*call = http1Call{next: c.spare}
	c.spare = call
	return f
}

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
