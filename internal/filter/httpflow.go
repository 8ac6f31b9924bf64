package filter

import (
	"weir/internal/httphead"
	"weir/internal/proto/http1"
	"weir/internal/proto/http2"
	"weir/internal/script"
	"weir/internal/stream"
)

// httpFlow sends messages on a stream of HTTP/2 or HTTP/3. It decides which content-length a message is sent with: the one
// it came with if the body is passed on as it was, the size of a body that is known whole, else none.
type httpFlow struct {
	sink     httpSink
	wire     httphead.Wire
	pending  *http1.Head // to be sent
	origin   *httphead.Head
	body     stream.Data // of a message without an origin, held with its head to the end of the turn
	left     int64       // of the promised length, -1 if there is none
	response bool
	holding  bool // pending is held back
	bodiless bool
}

// httpSink is a stream as httpFlow needs it.
type httpSink interface {
	// sendHead begins a message; the arguments are those of http2.Conn.SendHead.
	sendHead(h *http1.Head, length int64, end bool) error
	// send sends a piece of a body. If much of it has to wait, whoever it came from is paused.
	send(d *stream.Data)
	// sendEnd ends a message.
	sendEnd(trailers http1.Headers) error
	// settleLater has the flow's settle called at the end of the turn.
	settleLater()
	// unsendable is called when a message turns out to be impossible to send.
	unsendable(err error)
	// alive reports whether the stream still exists.
	alive() bool
	realm() *script.Realm
}

// httpHighWater is how many bytes a stream may have waiting before its source is paused; httpLowWater is when it goes on.
const (
	httpHighWater = 64 << 10
	httpLowWater  = 32 << 10
)

// clear prepares the flow for a new stream.
func (f *httpFlow) clear() {
	f.drop()
	f.left, f.bodiless = -1, false
}

// drop forgets what is held back.
func (f *httpFlow) drop() {
	f.pending, f.origin, f.holding = nil, nil, false
	f.body.Clear()
}

// start begins a message. h is what f.wire made of head. bodiless messages are sent whole.
func (f *httpFlow) start(head any, h *http1.Head, bodiless bool) error {
	f.left, f.bodiless = -1, bodiless
	if bodiless {
		return f.sink.sendHead(h, http2.KeepLength, true)
	}
	x, ok := head.(*httphead.Head)
	if ok && x.Body != nil {
		if x.Length() < 0 {
			return f.sink.sendHead(h, -1, false)
		}
		f.origin = x
	} else {
		f.sink.settleLater()
	}
	f.pending, f.holding = h, true
	return nil
}

// open begins a message whose body has no length, at once.
func (f *httpFlow) open(h *http1.Head) error {
	f.left = -1
	return f.sink.sendHead(h, -1, false)
}

// sendHeld sends the head that was held back.
func (f *httpFlow) sendHeld(length int64, end bool) error {
	h := f.pending
	f.pending, f.origin, f.holding = nil, nil, false
	return f.sink.sendHead(h, length, end)
}

// data adds to the body.
func (f *httpFlow) data(d *stream.Data) error {
	if d.Empty() || f.bodiless {
		return nil
	}
	if x := f.origin; f.holding && x != nil {
		if x.Body.Original(d) && x.Length() > 0 {
			f.left = x.Length()
		}
		if err := f.sendHeld(f.left, false); err != nil {
			return err
		}
	}
	if f.holding {
		if f.body.Push(d); f.body.Size() < httpHighWater {
			return nil
		}
		return f.flushHeld()
	}
	if f.left >= 0 {
		if f.left -= int64(d.Size()); f.left < 0 {
			return http1.ErrBodyLength
		}
	}
	f.sink.send(d)
	return nil
}

// flushHeld sends what is held back of a message that is not complete.
func (f *httpFlow) flushHeld() error {
	if err := f.sendHeld(-1, false); err != nil {
		f.body.Clear()
		return err
	}
	f.sink.send(&f.body)
	f.body.Clear()
	return nil
}

// settle is called at the end of the turn in which a message began.
func (f *httpFlow) settle() {
	if f.holding && f.origin == nil && f.sink.alive() {
		if err := f.flushHeld(); err != nil {
			f.sink.unsendable(err)
		}
	}
}

// end ends the message.
func (f *httpFlow) end(tail any) error {
	if f.bodiless {
		return nil
	}
	var trailers http1.Headers
	if tail != nil {
		var err error
		if trailers, err = httphead.Trailers(f.sink.realm(), tail); err != nil {
			return err
		}
	}
	if f.holding {
		n := int64(f.body.Size())
		if n == 0 && !f.response || len(trailers) > 0 {
			n = -1
		}
		whole := f.body.Empty() && len(trailers) == 0
		if err := f.sendHeld(n, whole); err != nil || whole {
			f.body.Clear()
			return err
		}
		f.sink.send(&f.body)
		f.body.Clear()
	} else if f.left > 0 {
		return http1.ErrBodyLength
	}
	return f.sink.sendEnd(trailers)
}
