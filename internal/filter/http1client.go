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

// ended implements httpClient.
func (c *http1Client) ended(f *muxHTTP, e *stream.StreamEnd) bool {
	s := c.session
	if s.tunnel != f {
		return false
	}
	s.p.Process(e)
	return true
}

// stalled implements httpClient: who shares a connection has to wait for the others anyway.
func (c *http1Client) stalled() bool { return false }

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
