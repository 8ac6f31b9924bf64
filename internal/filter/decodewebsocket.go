package filter

import (
	"weir/internal/pipeline"
	"weir/internal/proto/websocket"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "decodeWebSocket", Sig: "decodeWebSocket(options?: object)", Length: 1,
		Rows: append([]script.Row{
			{Path: "option:decodeWebSocket.bufferSize", Kind: "option", Signature: "size = 64k [beyond]"},
			{Path: "option:decodeWebSocket.maxMessageSize", Kind: "option", Signature: "size = 0 [beyond]"},
			{Path: "option:decodeWebSocket.masked", Kind: "option", Signature: "boolean [beyond]"},
			{Path: "option:decodeWebSocket.rsv", Kind: "option", Signature: "int = 0 [beyond]"},
		}, wsHeadRows...),
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			o, err := options(b, 0)
			if err != nil {
				return nil, err
			}
			d := &decodeWebSocketDef{
				bufferSize: clampSize(o.Size("bufferSize", websocket.DefaultBufferSize)),
				maxSize:    o.Size("maxMessageSize", 0),
			}
			if n := o.Int("rsv", 0); n >= 0 && n <= 7 {
				d.rsv = uint8(n)
			} else {
				o.Fail("rsv", "a number from 0 to 7")
			}
			if !o.Value("masked").IsUndefined() {
				d.masking = websocket.UnmaskedOnly
				if o.Bool("masked", false) {
					d.masking = websocket.MaskedOnly
				}
			}
			return d, o.Err()
		},
	})
}

// decodeWebSocketDef declares decodeWebSocket(options).
type decodeWebSocketDef struct {
	bufferSize int
	maxSize    int64
	rsv        uint8
	masking    websocket.Masking
}

// New implements pipeline.Def.
func (d *decodeWebSocketDef) New() pipeline.Filter {
	return &decodeWebSocket{decoder: websocket.Decoder{
		BufferSize: max(d.bufferSize, 1), MaxMessageSize: d.maxSize, RSV: d.rsv, Masking: d.masking}}
}

// decodeWebSocket turns WebSocket frames into messages.
type decodeWebSocket struct {
	pipeline.Base
	decoder websocket.Decoder
	in      stream.Data
	failed  bool
}

// Process implements pipeline.Filter.
func (f *decodeWebSocket) Process(e stream.Event) {
	switch e := e.(type) {
	case *stream.Data:
		if !f.failed {
			f.in.Push(e)
			f.decode()
		}
	case *stream.StreamEnd:
		if !f.failed {
			f.Output(e)
		}
	}
}

func (f *decodeWebSocket) decode() {
	for !f.Ended() {
		e, err := f.decoder.Next(&f.in)
		if err != nil {
			f.failed = true
			f.in.Clear()
			f.Output(protocolError(&f.Base, err))
			return
		}
		if e == nil {
			f.in.Own()
			return
		}
		if s, ok := e.(*stream.MessageStart); ok {
			s.Head = &wsHead{Head: *s.Head.(*websocket.Head)}
		}
		f.Output(e)
	}
}
