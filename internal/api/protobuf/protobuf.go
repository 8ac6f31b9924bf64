// Package protobuf is the object protobuf: messages of Protocol Buffers, field by field without a schema,
// or whole with one.
package protobuf

import (
	"weir/internal/event"
	"weir/internal/proto/protobuf"
	"weir/internal/script"
	"weir/internal/stream"
)

// Namespace is the global protobuf.
var Namespace = &script.Namespace{
	Name: "protobuf", Sig: "singleton object",
	Methods: []script.Method{
		{Name: "decode", Sig: "decode(data: Data | null): protobuf.Message | null", Length: 1, Fn: decode},
		{Name: "encode", Sig: "encode(msg: protobuf.Message | null): Data | null", Length: 1, Fn: encode},
	},
	Classes: []*script.Class{messageClass, schemaClass},
}

// messageClass is the class of messages. Its Go value is a *protobuf.Message.
var messageClass = &script.Class{
	Name: "Message", Path: "protobuf.Message", Sig: "new protobuf.Message()",
	New: func(*script.Call) (any, error) { return new(protobuf.Message), nil },
}

func init() { messageClass.Methods = accessors() } // they make messages themselves

func decode(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	if c.Arg(0).IsNull() {
		return script.Null, nil
	}
	b, err := dataArg(c, 0)
	if err != nil {
		return script.Undefined, err
	}
	return newMessage(c.Realm, b), nil
}

// newMessage returns a script's message, null if the bytes are none.
func newMessage(r *script.Realm, b []byte) script.Value {
	m := protobuf.Parse(b)
	if m == nil {
		return script.Null
	}
	return r.NewObjectOf(messageClass, m)
}

func encode(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	if c.Arg(0).IsNull() {
		return script.Null, nil
	}
	m, err := messageArg(c, 0)
	if err != nil {
		return script.Undefined, err
	}
	return event.NewData(c.Realm, stream.NewData(m.Append(nil))), nil
}

// dataArg returns a copy of the bytes of an argument.
func dataArg(c *script.Call, i int) ([]byte, error) {
	d, ok := event.DataOf(c.Realm, c.Arg(i))
	if !ok {
		return nil, script.ArgError(i, "an instance of pipy::Data")
	}
	return d.AppendTo(make([]byte, 0, d.Size())), nil
}

func messageArg(c *script.Call, i int) (*protobuf.Message, error) {
	return script.ArgAs[*protobuf.Message](c, i, "an instance of pipy::Protobuf::Message")
}
