package filter

import (
	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/proto/multipart"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "decodeMultipart", Sig: "decodeMultipart(options?: {maxHeaderSize?: size})",
		Rows: append(rowsOf("multipart:PartHead#protocol\tundefined\nmultipart:PartHead#headers\tobject of strings\n"+
			"multipart:PartHead#headerNames\tnull\n"),
			script.Row{Path: "option:decodeMultipart.maxHeaderSize", Kind: "option", Signature: "size = 16k [beyond]"}),
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			o, err := options(b, 0)
			if err != nil {
				return nil, err
			}
			return &decodeMultipartDef{int(o.Size("maxHeaderSize", multipart.DefaultMaxHeaderSize))}, o.Err()
		},
	})
}

type decodeMultipartDef struct{ maxHeaderSize int }

func (d *decodeMultipartDef) New() pipeline.Filter { return &decodeMultipart{def: d} }

// decodeMultipart puts messages for the parts of a multipart message in its place. Other messages pass.
type decodeMultipart struct {
	pipeline.Base
	def     *decodeMultipartDef
	decoder *multipart.Decoder // of the open message
	in      stream.Data
	failed  bool
}

func (f *decodeMultipart) Process(e stream.Event) {
	if f.failed {
		if e.Kind() == stream.KindStreamEnd {
			f.failed = false
			f.Output(e)
		}
		return
	}
	if f.decoder == nil {
		if x, ok := e.(*stream.MessageStart); ok && f.begin(x) {
			return
		}
		f.Output(e)
		return
	}
	switch e := e.(type) {
	case *stream.Data:
		f.in.Push(e)
		f.decode()
	case *stream.MessageEnd:
		f.finish()
	case *stream.StreamEnd:
		f.finish()
		f.Output(e)
	}
}

// begin reports whether a message is a multipart one.
func (f *decodeMultipart) begin(e *stream.MessageStart) bool {
	h, err := httphead.RequestOf(f.Realm(), e.Head)
	if err != nil {
		return false
	}
	contentType, _ := h.Headers.Get("content-type")
	boundary := multipart.Boundary(contentType)
	if boundary == "" {
		return false
	}
	f.decoder = multipart.NewDecoder(boundary, f.def.maxHeaderSize)
	return true
}

func (f *decodeMultipart) decode() {
	for !f.Ended() {
		e, err := f.decoder.Next(&f.in)
		switch {
		case err != nil:
			f.failed, f.decoder = true, nil
			f.in.Clear()
			malformed(&f.Base, err)
			return
		case e == nil:
			f.in.Own()
			return
		}
		f.emit(e)
	}
}

func (f *decodeMultipart) emit(e stream.Event) {
	if start, ok := e.(*stream.MessageStart); ok {
		start.Head = payloadOf(start.Head)
	}
	f.Output(e)
}

// finish ends the open part.
func (f *decodeMultipart) finish() {
	d := f.decoder
	f.decoder = nil
	for !f.Ended() {
		e := d.End(&f.in)
		if e == nil {
			break
		}
		f.emit(e)
	}
	f.in.Clear()
}
