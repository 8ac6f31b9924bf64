package filter

import (
	"weir/internal/compression"
	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "decompressHTTP", Sig: "decompressHTTP(options?) (L,N)",
		Rows: []script.Row{{Path: "option:decompressHTTP.maxSize", Kind: "option", Signature: "binary size = -1: bytes a body may unpack to"}},
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			limit, err := limitOption(b, 0, "maxSize")
			return &decompressHTTPDef{limit}, err
		},
	})
}

type decompressHTTPDef struct{ limit int64 }

func (d *decompressHTTPDef) New() pipeline.Filter {
	f := &decompressHTTP{}
	f.start.base, f.start.begin = &f.Base, f.begin
	f.unpacker.init(&f.Base, d.limit, f.see, f.refuse)
	return f
}

// decompressHTTP unpacks the bodies of HTTP messages with a content-encoding it knows, and removes that header.
type decompressHTTP struct {
	pipeline.Base
	inside   bool // of a message
	request  bool // the message whose body is unpacked is one
	start    heldStart
	format   compression.Format // of the message whose start is held
	unpacker unpacker
}

func (f *decompressHTTP) Process(e stream.Event) {
	if !f.unpacker.takes(e) {
		f.see(e)
	}
}

func (f *decompressHTTP) see(e stream.Event) {
	switch e := e.(type) {
	case *stream.MessageStart:
		if !f.inside {
			f.open(e)
		}
	case *stream.Data:
		if !e.Empty() {
			f.start.withBody()
		}
		switch {
		case !f.inside:
		case f.unpacker.u == nil:
			f.Output(e)
		default:
			f.unpacker.unpack(e)
		}
	case *stream.MessageEnd:
		if !f.inside {
			return
		}
		failed := f.unpacker.u != nil && f.unpacker.bad // then the end of the message is gone, too
		if f.close(whole(e)) && !failed {
			f.Output(e)
		}
	case *stream.StreamEnd:
		if f.close(e.Code == stream.NoError) {
			f.Output(e)
		}
	}
}

func (f *decompressHTTP) open(e *stream.MessageStart) {
	head := httphead.FieldsOf(f.Realm(), e.Head)
	format, known := compression.ContentCoding(head.Get("content-encoding"))
	known = known && wholeBody(head.Status())
	if !good(&f.Base, head) {
		return
	}
	f.inside = true
	if !known {
		f.Output(e)
		return
	}
	f.format = format
	f.start.hold(e)
}

// begin outputs the start of a message whose body is unpacked.
func (f *decompressHTTP) begin(e *stream.MessageStart) {
	head := httphead.FieldsOf(f.Realm(), e.Head)
	head.Delete("content-encoding")
	head.Delete("content-length")
	if f.request = head.Request(); !f.request {
		weaken(head)
		head.Delete("accept-ranges")
	}
	if !good(&f.Base, head) {
		f.inside = false
		return
	}
	if x := head.Head(); x != e.Head {
		e = &stream.MessageStart{Head: x}
	}
	f.unpacker.open(f.format)
	f.Output(e)
}

// refuse ends the stream of a message that cannot be unpacked.
func (f *decompressHTTP) refuse(text string) {
	end := f.Failure(text)
	switch {
	case !f.request:
		end.Refusal = 502
	case f.unpacker.tooMuch():
		end.Refusal = 413
	default:
		end.Refusal = 400
	}
	f.Output(end)
}

// close ends a message. It returns false if the end is to be dropped.
func (f *decompressHTTP) close(complete bool) bool {
	f.inside = false
	f.start.withoutBody()
	return f.unpacker.finish(complete)
}

func (f *decompressHTTP) Reset() {
	f.start.drop()
	f.unpacker.reset()
}
