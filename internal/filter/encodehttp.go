package filter

import (
	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/proto/http1"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	for _, s := range []struct {
		name     string
		response bool
	}{{"encodeHTTPRequest", false}, {"encodeHTTPResponse", true}} {
		pipeline.Register(pipeline.Spec{
			Name: s.name, Length: 2,
			Sig: s.name + "(handler?: (head)=>any, options?: object) | " + s.name + "(options?: object)",
			Rows: httpRows(s.name,
				script.Row{Path: "bufferSize", Kind: "option", Signature: "size = 16k"},
				script.Row{Path: "maxBodySize", Kind: "option", Signature: "size = 64m [beyond]"},
			),
			Build: func(b *pipeline.Build) (pipeline.Def, error) { return buildEncodeHTTP(b, s.response) },
		})
	}
}

// encodeHTTPDef declares encodeHTTPRequest or encodeHTTPResponse(handler, options).
type encodeHTTPDef struct {
	response bool
	handler  *script.Ref
	opts     *httpOptions
}

func buildEncodeHTTP(b *pipeline.Build, response bool) (pipeline.Def, error) {
	d := &encodeHTTPDef{response: response}
	opts := b.Arg(1)
	switch v := b.Arg(0); {
	case b.IsFunction(v):
		d.handler = b.Hold(v)
	case v.IsObject():
		opts = v
	case !v.IsNullish():
		return nil, script.ArgError(0, "a function or an object")
	}
	if !opts.IsNullish() && !opts.IsObject() {
		return nil, script.ArgError(1, "an object")
	}
	o := b.Options(opts)
	d.opts = readHTTPOptions(o)
	return d, o.Err()
}

// New implements pipeline.Def.
func (d *encodeHTTPDef) New() pipeline.Filter {
	f := &encodeHTTP{def: d}
	f.sender.init(d.response, d.opts)
	return f
}

// encodeHTTP turns messages into bytes.
type encodeHTTP struct {
	pipeline.Base
	def      *encodeHTTPDef
	sender   httpSender
	flushing bool
}

// Process implements pipeline.Filter.
func (f *encodeHTTP) Process(e stream.Event) {
	var err error
	out := new(stream.Data)
	r := f.Realm()
	switch e := e.(type) {
	case *stream.MessageStart:
		if f.sender.inMessage() {
			return
		}
		m := http1.Message{Length: -1}
		request := new(http1.Head)
		if fn := f.def.handler; fn != nil {
			v, ok := f.Call(fn, event.Any(r, e.Head, script.Null))
			if ok && f.def.response {
				request = requestOf(&f.Base, v)
			}
		}
		var h *http1.Head
		if h, err = f.sender.wire.Head(r, e.Head, f.def.response); err != nil {
			break
		}
		m.Method, m.Tunnel = request.Method, request.Tunnel().Accepted(statusOf(h))
		f.Output(e)
		err = f.sender.start(out, e.Head, h, m)
	case *stream.Data:
		err = f.sender.data(out, e)
	case *stream.MessageEnd:
		if !f.sender.inMessage() {
			return
		}
		if err = f.sender.end(r, out, e.Tail); err == nil {
			f.send(out)
			f.Output(e)
			return
		}
	case *stream.StreamEnd:
		f.sender.drop()
		f.Output(e)
		return
	}
	if err != nil {
		f.fail(err)
		return
	}
	f.send(out)
	if !f.flushing && f.sender.holds() {
		f.flushing = true
		f.World().FlushLater(f)
	}
}

// Flush implements pipeline.Flusher.
func (f *encodeHTTP) Flush() {
	f.flushing = false
	if f.Ended() {
		return
	}
	out := new(stream.Data)
	if err := f.sender.settle(out); err != nil {
		f.fail(err)
		return
	}
	f.send(out)
}

func (f *encodeHTTP) send(out *stream.Data) {
	if !out.Empty() {
		f.Output(out)
	}
}

func (f *encodeHTTP) fail(err error) {
	f.sender.drop()
	f.Fail(err.Error())
}
