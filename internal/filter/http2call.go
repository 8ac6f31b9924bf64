package filter

import (
	"crypto/sha1"
	"encoding/base64"

	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/proto/http1"
	"weir/internal/proto/http2"
	"weir/internal/reactor"
	"weir/internal/stream"
)

// http2Call is a request on a stream of a client and its response. Calls are used again.
type http2Call struct {
	http2Flow
	client    *http2Client
	following *http2Call // among the spare ones

	f        *muxHTTP // nil if nobody wants the response any more
	kind     http1.Tunnel
	key      string         // of a WebSocket
	queue    pipeline.Queue // while the stream cannot be opened
	halt     reactor.Brake  // of the source of that
	again    *http2Replay   // to ask again elsewhere; nil once that is not possible
	response *httphead.Head

	interim    bool // what comes is not the response yet
	answered   bool // the response has begun
	tunnelOpen bool
}

// http2Replay is a request as far as it was sent.
type http2Replay struct {
	start *stream.MessageStart
	body  *stream.Data
	end   *stream.MessageEnd
}

const (
	maxReplay  = 16 << 10 // largest body kept to be sent again
	maxRetries = 3
)

func (c *http2Client) newCall(f *muxHTTP) *http2Call {
	call := c.spare
	if call == nil {
		call = &http2Call{client: c}
		call.wire.HTTP2 = true
	} else {
		c.spare, call.following = call.following, nil
	}
	call.f, f.call = f, call
	f.calls++
	call.interim, call.answered, call.tunnelOpen = false, false, false
	call.ready(&c.http2Conn, call)
	return call
}

// forget drops what belongs to a request.
func (call *http2Call) forget() {
	call.again, call.response, call.key = nil, nil, ""
	call.queue.Clear()
	call.halt.Release()
}

// request begins the request.
func (call *http2Call) request(e *stream.MessageStart) {
	h, err := call.wire.Head(call.client.world.Realm, e.Head, false)
	if err != nil {
		call.unsendable(err)
		return
	}
	call.kind = h.Tunnel()
	call.again = &http2Replay{start: e}
	if len(call.client.waiting) > 0 || !call.client.take(call) {
		call.client.waiting = append(call.client.waiting, call)
		call.queue.Push(e)
		return
	}
	call.begin(e)
}

// more takes the next event of the request.
func (call *http2Call) more(e stream.Event) {
	if call.queue.Len() > 0 {
		if call.queue.Push(e); e.Kind() == stream.KindData {
			call.halt.Engage(call.client.world.Loop.CurrentTap())
		}
		return
	}
	call.sendMore(e)
}

// open sends what waited for the stream.
func (call *http2Call) open() {
	call.halt.Release()
	call.queue.Drain(func(e stream.Event) {
		switch start, ok := e.(*stream.MessageStart); {
		case call.f == nil:
		case ok:
			call.begin(start)
		default:
			call.sendMore(e)
		}
	})
}

// begin sends the head.
func (call *http2Call) begin(e *stream.MessageStart) {
	c := call.client
	h, err := call.wire.Head(c.world.Realm, e.Head, false)
	switch {
	case err != nil:
	case call.kind == http1.WebSocketTunnel:
		if !c.PeerConnects() {
			call.fail(&stream.StreamEnd{}, 0)
			call.reset(http2.Cancel)
			return
		}
		c.Upgrade(&call.Stream)
		call.key, _ = h.Headers.Get("sec-websocket-key")
		h = h.Clone()
		h.Headers.Del("sec-websocket-key")
		err = call.http2Flow.open(h)
	case call.kind == http1.ConnectTunnel:
		err = call.http2Flow.open(h)
	default:
		err = call.start(e.Head, h, false)
	}
	call.check(err)
}

