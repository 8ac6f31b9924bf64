// Package csv offers the global CSV: tables as text, as RFC 4180 has them.
//
// Rows are arrays of strings, or, with the option header, objects whose keys are the names of the columns.
package csv

import (
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

// Namespace is the object CSV.
var Namespace = &script.Namespace{
	Name: "CSV",
	Sig:  "singleton object [beyond]",
	Methods: []script.Method{
		{Name: "parse", Sig: "parse(text: string, options?: object): string[][] | object[] [beyond]", Length: 2,
			Fn: func(c *script.Call) (script.Value, error) {
				s, err := c.Str(0)
				if err != nil {
					return script.Undefined, err
				}
				return Parse(c.Realm, s, c.Arg(1))
			}},
		{Name: "decode", Sig: "decode(data: Data | null, options?: object): string[][] | object[] | null [beyond]", Length: 2,
			Fn: func(c *script.Call) (script.Value, error) {
				if c.Arg(0).IsNull() {
					return script.Null, nil
				}
				d, ok := event.DataOf(c.Realm, c.Arg(0))
				if !ok {
					return script.Undefined, script.ArgError(0, "an instance of pipy::Data")
				}
				return Parse(c.Realm, string(d.Bytes()), c.Arg(1))
			}},
		{Name: "stringify", Sig: "stringify(rows: any[][] | object[], options?: object): string [beyond]", Length: 2,
			Fn: func(c *script.Call) (script.Value, error) {
				rows, err := c.Array(0)
				if err != nil {
					return script.Undefined, err
				}
				s, err := Stringify(c.Realm, rows, c.Arg(1))
				return c.String(s), err
			}},
		{Name: "encode", Sig: "encode(rows: any[][] | object[], options?: object): Data [beyond]", Length: 2,
			Fn: func(c *script.Call) (script.Value, error) {
				rows, err := c.Array(0)
				if err != nil {
					return script.Undefined, err
				}
				s, err := Stringify(c.Realm, rows, c.Arg(1))
				if err != nil {
					return script.Undefined, err
				}
				return event.NewData(c.Realm, stream.NewString(s)), nil
			}},
	},
	Extra: []script.Row{
		{Path: "option:CSV.delimiter", Kind: "option", Signature: `string = "," [beyond]`},
		{Path: "option:CSV.header", Kind: "option", Signature: "boolean | string[] [beyond]"},
		{Path: "option:CSV.parse.comment", Kind: "option", Signature: "string, a character that begins lines to skip [beyond]"},
		{Path: "option:CSV.parse.trim", Kind: "option", Signature: "boolean = false, drop blanks before and after values [beyond]"},
		{Path: "option:CSV.parse.lazyQuotes", Kind: "option", Signature: "boolean = false, take quotes in odd places as they are [beyond]"},
		{Path: "option:CSV.stringify.eol", Kind: "option", Signature: `"\n" | "\r\n" = "\n" [beyond]`},
	},
}
