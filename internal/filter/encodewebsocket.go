package filter

import (
	"weir/internal/pipeline"
	"weir/internal/proto/websocket"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "encodeWebSocket", Sig: "encodeWebSocket()",
		Build: func(b *pipeline.Build) (pipeline.Def, error) { return encodeWebSocketDef{}, nil },
	})
}

type encodeWebSocketDef struct{}

// New implements pipeline.Def.
func (encodeWebSocketDef) New() pipeline.Filter { return new(encodeWebSocket) }

// encodeWebSocket turns messages into WebSocket frames.
type encodeWebSocket struct {
	pipeline.Base
	encoder websocket.Encoder
}

// Process implements pipeline.Filter.
func (f *encodeWebSocket) Process(e stream.Event) {
	switch e := e.(type) {
	case *stream.MessageStart:
		if f.encoder.InMessage() {
			return
		}
		h, err := wsHeadOf(f.Realm(), e.Head)
		if err == nil {
			err = f.encoder.Start(h)
		}
		if err != nil {
			f.Fail(err.Error())
			return
		}
	case *stream.Data:
		if f.encoder.InMessage() {
			out := new(stream.Data)
			if err := f.encoder.Data(out, e); err != nil {
				f.Fail(err.Error())
				return
			}
			f.send(out)
		}
		return
	case *stream.MessageEnd:
		if !f.encoder.InMessage() {
			return
		}
		out := new(stream.Data)
		f.encoder.End(out)
		f.send(out)
	case *stream.StreamEnd:
		f.encoder.Drop()
	}
	f.Output(e)
}

func (f *encodeWebSocket) send(out *stream.Data) {
	if !out.Empty() {
		f.Output(out)
	}
}
