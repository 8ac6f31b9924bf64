package filter

import (
	"weir/internal/payload"
	"weir/internal/pipeline"
	"weir/internal/proto/netlink"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "decodeNetlink", Sig: "decodeNetlink()", Rows: rowsOf(netlinkRows),
		Build: func(*pipeline.Build) (pipeline.Def, error) { return decodeNetlinkDef{}, nil },
	})
	pipeline.Register(pipeline.Spec{
		Name: "encodeNetlink", Sig: "encodeNetlink(options?: {maxMessageSize?: size})",
		Rows: []script.Row{maxMessageSizeRow("encodeNetlink")},
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			o, err := options(b, 0)
			if err != nil {
				return nil, err
			}
			return &encodeDef{keepBody: true, maxBody: maxMessageSize(o), encode: encodeNetlink}, o.Err()
		},
	})
}

const netlinkRows = `netlink:MessageHead#type	int = 0
netlink:MessageHead#flags	int = 0
netlink:MessageHead#seq	int = 0
netlink:MessageHead#pid	int = 0
netlink.MessageHead#type	int = 0
netlink.MessageHead#flags	int = 0
netlink.MessageHead#seq	int = 0
netlink.MessageHead#pid	int = 0
`

type decodeNetlinkDef struct{}

func (decodeNetlinkDef) New() pipeline.Filter { return &decodeNetlink{} }

// decodeNetlink turns datagrams, or pieces of them, into messages whose bodies are streamed.
type decodeNetlink struct {
	pipeline.Base
	in     stream.Data // beginning of a head
	open   bool        // a message
	left   int         // of its body
	gap    int         // bytes between it and the next one, if there is one in the same datagram
	failed bool
}

func (f *decodeNetlink) Process(e stream.Event) {
	switch e := e.(type) {
	case *stream.Data:
		if !f.failed {
			f.in.Push(e)
			f.decode()
			f.in.Own()
		}
	case *stream.StreamEnd:
		f.in.Clear()
		f.left, f.open, f.failed = 0, false, false
		f.Output(e)
	}
}

func (f *decodeNetlink) decode() {
	for !f.in.Empty() && !f.Ended() {
		if f.open {
			piece := f.in.Shift(f.left)
			f.left -= piece.Size()
			f.Output(piece)
		} else {
			if f.in.Size() < netlink.HeadSize {
				return
			}
			h, size, err := netlink.Parse(f.in.Shift(netlink.HeadSize).Bytes())
			f.Output(&stream.MessageStart{Head: payload.Of(h)})
			if err != nil {
				f.fail(err)
				return
			}
			f.open, f.left, f.gap = true, size, netlink.Padding(size)
		}
		if f.left == 0 && !f.Ended() {
			f.open = false
			f.Output(&stream.MessageEnd{})
			f.in.Skip(min(f.gap, f.in.Size())) // the last one of a datagram need not be aligned
		}
	}
}

func (f *decodeNetlink) fail(err error) {
	f.failed = true
	f.in.Clear()
	f.World().Log.Warnf("%s: %s", f.Where(), err)
	f.Output(&stream.StreamEnd{Code: stream.ProtocolError})
}

func encodeNetlink(f *pipeline.Base, b []byte, head any, body *stream.Data, _ any) ([]byte, error) {
	h, _, err := payload.Struct(f.Realm(), head, netlink.Head{})
	if err != nil {
		return nil, err
	}
	b = netlink.Append(b, h, body.Size())
	return body.AppendTo(b), nil
}
