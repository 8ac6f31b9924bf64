package filter

import (
	"weir/internal/httphead"
	"weir/internal/proto/http1"
	"weir/internal/proto/http2"
	"weir/internal/reactor"
	"weir/internal/stream"
)

// http2Flow is a stream between its neighbours: it pauses the source of what is sent faster than the peer takes it, and
// closes the peer's window while what was received is not taken. It also decides which content-length a message is sent
// with: the one it came with if the body is passed on as it was, the size of a body that is known whole, else none.
type http2Flow struct {
	http2.Stream
	conn  *http2Conn
	tap   *reactor.Tap  // current while what was received is passed on
	brake reactor.Brake // of the source of what is sent

	wire     httphead.Wire
	pending  *http1.Head // to be sent
	origin   *httphead.Head
	body     stream.Data // of a message without an origin, held with its head to the end of the turn
	left     int64       // of the promised length, -1 if there is none
	response bool
	holding  bool // pending is held back
	bodiless bool
}

// ready prepares a flow for a new stream.
func (f *http2Flow) ready(c *http2Conn, owner http2Owner) {
	f.conn, f.Owner = c, owner
	f.pending, f.origin, f.left = nil, nil, -1
	f.holding, f.bodiless = false, false
	if f.tap == nil || f.tap.Paused() {
		f.tap = reactor.NewTap(f.resumed)
	}
}

// enter makes the flow the source of what happens in the turn, until leave.
func (f *http2Flow) enter() (before *reactor.Tap) { return f.conn.world.Loop.SwapTap(f.tap) }

// leave ends what enter began. If nobody paused the flow, what was passed on counts as taken.
func (f *http2Flow) leave(before *reactor.Tap) {
	f.conn.world.Loop.SwapTap(before)
	if !f.tap.Paused() {
		f.conn.Consumed(&f.Stream)
	}
}

// resumed is called when nobody pauses the flow any more.
func (f *http2Flow) resumed() {
	id := f.ID()
	f.conn.world.Loop.Later(func() {
		if f.Open() && f.ID() == id && !f.tap.Paused() {
			f.conn.flushLater()
			f.conn.Consumed(&f.Stream)
		}
	})
}

// start begins a message. h is what f.wire made of head. bodiless messages are sent whole.
func (f *http2Flow) start(head any, h *http1.Head, bodiless bool) error {
	f.conn.flushLater()
	f.left, f.bodiless = -1, bodiless
	if bodiless {
		return f.conn.SendHead(&f.Stream, h, http2.KeepLength, true)
	}
	x, ok := head.(*httphead.Head)
	if ok && x.Body != nil {
		if x.Length() < 0 {
			return f.conn.SendHead(&f.Stream, h, -1, false)
		}
		f.origin = x
	} else {
		f.conn.settled = append(f.conn.settled, f)
	}
	f.pending, f.holding = h, true
	return nil
}

// open begins a message whose body has no length, at once.
func (f *http2Flow) open(h *http1.Head) error {
	f.conn.flushLater()
	f.left = -1
	return f.conn.SendHead(&f.Stream, h, -1, false)
}

// sendHeld sends the head that was held back.
func (f *http2Flow) sendHeld(length int64, end bool) error {
	h := f.pending
	f.pending, f.origin, f.holding = nil, nil, false
	return f.conn.SendHead(&f.Stream, h, length, end)
}

// data adds to the body.
func (f *http2Flow) data(d *stream.Data) error {
	if d.Empty() || f.bodiless {
		return nil
	}
	f.conn.flushLater()
	if x := f.origin; f.holding && x != nil {
		if x.Body.Original(d) && x.Length() > 0 {
			f.left = x.Length()
		}
		if err := f.sendHeld(f.left, false); err != nil {
			return err
		}
	}
	if f.holding {
		if f.body.Push(d); f.body.Size() < http2HighWater {
			return nil
		}
		return f.flushHeld()
	}
	if f.left >= 0 {
		if f.left -= int64(d.Size()); f.left < 0 {
			return http1.ErrBodyLength
		}
	}
	f.send(d)
	return nil
}

// flushHeld sends what is held back of a message that is not complete.
func (f *http2Flow) flushHeld() error {
	if err := f.sendHeld(-1, false); err != nil {
		f.body.Clear()
		return err
	}
	f.send(&f.body)
	f.body.Clear()
	return nil
}

// settle is called at the end of the turn in which a message began.
func (f *http2Flow) settle() {
	if f.holding && f.origin == nil && f.Open() {
		if err := f.flushHeld(); err != nil {
			f.Owner.(http2Owner).unsendable(err)
		}
	}
}

// send sends a piece of a body. If much of it has to wait, whoever it came from is paused.
func (f *http2Flow) send(d *stream.Data) {
	f.conn.SendData(&f.Stream, d)
	if f.Queued() > http2HighWater {
		f.brake.Engage(f.conn.world.Loop.CurrentTap())
	}
}

// end ends the message.
func (f *http2Flow) end(tail any) error {
	f.conn.flushLater()
	if f.bodiless {
		return nil
	}
	var trailers http1.Headers
	if tail != nil {
		var err error
		if trailers, err = httphead.Trailers(f.conn.world.Realm, tail); err != nil {
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
		f.send(&f.body)
		f.body.Clear()
	} else if f.left > 0 {
		return http1.ErrBodyLength
	}
	return f.conn.SendEnd(&f.Stream, trailers)
}

// closed is called when the stream is no more.
func (f *http2Flow) closed() {
	f.pending, f.origin, f.holding = nil, nil, false
	f.body.Clear()
	f.brake.Release()
}

// reset ends the stream at once.
func (f *http2Flow) reset(code http2.ErrCode) {
	f.conn.flushLater()
	f.conn.Reset(&f.Stream, code)
}
