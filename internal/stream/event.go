package stream

// Kind tells the four event types apart without a type switch.
type Kind uint8

// The kinds of events.
const (
	KindData Kind = iota
	KindMessageStart
	KindMessageEnd
	KindStreamEnd
)

var kindNames = [...]string{"Data", "MessageStart", "MessageEnd", "StreamEnd"}

// String returns the name scripts see as the event's type.
func (k Kind) String() string { return kindNames[k] }

// Event is one of *Data, *MessageStart, *MessageEnd and *StreamEnd. Events are passed by reference: everybody along a
// pipeline sees the same object.
type Event interface {
	Kind() Kind
	// ScriptTag returns the event's slot for the layer that shows events to scripts. Nobody else touches it.
	ScriptTag() *Tag
}

// Tag remembers which script object stands for an event, so that a script sees the same object for the same event.
type Tag struct{ Object uintptr }

// ScriptTag implements Event.
func (t *Tag) ScriptTag() *Tag { return t }

// MessageStart opens a message. Head is nil, a codec's own head type (such as *http1.Head), or a script object
// (*script.Ref).
type MessageStart struct {
	Tag
	Head any
}

// MessageEnd closes a message. Tail is nil, a codec's own type, or a script object; Payload is the decoded body, if
// the codec makes one.
type MessageEnd struct {
	Tag
	Tail    any
	Payload any
}

// StreamEnd says that no more is to be expected. A zero Code means an orderly end; Err is the value a script sees as
// its error, if it is more than the name of the code: a Go error or a script value (*script.Ref).
type StreamEnd struct {
	Tag
	Code ErrorCode
	Err  any

	// Refusal, if not 0, says that the message this comes in the middle of cannot be read: nobody is to take what there is
	// of it for a message. It is the HTTP status to answer the message with.
	Refusal int
}

// Kind implements Event.
func (*Data) Kind() Kind { return KindData }

// Kind implements Event.
func (*MessageStart) Kind() Kind { return KindMessageStart }

// Kind implements Event.
func (*MessageEnd) Kind() Kind { return KindMessageEnd }

// Kind implements Event.
func (*StreamEnd) Kind() Kind { return KindStreamEnd }

var (
	_ Event = (*Data)(nil)
	_ Event = (*MessageStart)(nil)
	_ Event = (*MessageEnd)(nil)
	_ Event = (*StreamEnd)(nil)
)

// Clone returns a shallow copy: the same head, tail and payload, an independent byte range.
func Clone(e Event) Event {
	switch e := e.(type) {
	case *Data:
		return e.Clone()
	case *MessageStart:
		return &MessageStart{Head: e.Head}
	case *MessageEnd:
		return &MessageEnd{Tail: e.Tail, Payload: e.Payload}
	case *StreamEnd:
		return &StreamEnd{Code: e.Code, Err: e.Err, Refusal: e.Refusal}
	}
	return e
}

// Own makes an event safe to keep beyond the current turn (see Data.Own) and returns it.
func Own(e Event) Event {
	if d, ok := e.(*Data); ok {
		d.Own()
	}
	return e
}

// Message is a whole message. It is not an event: written into a stream it becomes MessageStart, Data, MessageEnd.
// Body is nil or may be empty.
type Message struct {
	Tag
	Head any
	Body *Data
	// Source, if it is set, is the body instead, to be read while it is sent. Whoever needs all of it calls Load.
	Source  Source
	Tail    any
	Payload any
	// Spent is set by a consumer that is done with the whole message, Kept by one that goes on using its parts. A message
	// that is spent and not kept can be taken apart when scripts let go of it.
	Spent, Kept bool
}

// Events calls f with the events the message consists of, in order. A nil or empty body yields no Data event.
// A body that cannot be read ends the stream.
func (m *Message) Events(f func(Event)) {
	around := &struct { // one allocation
		start MessageStart
		end   MessageEnd
	}{MessageStart{Head: m.Head}, MessageEnd{Tail: m.Tail, Payload: m.Payload}}
	f(&around.start)
	if err := m.Load(); err != nil {
		f(&StreamEnd{Code: ReadError, Err: err})
		return
	}
	if m.Body != nil && !m.Body.Empty() {
		f(m.Body)
	}
	f(&around.end)
}
