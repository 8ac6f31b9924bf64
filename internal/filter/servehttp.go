package filter

import (
	"weir/internal/event"
	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/proto/http1"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "serveHTTP", Length: 2,
		Sig:  "serveHTTP(handler: Message | (req: Message)=>Message|Promise<Message>, options?: object)",
		Rows: serverRows("serveHTTP"),
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			if err := b.Need(1); err != nil {
				return nil, err
			}
			o, err := options(b, 1)
			if err != nil {
				return nil, err
			}
			d := &serveHTTPDef{opts: readHTTPOptions(o), handler: b.Hold(b.Arg(0)), isFunction: b.IsFunction(b.Arg(0))}
			d.blind = b.IgnoresArguments(b.Arg(0))
			return d, o.Err()
		},
	})
}

// serveHTTPDef declares serveHTTP(handler, options).
type serveHTTPDef struct {
	opts       *httpOptions
	handler    *script.Ref
	isFunction bool
	blind      bool // the handler does not look at the request
}

// New implements pipeline.Def.
func (d *serveHTTPDef) New() pipeline.Filter {
	f := &serveHTTP{def: d}
	f.httpServer.init(d.opts, f)
	return f
}

// serveHTTP answers each request of a connection by what a handler returns.
type serveHTTP struct {
	httpServer
	def *serveHTTPDef
}

// httpCall is a request on its way to the handler. A script may keep the message.
type httpCall struct {
	head    httphead.Decoded
	message stream.Message
	body    stream.Data
}

// Process implements pipeline.Filter.
func (f *serveHTTP) Process(e stream.Event) {
	if f.requests == 0 {
		f.look()
	}
	f.httpServer.Process(e)
}

func (f *serveHTTP) head(x *httpExchange, h *http1.Head) *httphead.Head {
	x.call = new(httpCall)
	return x.call.head.Init(h)
}

func (f *serveHTTP) request(x *httpExchange, e *stream.MessageStart) {
	x.tunnelKind = http1.NoTunnel
	if x.head.Received.ContentLength > f.opts.maxBodySize {
		f.tooLarge()
	}
}

func (f *serveHTTP) body(x *httpExchange, d *stream.Data) {
	if x.mute {
		return
	}
	if int64(x.call.body.Size()+d.Size()) > f.opts.maxBodySize {
		f.tooLarge()
		return
	}
	x.call.body.PushOwned(d)
}

func (f *serveHTTP) tooLarge() {
	f.refuse(&http1.Error{Status: 413, Reason: "the body of the request is too large"})
}

func (f *serveHTTP) complete(x *httpExchange, e *stream.MessageEnd) {
	c := x.call
	c.message.Head, c.message.Body, c.message.Tail = x.head, &c.body, e.Tail
	v := f.def.handler.Value()
	if f.def.isFunction {
		var err error
		if r := f.Realm(); f.def.blind {
			v, err = r.CallIn(f.Context(), v)
		} else {
			v, err = r.CallIn(f.Context(), v, event.NewMessage(r, &c.message))
		}
		if err != nil {
			x.Process(f.World().Failure(err))
			return
		}
	}
	f.answer(x, v, "handler is not or did not return a Message")
}

// answer sends what the handler returned, or waits for it.
func (f *serveHTTP) answer(x *httpExchange, v script.Value, wrong string) {
	r := f.Realm()
	if m, ok := event.MessageOf(r, v); ok {
		x.reply(m)
		return
	}
	if !r.IsPromise(v) {
		x.Process(f.Failure(wrong))
		return
	}
	f.Then(v, func(ok bool, v script.Value) {
		switch {
		case x.mute || f.closed:
		case ok:
			f.answer(x, v, "Promise did not resolve to a Message")
		default:
			x.Process(f.Rejection(v))
		}
	})
}

// reply answers with a whole message.
func (x *httpExchange) reply(m *stream.Message) {
	s := x.server
	if m.Body != nil && m.Body.Size() > largeReply {
		x.whole = int64(m.Body.Size())
	}
	if s.first != x || x.held.Len() > 0 {
		m.Kept = true
		m.Events(x.park)
		return
	}
	if x.begin(m.Head, nil); s.closed {
		return
	}
	if m.Body != nil && !m.Body.Empty() && !x.unsent {
		if x.send(m.Body); s.closed {
			return
		}
	}
	if x.finish(m.Tail, nil); x.answered {
		m.Spent = true
		s.advance()
	} else if !s.closed {
		s.close(s.Failure("handler returned an interim response"))
	}
}

// largeReply is the size from which on a body is not copied next to its head.
const largeReply = 1024

func (f *serveHTTP) abort(x *httpExchange, e *stream.StreamEnd) {}

func (f *serveHTTP) release(x *httpExchange) { x.call = nil }

func (f *serveHTTP) reusable(x *httpExchange) bool { return true }
