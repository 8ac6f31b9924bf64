package cstruct

import (
	"weir/internal/event"
	"weir/internal/payload"
	"weir/internal/script"
	"weir/internal/stream"
)

// text is the Go value of a CString: a text in bytes that a script may append to. Encoders take it as the text.
type text struct{ data *stream.Data }

var _ payload.Text = text{}

// PayloadText implements payload.Text.
func (t text) PayloadText() string { return string(t.data.Bytes()) }

var stringClass = &script.Class{
	Name: "CString", Path: "CString", Sig: "new CString(content?: string | Data)",
	New: func(c *script.Call) (any, error) {
		if len(c.Args) == 0 {
			return text{new(stream.Data)}, nil
		}
		if s, ok := c.AsString(c.Arg(0)); ok {
			return text{stream.NewString(s)}, nil
		}
		if d, ok := event.DataOf(c.Realm, c.Arg(0)); ok {
			return text{d.Clone().Own()}, nil
		}
		return nil, script.ArgError(0, "a string or a Data object")
	},
	Props: []script.Prop{
		{Name: "size", Sig: "number (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return script.Int(script.This[text](c).data.Size()), nil
		}},
		{Name: "data", Sig: "Data (read-only, live)", Get: func(c *script.Call) (script.Value, error) {
			return event.NewData(c.Realm, script.This[text](c).data), nil
		}},
	},
	Methods: []script.Method{
		{Name: "toString", Sig: "toString(): string", Fn: stringText},
		{Name: "toJSON", Sig: "toJSON(): string", Fn: stringText},
	},
}

// LongStrings is the option maxStringSize of decoders: texts of more bytes become CStrings. Negative is no limit.
type LongStrings int

// Read reads the option.
func (n *LongStrings) Read(o *script.Options) { *n = LongStrings(o.Int("maxStringSize", -1)) }

// String returns the script value of a text.
func (n LongStrings) String(r *script.Realm, s string) script.Value {
	if n < 0 || len(s) <= int(n) {
		return r.String(s)
	}
	return r.NewObjectOf(stringClass, text{stream.NewString(s)})
}

func stringText(c *script.Call) (script.Value, error) {
	return c.StringBytes(script.This[text](c).data.Bytes()), nil
}
