package filter

import "weir/internal/proto/http1"

// http1Call is a request that waits for its response. Calls are used again.
type http1Call struct {
	next   *http1Call
	f      *muxHTTP // nil if nobody wants the response any more
	method string
	tunnel http1.Tunnel
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
