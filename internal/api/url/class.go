package url

import "weir/internal/script"

// object is the Go value of a URL object.
type object struct {
	*URL
	params *script.Ref
}

// Class is the class URL.
var Class = &script.Class{
	Name: "URL", Path: "URL", Sig: "(url: string, base?: string)", Length: 2,
	New: newURL,
	Props: []script.Prop{
		part("auth", func(u *URL) string { return u.Auth }),
		part("hash", func(u *URL) string { return u.Hash }),
		part("host", func(u *URL) string { return u.Host }),
		part("hostname", (*URL).Hostname),
		part("href", (*URL).String),
		part("origin", (*URL).Origin),
		part("password", (*URL).Password),
		part("path", (*URL).Path),
		part("pathname", func(u *URL) string { return u.Pathname }),
		part("port", (*URL).Port),
		part("protocol", func(u *URL) string { return u.Protocol }),
		part("query", func(u *URL) string { return trimMark(u.Search) }),
		part("search", func(u *URL) string { return u.Search }),
		part("username", (*URL).Username),
		{Name: "searchParams", Sig: "URLSearchParams", Get: func(c *script.Call) (script.Value, error) {
			o := script.This[*object](c)
			if o.params == nil {
				o.params = c.Hold(c.NewObjectOf(ParamsClass, ParseParams(o.Search)))
			}
			return o.params.Value(), nil
		}},
	},
	Methods: []script.Method{
		{Name: "toString", Sig: "() => string", Fn: href},
		{Name: "toJSON", Sig: "() => string", Fn: href},
	},
	Statics: []script.Method{
		converter("encode", func(s string) (string, error) { return escape(s, unreserved+reserved), nil }),
		converter("decode", func(s string) (string, error) { return unescape(s, unreserved+reserved) }),
		converter("encodeComponent", func(s string) (string, error) { return escape(s, unreserved), nil }),
		converter("decodeComponent", func(s string) (string, error) { return unescape(s, unreserved) }),
	},
}

func newURL(c *script.Call) (any, error) {
	if err := c.Need(1); err != nil {
		return nil, err
	}
	text, err := c.Str(0)
	if err != nil {
		return nil, err
	}
	var base *URL
	if o, ok := script.As[*object](c.Realm, c.Arg(1)); ok {
		base = o.URL
	} else if c.Has(1) {
		s, err := c.Str(1)
		if err != nil {
			return nil, err
		}
		base = Parse(s, nil)
	}
	return &object{URL: Parse(text, base)}, nil
}

func href(c *script.Call) (script.Value, error) {
	return c.String(script.This[*object](c).String()), nil
}

func part(name string, get func(*URL) string) script.Prop {
	return script.Prop{Name: name, Sig: "string", Get: func(c *script.Call) (script.Value, error) {
		return c.String(get(script.This[*object](c).URL)), nil
	}}
}

func converter(name string, f func(string) (string, error)) script.Method {
	return script.Method{Name: name, Sig: "(s: string) => string", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
		if err := c.Need(1); err != nil {
			return script.Undefined, err
		}
		s, err := c.Str(0)
		if err != nil {
			return script.Undefined, err
		}
		s, err = f(s)
		if err != nil {
			return script.Undefined, err
		}
		return c.String(s), nil
	}}
}
