package event

import (
	"errors"

	"weir/internal/script"
	"weir/internal/stream"
)

func typeProp(name string) script.Prop {
	return script.Prop{Name: "type", Sig: "string (read-only)", Get: func(c *script.Call) (script.Value, error) {
		return c.String(name), nil
	}}
}

// objectOrNull checks a head or tail argument.
func objectOrNull(c *script.Call, i int, what string) (any, error) {
	v := c.Arg(i)
	if !v.IsNullish() && !v.IsObject() {
		return nil, script.ArgError(i, what)
	}
	return Keep(c.Realm, v), nil
}

var messageStartClass = &script.Class{
	Name: "MessageStart", Sig: "new MessageStart(head?: object)", Length: 1, Finalize: forget,
	Props: []script.Prop{typeProp("MessageStart"), {Name: "head", Sig: "object|null (read-only)",
		Get: func(c *script.Call) (script.Value, error) {
			return Any(c.Realm, script.This[*stream.MessageStart](c).Head, script.Null), nil
		}}},
}

var messageEndClass = &script.Class{
	Name: "MessageEnd", Sig: "new MessageEnd(tail?: object, payload?: any)", Length: 2, Finalize: forget,
	Props: []script.Prop{typeProp("MessageEnd"),
		{Name: "tail", Sig: "object|null (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return Any(c.Realm, script.This[*stream.MessageEnd](c).Tail, script.Null), nil
		}},
		{Name: "payload", Sig: "any (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return Any(c.Realm, script.This[*stream.MessageEnd](c).Payload, script.Undefined), nil
		}}},
}

// payload keeps any value, null included.
func payload(r *script.Realm, v script.Value) any {
	if v.IsUndefined() {
		return nil
	}
	return r.HoldBriefly(v)
}

var streamEndClass = &script.Class{
	Name: "StreamEnd", Sig: "new StreamEnd(error?: any)", Length: 1, Finalize: forget,
	Props: []script.Prop{typeProp("StreamEnd"), {Name: "error", Sig: "undefined|string|any (read-only)",
		Get: func(c *script.Call) (script.Value, error) {
			return ErrorOf(c.Realm, script.This[*stream.StreamEnd](c)), nil
		}}},
}

// StreamEnd returns the event for an error value as given by scripts: the name of a code, undefined for an orderly end,
// or any other value.
func StreamEnd(r *script.Realm, v script.Value) *stream.StreamEnd {
	if v.IsUndefined() {
		return &stream.StreamEnd{}
	}
	if s, ok := r.AsString(v); ok {
		if code, ok := stream.ErrorCodeByName(s); ok {
			return &stream.StreamEnd{Code: code}
		}
	}
	return &stream.StreamEnd{Code: stream.RuntimeError, Err: r.Hold(v)}
}

// Failure returns the event for a Go error: what a script threw stays what it was.
func Failure(r *script.Realm, err error) *stream.StreamEnd {
	var e *script.Error
	if errors.As(err, &e) && !r.IsError(e.Value()) {
		return &stream.StreamEnd{Code: stream.RuntimeError, Err: r.Hold(r.ErrorValue(errors.New(e.Message)))}
	}
	return &stream.StreamEnd{Code: stream.RuntimeError, Err: r.Hold(r.ErrorValue(err))}
}

// ErrorOf returns what a script reads as a StreamEnd's error.
func ErrorOf(r *script.Realm, e *stream.StreamEnd) script.Value {
	switch {
	case e.Err != nil:
		return Any(r, e.Err, script.Undefined)
	case e.Code == stream.NoError:
		return script.Undefined
	}
	return r.String(e.Code.String())
}

func errorNames() []string {
	var names []string
	for c := stream.NoError + 1; int(c) <= int(stream.Unauthorized); c++ {
		names = append(names, c.String())
	}
	return names
}

var messageClass = &script.Class{
	Name: "Message", Length: 3, Finalize: forget,
	Sig: "new Message() | new Message(body: string|Data) | new Message(head) | new Message(head, body: string|Data|null | payload: any, tail?)",
	Props: []script.Prop{
		{Name: "head", Sig: "object|null (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return Any(c.Realm, script.This[*stream.Message](c).Head, script.Null), nil
		}},
		{Name: "body", Sig: "Data|null (read-only)", Get: func(c *script.Call) (script.Value, error) {
			m := script.This[*stream.Message](c)
			if err := m.Load(); err != nil {
				return script.Undefined, err
			}
			if m.Body != nil {
				return NewData(c.Realm, m.Body), nil
			}
			return script.Null, nil
		}},
		{Name: "tail", Sig: "object|null (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return Any(c.Realm, script.This[*stream.Message](c).Tail, script.Null), nil
		}},
		{Name: "payload", Sig: "any (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return Any(c.Realm, script.This[*stream.Message](c).Payload, script.Undefined), nil
		}},
	},
}

func newMessage(c *script.Call) (*stream.Message, error) {
	w := new(struct { // one allocation for a message with a text
		message stream.Message
		body    stream.Data
	})
	m := &w.message
	switch n := len(c.Args); {
	case n == 0:
		return m, nil
	case n == 1:
		v := c.Arg(0)
		if setBody(m, &w.body, c, v) {
			return m, nil
		}
		if !v.IsObject() && !v.IsNull() {
			return nil, script.ArgError(0, "a string or an object")
		}
		m.Head = Keep(c.Realm, v)
		return m, nil
	case n > 3:
		return nil, errors.New("requires 0 to 3 arguments")
	}
	var err error
	if m.Head, err = objectOrNull(c, 0, "an instance of Object"); err != nil {
		return nil, err
	}
	if m.Tail, err = objectOrNull(c, 2, "an instance of Object"); err != nil {
		return nil, err
	}
	if v := c.Arg(1); !v.IsNull() && !setBody(m, &w.body, c, v) && len(c.Args) > 1 {
		m.Payload = payload(c.Realm, v)
	}
	return m, nil
}

// setBody sets the body of a message if v can be one. text is where a string goes.
func setBody(m *stream.Message, text *stream.Data, c *script.Call, v script.Value) bool {
	if b, ok := c.AsBytes(v); ok {
		text.Append(b)
		m.Body = text
		return true
	}
	if d, ok := DataOf(c.Realm, v); ok {
		m.Body = d
		return true
	}
	return false
}

// Constructors make objects of their own class: they are set here, where no initialization cycle arises.
func init() {
	messageStartClass.Make = func(c *script.Call) (script.Value, error) {
		head, err := objectOrNull(c, 0, "an object")
		if err != nil {
			return script.Undefined, err
		}
		return New(c.Realm, &stream.MessageStart{Head: head}), nil
	}
	messageEndClass.Make = func(c *script.Call) (script.Value, error) {
		tail, err := objectOrNull(c, 0, "an object")
		if err != nil {
			return script.Undefined, err
		}
		return New(c.Realm, &stream.MessageEnd{Tail: tail, Payload: payload(c.Realm, c.Arg(1))}), nil
	}
	streamEndClass.Make = func(c *script.Call) (script.Value, error) {
		return New(c.Realm, StreamEnd(c.Realm, c.Arg(0))), nil
	}
	messageClass.Make = func(c *script.Call) (script.Value, error) {
		m, err := newMessage(c)
		if err != nil {
			return script.Undefined, err
		}
		return NewMessage(c.Realm, m), nil
	}
}
