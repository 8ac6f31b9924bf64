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
	if f.requests == 0 && f.h2 == nil {
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
		x.tooLarge()
	}
}

func (f *serveHTTP) body(x *httpExchange, d *stream.Data) {
	if x.mute {
		return
	}
	if int64(x.call.body.Size()+d.Size()) > f.opts.maxBodySize {
		x.tooLarge()
		return
	}
	x.call.body.PushOwned(d)
}

func (x *httpExchange) tooLarge() {
	x.to.refuse(&http1.Error{Status: 413, Reason: "the body of the request is too large"})
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
			x.to.Process(f.World().Failure(err))
			return
		}
	}
	f.answer(x, v, "handler is not or did not return a Message")
}

// answer sends what the handler returned, or waits for it.
func (f *serveHTTP) answer(x *httpExchange, v script.Value, wrong string) {
	r := f.Realm()
	if m, ok := event.MessageOf(r, v); ok {
		if m.Source != nil {
			x.pour(f.World().Loop, m)
		} else {
			x.to.reply(m)
		}
		return
	}
	if !r.IsPromise(v) {
		x.to.Process(f.Failure(wrong))
		return
	}
	f.Then(v, func(ok bool, v script.Value) {
		switch {
		case x.mute:
		case ok:
			f.answer(x, v, "Promise did not resolve to a Message")
		default:
			x.to.Process(f.Rejection(v))
		}
	})
}

func (f *serveHTTP) end(x *httpExchange, e *stream.StreamEnd) {}

func (f *serveHTTP) release(x *httpExchange) {
	x.call = nil
	x.stopReading()
}

func (f *serveHTTP) reusable(x *httpExchange) bool { return true }

func (f *serveHTTP) tunnels() bool { return false }
