// Package resp is the object RESP: values of the Redis serialization protocol to bytes and back.
package resp

import (
	"errors"

	"weir/internal/event"
	"weir/internal/payload"
	"weir/internal/proto/resp"
	"weir/internal/proto/token"
	"weir/internal/script"
	"weir/internal/stream"
)

// Namespace is the global RESP.
var Namespace = &script.Namespace{
	Name: "RESP", Sig: "singleton object",
	Methods: []script.Method{
		{Name: "decode", Sig: "decode(data: Data | null): array | null", Length: 1, Fn: decode},
		{Name: "encode", Sig: "encode(value: any, options?: {version?: 2 | 3}): Data", Length: 1, Fn: encode},
	},
	Extra: []script.Row{{Path: "option:RESP.encode.version", Kind: "option", Signature: "2 | 3 = 2 [beyond]"}},
}

// decode returns the complete values at the beginning of a Data, up to the first that is none.
func decode(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	if c.Arg(0).IsNull() {
		return script.Null, nil
	}
	data, ok := event.DataOf(c.Realm, c.Arg(0))
	if !ok {
		return script.Undefined, script.ArgError(0, "an instance of pipy::Data")
	}
	// What a script holds already is no reason for a limit; the many small values in it are.
	d := resp.NewDecoder(data.Size() + token.MaxDecoded)
	values := c.NewArray()
	i := 0
	for p := data.Bytes(); len(p) > 0; i++ {
		n, done, err := d.Feed(p)
		if err != nil || !done {
			break
		}
		p = p[n:]
		end := c.Scope()
		err = c.SetIndex(values, i, payload.ToScript(c.Realm, d.Value()))
		end()
		if err != nil {
			return script.Undefined, err
		}
	}
	return values, nil
}

func encode(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	version := 2
	if c.Has(1) {
		v, err := c.Object(1)
		if err != nil {
			return script.Undefined, err
		}
		o := c.Options(v)
		if version = o.Int("version", 2); o.Err() != nil {
			return script.Undefined, o.Err()
		}
		if version != 2 && version != 3 {
			return script.Undefined, errors.New("options.version expects 2 or 3")
		}
	}
	x, err := payload.FromScript(c.Realm, c.Arg(0))
	if err != nil {
		return script.Undefined, err
	}
	v := resp.From(x, nil, version)
	return event.NewData(c.Realm, stream.NewData(v.Append(nil))), nil
}
