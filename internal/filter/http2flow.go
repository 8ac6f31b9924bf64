package filter

import (
	"weir/internal/proto/http1"
	"weir/internal/proto/http2"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

// http2Flow is a stream between its neighbours: it pauses the source of what is sent faster than the peer takes it, and
// closes the peer's window while what was received is not taken.
type http2Flow struct {
	http2.Stream
	httpFlow
	conn  *http2Conn
	tap   *reactor.Tap  // current while what was received is passed on
	brake reactor.Brake // of the source of what is sent
	freed int64         // when the flow was last resumed, in milliseconds
}

var _ httpSink = (*http2Flow)(nil)

// ready prepares a flow for a new stream.
func (f *http2Flow) ready(c *http2Conn, owner http2Owner) {
	f.conn, f.Owner = c, owner
	f.sink, f.freed = f, 0
	f.clear()
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
			f.freed = f.conn.world.Loop.Monotonic()
			f.conn.flushLater()
			f.conn.Consumed(&f.Stream)
		}
	})
}

// reading reports whether the peer may send more of the stream, and since when if that was held up.
func (f *http2Flow) reading() (since int64, ok bool) {
	return f.freed, !f.tap.Paused() && !f.conn.unread()
}

// sendHead implements httpSink.
func (f *http2Flow) sendHead(h *http1.Head, length int64, end bool) error {
	f.conn.flushLater()
	return f.conn.SendHead(&f.Stream, h, length, end)
}

// send implements httpSink.
func (f *http2Flow) send(d *stream.Data) {
	f.conn.flushLater()
	f.conn.SendData(&f.Stream, d)
	if f.Queued() > httpHighWater {
		f.brake.Engage(f.conn.world.Loop.CurrentTap())
	}
}

// sendEnd implements httpSink.
func (f *http2Flow) sendEnd(trailers http1.Headers) error {
	f.conn.flushLater()
	return f.conn.SendEnd(&f.Stream, trailers)
}

// settleLater implements httpSink.
func (f *http2Flow) settleLater() {
	f.conn.flushLater()
	f.conn.settled = append(f.conn.settled, &f.httpFlow)
}

// unsendable implements httpSink.
func (f *http2Flow) unsendable(err error) { f.Owner.(http2Owner).unsendable(err) }

// alive implements httpSink.
func (f *http2Flow) alive() bool { return f.Open() }

// realm implements httpSink.
func (f *http2Flow) realm() *script.Realm { return f.conn.world.Realm }

// closed is called when the stream is no more.
func (f *http2Flow) closed() {
	f.drop()
	f.brake.Release()
}

// reset ends the stream at once.
func (f *http2Flow) reset(code http2.ErrCode) {
	f.conn.flushLater()
	f.conn.Reset(&f.Stream, code)
}