// sendMore sends the rest of the request.
func (call *http2Call) sendMore(e stream.Event) {
	tunnel := call.kind == http1.WebSocketTunnel || call.kind == http1.ConnectTunnel
	switch e := e.(type) {
	case *stream.Data:
		if tunnel {
			if call.tunnelOpen && !e.Empty() {
				call.conn.flushLater()
				call.send(e)
			}
			return
		}
		if r := call.again; r != nil {
			if r.body == nil {
				r.body = new(stream.Data)
			}
			if r.body.Size()+e.Size() > maxReplay {
				call.again = nil
			} else {
				r.body.PushOwned(e)
			}
		}
		call.check(call.data(e))
	case *stream.MessageEnd:
		if call.again != nil {
			call.again.end = e
		}
		if tunnel {
			return
		}
		if t, short := e.Tail.(*httphead.Truncated); short {
			call.cutShort(t)
			return
		}
		call.check(call.end(e.Tail))
	}
}

// cutShort gives up on a request that did not come whole.
func (call *http2Call) cutShort(t *httphead.Truncated) {
	call.fail(&stream.StreamEnd{Code: stream.ConnectionReset}, 0)
	call.reset(http2.Cancel)
}

// check gives up on a request that cannot be sent.
func (call *http2Call) check(err error) {
	if err != nil {
		call.unsendable(err)
	}
}

// unsendable implements http2Owner.
func (call *http2Call) unsendable(err error) {
	if f := call.f; f != nil {
		call.leaveAlone()
		f.finish(f.Failure(err.Error()))
		f.letGo()
	}
	call.reset(http2.Cancel)
}

// stalled implements http2Owner.
func (call *http2Call) stalled() {
	call.fail(&stream.StreamEnd{Code: stream.WriteTimeout}, 0)
	call.reset(http2.Cancel)
}

// leaveAlone parts the call from its filter.
func (call *http2Call) leaveAlone() {
	call.f.call = nil
	call.f.calls--
	call.f = nil
}

// respond passes on the head of a response.
func (call *http2Call) respond(h *http1.Head, e *stream.MessageStart) {
	f := call.f
	accepted := call.kind == http1.ConnectTunnel && h.Status >= 200 && h.Status < 300 || call.Upgraded() && h.Status == 200
	if accepted && call.Upgraded() {
		h.Status = 101
		h.Headers.Set("upgrade", "websocket")
		if call.key != "" {
			h.Headers.Set("sec-websocket-accept", acceptKey(call.key))
		}
	}
	call.response = httphead.New(h, true)
	e.Head = call.response
	f.Output(e)
	if !accepted || call.f != f {
		return
	}
	call.tunnelOpen = true
	f.Output(new(stream.MessageEnd))
}

// acceptKey returns the sec-websocket-accept for a key (RFC 6455 §4.2.2).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// done ends the output of the filter after its response; e may be nil.
func (call *http2Call) done(e *stream.StreamEnd) {
	f := call.f
	if f == nil {
		return
	}
	call.leaveAlone()
	if e == nil {
		if e = f.end; e == nil {
			e = new(stream.StreamEnd)
		}
	}
	f.finish(e)
	if call.Open() && !call.LocalEnded() { // nobody needs the rest of the request
		call.reset(http2.Cancel)
	}
	f.letGo()
}

// fail outputs in place of the rest of a response that it will not come, because of e, or of the code of a reset.
func (call *http2Call) fail(e *stream.StreamEnd, code http2.ErrCode) {
	f := call.f
	if f == nil {
		return
	}
	switch {
	case call.tunnelOpen:
		call.done(e)
	case call.answered:
		f.Output(&stream.MessageEnd{Tail: &httphead.Truncated{Code: uint32(code)}})
		call.done(nil)
	default:
		if call.interim {
			f.Output(new(stream.MessageEnd))
		}
		f.failed(e)
		call.done(nil)
	}
}

// retry has a request that the server did not look at sent again, on another stream.
func (call *http2Call) retry() bool {
	f, r := call.f, call.again
	if f == nil || r == nil || call.answered || call.interim || f.retries >= maxRetries || f.World().Stopping {
		return false
	}
	f.retries++
	f.called = false
	call.leaveAlone()
	call.forget()
	f.letGo()
	f.inside = false
	f.process(r.start)
	if r.body != nil {
		f.Process(r.body)
	}
	if r.end != nil {
		f.Process(r.end)
	}
	return true
}
