// Package json completes the engine's JSON: decode and encode over Data, and errors that say where.
//
// parse and stringify are the engine's own and follow the standard: numbers have all their digits, toJSON is called, a
// reviver that returns undefined removes the entry, a cycle is an error, and the replacer may be an array of names.
package json

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"weir/internal/api/cstruct"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

// Namespace extends the global JSON.
var Namespace = &script.Namespace{
	Name: "JSON",
	Sig:  "singleton object",
	Methods: []script.Method{
		{Name: "decode", Sig: "decode(data: Data, reviver?: function, options?: {maxStringSize?: number}): any", Length: 1, Fn: decode},
		{Name: "encode", Sig: "encode(value: any, replacer?: function, space?: number): Data | undefined", Length: 1, Fn: encode},
	},
	Extra: []script.Row{
		{Path: "JSON.parse", Kind: "function", Signature: "parse(text: string, reviver?: (key, value, container) => any): any"},
		{Path: "JSON.stringify", Kind: "function",
			Signature: "stringify(value: any, replacer?: (key, value, container) => any, space?: number): string | undefined"},
		{Path: "option:JSON.decode.maxStringSize", Kind: "option", Signature: "number = -1 (unlimited)"},
		{Path: "callback:JSON.reviver", Kind: "callback", Signature: "(key: string, value: any, container: object | null) => any"},
		{Path: "callback:JSON.replacer", Kind: "callback",
			Signature: "(key: string | number | undefined, value: any, container: object | null) => any"},
	},
	Setup: setup,
}

// setup puts functions around the engine's own that are fast for data, and explain a failure of parse. The work of finding its
// position is done only then.
func setup(r *script.Realm) error {
	helpers := r.NewObject()
	for name, f := range map[string]script.Func{
		"explain": func(c *script.Call) (script.Value, error) {
			s, err := c.Str(0)
			if err != nil {
				return script.Undefined, err
			}
			if err = Explain([]byte(s)); err == nil {
				return script.Undefined, nil
			}
			return c.String(err.Error()), nil
		},
		"parseData": func(c *script.Call) (script.Value, error) {
			v, _ := c.ParseJSONString(c.Arg(0))
			return v, nil
		},
		"printData": func(c *script.Call) (script.Value, error) {
			v, _ := c.StringifyJSON(c.Arg(0))
			return v, nil
		},
	} {
		if err := r.Set(helpers, name, r.NewFunction("", 1, f)); err != nil {
			return err
		}
	}
	if err := r.Set(r.Global(), helpersName, helpers); err != nil {
		return err
	}
	// Evaluated without a name: what fails is the author's call.
	return errors.Join(r.Prelude("", prelude), r.Delete(r.Global(), helpersName))
}

const helpersName = "__helpersJSON"

const prelude = `'use strict';
(({ explain, parseData, printData }) => {
  const native = { parse: JSON.parse, stringify: JSON.stringify };
  const { parse, stringify } = {
    parse(text, reviver) {
      if (typeof text === 'string' && reviver === undefined) {
        const value = parseData(text);
        if (value !== undefined) return value;
      }
      try {
        return native.parse(text, reviver);
      } catch (e) {
        const message = e instanceof SyntaxError && explain(String(text));
        if (message) e.message = message;
        throw e;
      }
    },
    stringify(value, replacer, space) {
      if (replacer == null && space == null) {
        const text = printData(value);
        if (text !== undefined) return text;
      }
      return native.stringify(value, replacer, space);
    },
  };
  for (const f of [parse, stringify]) Object.defineProperty(JSON, f.name, { value: f, writable: true, configurable: true });
})(__helpersJSON);
`

// Explain says what is wrong with a text that is not JSON, and where: as a position in bytes from 0 and as line and
// column, from 1. It returns nil if nothing is.
func Explain(text []byte) error {
	var any json.RawMessage
	err := json.Unmarshal(text, &any)
	var se *json.SyntaxError
	if !errors.As(err, &se) {
		if i := invalidUTF8(text); i >= 0 {
			return fault("invalid bytes in UTF-8 string", text, i)
		}
		return nil
	}
	at := int(se.Offset) - 1 // the offset counts the offending byte
	if at+1 >= len(text) && se.Error() == "unexpected end of JSON input" {
		at = len(text)
	}
	return fault(se.Error(), text, max(at, 0))
}

func fault(what string, text []byte, at int) error {
	line, column := 1, 1
	for _, c := range text[:min(at, len(text))] {
		if column++; c == '\n' {
			line, column = line+1, 1
		}
	}
	return fmt.Errorf("JSON: %s at position %d (line %d, column %d)", what, at, line, column)
}

func invalidUTF8(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; i < len(b); {
		_, n := utf8.DecodeRune(b[i:])
		if n == 1 && b[i] >= utf8.RuneSelf {
			return i
		}
		i += n
	}
	return -1
}

func decode(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	d, ok := event.DataOf(c.Realm, c.Arg(0))
	if !ok {
		return script.Undefined, script.ArgError(0, "an instance of pipy::Data")
	}
	if c.Has(1) && !c.IsFunction(c.Arg(1)) {
		return script.Undefined, script.ArgError(1, "a function")
	}
	long := cstruct.LongStrings(-1)
	if c.Has(2) {
		v, err := c.Object(2)
		if err != nil {
			return script.Undefined, err
		}
		o := c.Options(v)
		long.Read(o)
		if o.Err() != nil {
			return script.Undefined, o.Err()
		}
	}
	text := d.Bytes()
	if i := invalidUTF8(text); i >= 0 {
		return script.Undefined, fault("invalid bytes in UTF-8 string", text, i)
	}
	reviver := c.Arg(1)
	if long >= 0 {
		reviver = shorten(c.Realm, long, reviver)
	}
	if reviver.IsNullish() {
		if v, ok := c.ParseJSON(text); ok {
			return v, nil
		}
	}
	return call(c.Realm, "parse", c.StringBytes(text), reviver)
}

// shorten returns a reviver that makes CStrings of long strings before another reviver, if there is one, sees them.
func shorten(r *script.Realm, long cstruct.LongStrings, next script.Value) script.Value {
	return r.NewFunction("", 3, func(c *script.Call) (script.Value, error) {
		args := slices.Clone(c.Args)
		if s, ok := c.AsString(c.Arg(1)); ok {
			args[1] = long.String(c.Realm, s)
		}
		if next.IsNullish() {
			return args[1], nil
		}
		return c.CallMethod(next, c.This, args...)
	})
}

func encode(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	if len(c.Args) == 1 || c.Arg(1).IsNullish() && c.Arg(2).IsNullish() {
		if b, ok := c.PrintJSON(c.Arg(0)); ok {
			return event.NewData(c.Realm, stream.NewData(b)), nil
		}
	}
	text, ok, err := Stringify(c.Realm, c.Args...)
	if err != nil || !ok {
		return script.Undefined, err
	}
	return event.NewData(c.Realm, stream.NewString(text)), nil
}

// Stringify is JSON.stringify; ok is false if that gives undefined.
func Stringify(r *script.Realm, args ...script.Value) (text string, ok bool, err error) {
	s, err := call(r, "stringify", args...)
	if err != nil {
		return "", false, err
	}
	text, ok = r.AsString(s)
	return text, ok, nil
}

func call(r *script.Realm, name string, args ...script.Value) (script.Value, error) {
	j, err := r.Get(r.Global(), "JSON")
	if err != nil {
		return script.Undefined, err
	}
	f, err := r.Get(j, name)
	if err != nil {
		return script.Undefined, err
	}
	return r.CallMethod(f, j, args...)
}
