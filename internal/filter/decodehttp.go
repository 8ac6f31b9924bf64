package filter

import (
	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/proto/http1"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "decodeHTTPRequest", Sig: "decodeHTTPRequest(handler?: (head)=>any)", Length: 1,
		Build: func(b *pipeline.Build) (pipeline.Def, error) { return buildDecodeHTTP(b, false) },
	})
	pipeline.Register(pipeline.Spec{
		Name: "decodeHTTPResponse", Sig: "decodeHTTPResponse(handler?: (head)=>RequestHead|null)", Length: 1,
		Build: func(b *pipeline.Build) (pipeline.Def, error) { return buildDecodeHTTP(b, true) },
	})
}

// decodeHTTPDef declares decodeHTTPRequest(handler) or decodeHTTPResponse(handler).
type decodeHTTPDef struct {
	response bool
	handler  *script.Ref
}

func buildDecodeHTTP(b *pipeline.Build, response bool) (pipeline.Def, error) {
	d := &decodeHTTPDef{response: response}
	if v := b.Arg(0); !v.IsNullish() {
		if !b.IsFunction(v) {
			return nil, script.ArgError(0, "a function")
		}
		d.handler = b.Hold(v)
	}
	return d, nil
}

// New implements pipeline.Def.
func (d *decodeHTTPDef) New() pipeline.Filter {
	f := &decodeHTTP{def: d}
	f.renew()
	return f
}

// decodeHTTP turns bytes into messages.
type decodeHTTP struct {
	pipeline.Base
	def     *decodeHTTPDef
	decoder http1.Decoder
	in      stream.Data
	body    *httphead.Body
	failed  bool
}

func (f *decodeHTTP) renew() {
	f.decoder = http1.Decoder{Response: f.def.response, NoHost: true}
}

// Process implements pipeline.Filter.
func (f *decodeHTTP) Process(e stream.Event) {
	switch e := e.(type) {
	case *stream.Data:
		if !f.failed {
			f.in.Push(e)
			f.decode()
		}
	case *stream.StreamEnd:
		if f.def.response && e.Code != stream.NoError && !f.failed && !f.decoder.InMessage() {
			f.OutputMessage(&stream.Message{Head: httphead.New(http1.FailureHead(e), false)})
		}
		f.Output(e)
	}
}

func (f *decodeHTTP) decode() {
	for !f.failed && !f.Ended() {
		e, err := f.decoder.Next(&f.in)
		if err != nil {
			f.failed = true
			f.in.Clear()
			f.Output(&stream.StreamEnd{Code: stream.ProtocolError})
			return
		}
		switch e := e.(type) {
		case nil:
			return
		case *stream.MessageStart:
			f.began(e)
			continue
		case *stream.Data:
			f.body.Emit(e)
		case *stream.MessageEnd:
			e.Tail = httphead.TailOf(e.Tail)
		}
		f.Output(e)
	}
}

// began tells the handler of a head. For a response it may say what the request was.
func (f *decodeHTTP) began(e *stream.MessageStart) {
	h := httphead.New(e.Head.(*http1.Head), true)
	e.Head, f.body = h, h.Body
	method := ""
	if fn := f.def.handler; fn != nil {
		r := f.Realm()
		if v, ok := f.Call(fn, h.ScriptObject(r)); ok && f.def.response {
			method = requestOf(&f.Base, v).Method
		}
	}
	f.Output(e)
	if method == "HEAD" || method == "CONNECT" && h.Status < 300 {
		// There is no body, whatever the head says.
		f.renew()
		f.Output(&stream.MessageEnd{Tail: new(httphead.Tail)})
	}
}

// requestOf returns the request head a callback gave to go with a response, an empty one if it gave none.
func requestOf(b *pipeline.Base, v script.Value) *http1.Head {
	switch {
	case v.IsNullish():
	case !v.IsObject():
		b.Fail("callback did not return an object for request head")
	default:
		var w httphead.Wire
		h, err := w.Head(b.Realm(), b.Realm().Hold(v), false)
		if err == nil {
			return h
		}
		b.Output(b.World().Failure(err))
	}
	return new(http1.Head)
}
