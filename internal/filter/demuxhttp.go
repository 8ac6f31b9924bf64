package filter

import (
	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/proto/http1"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "demuxHTTP", Sig: "demuxHTTP(options?: object).to(...)", Length: 1, Joint: true, NameFirst: true,
		Rows: serverRows("demuxHTTP"),
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			o, err := options(b, 0)
			if err != nil {
				return nil, err
			}
			d := &demuxHTTPDef{opts: readHTTPOptions(o), target: b.Target()}
			return d, o.Err()
		},
	})
}

// demuxHTTPDef declares demuxHTTP(options).to(target).
type demuxHTTPDef struct {
	opts   *httpOptions
	target *pipeline.Target
}

// New implements pipeline.Def.
func (d *demuxHTTPDef) New() pipeline.Filter {
	f := &demuxHTTP{target: d.target}
	f.httpServer.init(d.opts, f)
	return f
}

// demuxHTTP answers each request of a connection by a sub-pipeline of its own.
type demuxHTTP struct {
	httpServer
	target *pipeline.Target
}

// Process implements pipeline.Filter.
func (f *demuxHTTP) Process(e stream.Event) {
	if f.requests == 0 && f.h2 == nil {
		f.look()
	}
	f.httpServer.Process(e)
}

func (f *demuxHTTP) head(x *httpExchange, h *http1.Head) *httphead.Head { return httphead.New(h, true) }

func (f *demuxHTTP) request(x *httpExchange, e *stream.MessageStart) {
	x.sub = f.SubClone(f.target.Layout, x.to)
	x.sub.Start()
	x.sub.Process(e)
}

func (f *demuxHTTP) body(x *httpExchange, d *stream.Data) { x.sub.Process(d) }

func (f *demuxHTTP) complete(x *httpExchange, e *stream.MessageEnd) { x.sub.Process(e) }

func (f *demuxHTTP) end(x *httpExchange, e *stream.StreamEnd) { x.sub.Process(e) }

func (f *demuxHTTP) release(x *httpExchange) { x.sub.Release() }

func (f *demuxHTTP) reusable(x *httpExchange) bool { return x.sub.Ended() }

func (f *demuxHTTP) tunnels() bool { return true }
