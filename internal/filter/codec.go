package filter

import (
	"errors"
	"strconv"

	"weir/internal/payload"
	"weir/internal/pipeline"
	"weir/internal/proto/token"
	"weir/internal/script"
	"weir/internal/stream"
)

// What the filters decodeX and encodeX of protocols that consist of messages have in common. Bytes that are no message end
// the stream with ProtocolError: whoever sent them would wait for an answer for ever.

// decoder finds messages in a stream of bytes.
type decoder interface {
	// Feed takes bytes of p, at least one, up to the end of a message. It returns how many it took, and whether the message
	// is complete. After an error the stream cannot be decoded any further. The bytes of p are borrowed for the turn.
	Feed(p []byte) (n int, done bool, err error)
	// Reset drops an incomplete message.
	Reset()
}

// packetDecoder is a decoder whose messages are output when they are complete.
type packetDecoder interface {
	decoder
	// Packet returns the complete message. Its body may be borrowed for the turn.
	Packet() (head any, body []byte, payload any)
}

// rawDecoder is a decoder whose messages are output as they come, with their bytes as bodies.
type rawDecoder interface {
	decoder
	Payload() any
}

// decodeDef declares a filter that decodes messages.
type decodeDef struct {
	make func() decoder
	// begin, if not nil, is called before each message; false means that it has output an error.
	begin func(f *pipeline.Base, d decoder) bool
}

func (d *decodeDef) New() pipeline.Filter { return &decode{def: d, decoder: d.make()} }

// decode turns bytes into messages.
type decode struct {
	pipeline.Base
	def     *decodeDef
	decoder decoder
	in      stream.Data
	inside  bool // a message
	failed  bool
}

func (f *decode) Process(e stream.Event) {
	switch e := e.(type) {
	case *stream.Data:
		if !f.failed {
			f.in.Push(e)
			f.decode()
		}
	case *stream.StreamEnd:
		f.decoder.Reset()
		f.inside, f.failed = false, false
		f.Output(e)
	}
}

func (f *decode) decode() {
	raw, isRaw := f.decoder.(rawDecoder)
	for !f.in.Empty() {
		if !f.inside {
			if f.def.begin != nil && !f.def.begin(&f.Base, f.decoder) {
				f.fail(nil)
				return
			}
			f.inside = true
			if isRaw {
				f.Output(&stream.MessageStart{})
			}
		}
		n, done, err := f.decoder.Feed(f.in.Segments()[0])
		if isRaw && n > 0 {
			f.Output(f.in.Shift(n))
		} else {
			f.in.Skip(n)
		}
		if f.Ended() {
			return
		}
		if err != nil {
			f.fail(err)
			return
		}
		if !done {
			continue
		}
		f.inside = false
		if isRaw {
			f.Output(&stream.MessageEnd{Payload: payloadOf(raw.Payload())})
		} else {
			f.packet(f.decoder.(packetDecoder))
		}
		if f.Ended() {
			return
		}
	}
}

func (f *decode) packet(d packetDecoder) {
	head, body, payload := d.Packet()
	m := &stream.Message{Head: payloadOf(head), Payload: payloadOf(payload)}
	if len(body) > 0 {
		m.Body = stream.NewTransient(body)
	}
	f.OutputMessage(m)
}

// payloadOf returns decoded data for an event.
func payloadOf(x any) any {
	if x == nil {
		return nil
	}
	return payload.Of(x)
}

// fail ends decoding; an error is logged and ends the stream.
func (f *decode) fail(err error) {
	f.failed = true
	f.in.Clear()
	if err != nil {
		malformed(&f.Base, err)
	}
}

// malformed ends the stream of a decoder whose input is not what it decodes. The peer is to blame, so it is no more than a warning.
func malformed(f *pipeline.Base, err error) {
	f.Warn(err.Error())
	f.Output(&stream.StreamEnd{Code: stream.ProtocolError})
}

// maxMessageSize reads the option of that name: the most bytes a decoder holds for a message.
func maxMessageSize(o *script.Options) int {
	return int(o.Size("maxMessageSize", token.DefaultMaxMessageSize))
}

// maxMessageSizeRow is the option maxMessageSize of a filter for the surface list.
func maxMessageSizeRow(filter string) script.Row {
	return script.Row{Path: "option:" + filter + ".maxMessageSize", Kind: "option",
		Signature: "size = " + strconv.Itoa(token.DefaultMaxMessageSize>>20) + "m [beyond]"}
}

// encodeDef declares a filter that encodes messages.
type encodeDef struct {
	// keepBody says that encode is given the bodies of messages, borrowed for the call.
	keepBody bool
	// maxBody is the most bytes of a body that are kept; 0 is no limit.
	maxBody int
	// encode appends the bytes of a message to b. Without an error, no bytes are a message that has none.
	encode func(f *pipeline.Base, b []byte, head any, body *stream.Data, payload any) ([]byte, error)
}

func (d *encodeDef) New() pipeline.Filter { return &encode{def: d} }

// errReported is what encode returns after a callback failed, which was output as an error.
var errReported = errors.New("callback failed")

// encode turns messages into bytes.
type encode struct {
	pipeline.Base
	def   *encodeDef
	start *stream.MessageStart // of the open message
	body  collector
	whole stream.Data // the body while a message is encoded
	room  int         // that messages take, mostly
}

const (
	minEncodeRoom = 256
	maxEncodeRoom = 16 << 10
)

func (f *encode) Process(e stream.Event) {
	switch x := e.(type) {
	case *stream.MessageStart:
		if f.start == nil {
			f.start = x
			f.Output(e)
		}
	case *stream.Data:
		if f.start == nil || !f.def.keepBody {
			return
		}
		if f.def.maxBody > 0 && f.body.size+int64(x.Size()) > int64(f.def.maxBody) {
			f.start = nil
			f.body.reset()
			f.Fail(token.ErrTooLarge.Error())
			return
		}
		f.body.add(f.Realm(), x, unlimited)
	case *stream.MessageEnd:
		if f.start == nil {
			return
		}
		start := f.start
		f.start = nil
		f.body.takeTo(&f.whole)
		defer f.whole.Clear()
		f.room = max(f.room, minEncodeRoom)
		lent := f.World().Lend(f.room)
		b, err := f.def.encode(&f.Base, lent[:0], start.Head, &f.whole, x.Payload)
		var out *stream.Data
		if n := len(b); n > 0 && n <= len(lent) && &b[0] == &lent[0] {
			out = stream.NewTransient(f.World().LendLess(lent, n))
		} else {
			f.World().LendLess(lent, 0)
			out = stream.NewData(b)
			f.room = min(max(f.room, n+n/2), maxEncodeRoom)
		}
		switch {
		case err == errReported:
			return
		case err != nil:
			f.Fail(err.Error())
			return
		}
		if !out.Empty() {
			f.Output(out)
		}
		f.Output(e)
	case *stream.StreamEnd:
		f.start = nil
		f.body.reset()
		f.Output(e)
	}
}

func (f *encode) Reset() { f.body.reset() }

// optionParam reads an option that may be a function, called each time its value is needed.
func optionParam(b *pipeline.Build, o *script.Options, name string) (p pipeline.Param, given bool) {
	v := o.Value(name)
	return b.ParamOf(v), !v.IsUndefined()
}
