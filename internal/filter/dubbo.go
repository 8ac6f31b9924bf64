package filter

import (
	"weir/internal/payload"
	"weir/internal/pipeline"
	"weir/internal/proto/dubbo"
	"weir/internal/proto/token"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "decodeDubbo", Sig: "decodeDubbo(options?: {maxMessageSize?: size})",
		Rows: append(rowsOf(dubboRows), maxMessageSizeRow("decodeDubbo")),
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			o, err := options(b, 0)
			if err != nil {
				return nil, err
			}
			return &decodeDubboDef{maxMessageSize(o)}, o.Err()
		},
	})
	pipeline.Register(pipeline.Spec{
		Name: "encodeDubbo", Sig: "encodeDubbo(options?: {maxMessageSize?: size})",
		Rows: []script.Row{maxMessageSizeRow("encodeDubbo")},
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			o, err := options(b, 0)
			if err != nil {
				return nil, err
			}
			return &encodeDubboDef{maxMessageSize(o)}, o.Err()
		},
	})
}

const dubboRows = `dubbo:MessageHead#requestID	Int u64 = 0
dubbo:MessageHead#isRequest	boolean = false
dubbo:MessageHead#isTwoWay	boolean = false
dubbo:MessageHead#isEvent	boolean = false
dubbo:MessageHead#serializationType	int = 0
dubbo:MessageHead#status	int = 0
`

type decodeDubboDef struct{ limit int }

func (d *decodeDubboDef) New() pipeline.Filter { return &decodeDubbo{limit: d.limit} }

// decodeDubbo turns bytes into messages whose bodies are streamed. It holds little itself, but those after it may collect
// whole messages: their size is limited here.
type decodeDubbo struct {
	pipeline.Base
	limit  int         // of a body
	in     stream.Data // beginning of a head
	left   int         // of the body
	failed bool
}

func (f *decodeDubbo) Process(e stream.Event) {
	switch e := e.(type) {
	case *stream.Data:
		if !f.failed {
			f.in.Push(e)
			f.decode()
			f.in.Own()
		}
	case *stream.StreamEnd:
		f.in.Clear()
		f.left = 0
		f.Output(e)
	}
}

func (f *decodeDubbo) decode() {
	for !f.in.Empty() && !f.Ended() {
		if f.left > 0 {
			piece := f.in.Shift(f.left)
			f.left -= piece.Size()
			f.Output(piece)
		} else {
			b := f.in.Clone().Shift(dubbo.HeadSize).Bytes()
			if err := dubbo.Check(b); err != nil {
				f.fail(err)
				return
			}
			if len(b) < dubbo.HeadSize {
				return
			}
			h, size := dubbo.Parse(b)
			if size > f.limit {
				f.fail(token.ErrTooLarge)
				return
			}
			f.left = size
			f.in.Skip(dubbo.HeadSize)
			f.Output(&stream.MessageStart{Head: payload.Of(h)})
		}
		if f.left == 0 {
			f.Output(&stream.MessageEnd{})
		}
	}
}

func (f *decodeDubbo) fail(err error) {
	f.failed = true
	f.in.Clear()
	malformed(&f.Base, err)
}

type encodeDubboDef struct{ limit int }

func (d *encodeDubboDef) New() pipeline.Filter { return &encodeDubbo{limit: d.limit} }

// encodeDubbo turns messages into bytes. A message without a head is dropped.
type encodeDubbo struct {
	pipeline.Base
	limit int                  // of a body
	start *stream.MessageStart // of the open message
	body  collector
}

func (f *encodeDubbo) Process(e stream.Event) {
	switch x := e.(type) {
	case *stream.MessageStart:
		if f.start == nil && x.Head != nil {
			f.start = x
		}
	case *stream.Data:
		if f.start == nil {
			return
		}
		if f.body.size+int64(x.Size()) > int64(f.limit) {
			f.start = nil
			f.body.reset()
			f.Fail(token.ErrTooLarge.Error())
			return
		}
		f.body.add(f.Realm(), x, unlimited)
	case *stream.MessageEnd:
		if f.start != nil && f.finish() {
			f.Output(e)
		}
	case *stream.StreamEnd:
		if f.start == nil || f.finish() {
			f.Output(e)
		}
	}
}

// finish outputs the message without its end; false means that it has output an error.
func (f *encodeDubbo) finish() bool {
	start, body := f.start, f.body.take()
	f.start = nil
	h, _, err := payload.Struct(f.Realm(), start.Head, dubbo.Head{})
	if err != nil {
		f.Fail(err.Error())
		return false
	}
	out := stream.NewData(dubbo.Append(nil, h, body.Size()))
	out.Push(body)
	f.Output(&stream.MessageStart{Head: payload.Of(h)})
	f.Output(out)
	return true
}

func (f *encodeDubbo) Reset() { f.body.reset() }
