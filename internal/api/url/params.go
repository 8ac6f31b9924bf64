package url

import (
	"errors"
	"strings"

	"weir/internal/script"
)

// Params are the parameters of a query, in order of their first appearance.
type Params struct {
	names  []string
	values map[string][]string
}

func trimMark(s string) string { return strings.TrimPrefix(s, "?") }

// ParseParams reads a query string, with or without its question mark.
func ParseParams(query string) *Params {
	p := &Params{values: map[string][]string{}}
	for pair := range strings.SplitSeq(trimMark(query), "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		p.Add(unescapeParam(name), unescapeParam(value))
	}
	return p
}

// Add appends a value to those of a name.
func (p *Params) Add(name, value string) {
	if _, ok := p.values[name]; !ok {
		p.names = append(p.names, name)
	}
	p.values[name] = append(p.values[name], value)
}

// Get returns the values of a name.
func (p *Params) Get(name string) []string { return p.values[name] }

// Set replaces the values of a name, or removes it if there are none.
func (p *Params) Set(name string, values []string) {
	if len(values) > 0 {
		if _, ok := p.values[name]; !ok {
			p.names = append(p.names, name)
		}
		p.values[name] = values
		return
	}
	delete(p.values, name)
	for i, n := range p.names {
		if n == name {
			p.names = append(p.names[:i:i], p.names[i+1:]...)
			return
		}
	}
}

// String returns the query without a question mark.
func (p *Params) String() string {
	var b strings.Builder
	for _, n := range p.names {
		for _, v := range p.values[n] {
			if b.Len() > 0 {
				b.WriteByte('&')
			}
			b.WriteString(escape(n, "-_.~"))
			b.WriteByte('=')
			b.WriteString(escape(v, "-_.~"))
		}
	}
	return b.String()
}

// ParamsClass is the class URLSearchParams.
var ParamsClass = &script.Class{
	Name: "URLSearchParams", Path: "URLSearchParams", Sig: "(init: string | object)", Length: 1,
	New: newParams,
	Methods: []script.Method{
		named("get", "(name: string) => string | null", func(c *script.Call, p *Params, name string) (script.Value, error) {
			if v := p.Get(name); len(v) > 0 {
				return c.String(v[0]), nil
			}
			return script.Null, nil
		}),
		named("getAll", "(name: string) => string[]", func(c *script.Call, p *Params, name string) (script.Value, error) {
			return c.FromGo(append([]string{}, p.Get(name)...)), nil
		}),
		named("set", "(name: string, value?: any) => void", func(c *script.Call, p *Params, name string) (script.Value, error) {
			return script.Undefined, p.assign(c.Realm, name, c.Arg(1))
		}),
		{Name: "toObject", Sig: "() => object", Fn: func(c *script.Call) (script.Value, error) {
			p := script.This[*Params](c)
			o := c.NewObject()
			for _, n := range p.names {
				v := c.FromGo(p.values[n])
				if len(p.values[n]) == 1 {
					v = c.String(p.values[n][0])
				}
				if err := c.Set(o, n, v); err != nil {
					return script.Undefined, err
				}
			}
			return o, nil
		}},
		{Name: "toString", Sig: "() => string", Fn: func(c *script.Call) (script.Value, error) {
			return c.String(script.This[*Params](c).String()), nil
		}},
	},
}

func named(name, sig string, f func(*script.Call, *Params, string) (script.Value, error)) script.Method {
	return script.Method{Name: name, Sig: sig, Length: 1, Fn: func(c *script.Call) (script.Value, error) {
		if err := c.Need(1); err != nil {
			return script.Undefined, err
		}
		s, err := c.Str(0)
		if err != nil {
			return script.Undefined, err
		}
		return f(c, script.This[*Params](c), s)
	}}
}

func newParams(c *script.Call) (any, error) {
	if err := c.Need(1); err != nil {
		return nil, err
	}
	if s, ok := c.AsString(c.Arg(0)); ok {
		return ParseParams(s), nil
	}
	if !c.Arg(0).IsObject() {
		return nil, errInit
	}
	p := ParseParams("")
	return p, c.Each(c.Arg(0), func(name string, v script.Value) error { return p.assign(c.Realm, name, v) })
}

var errInit = errors.New("argument #1 expects a string or an object")

// assign sets what a script gave: nothing, one value, or an array of values.
func (p *Params) assign(r *script.Realm, name string, v script.Value) error {
	if v.IsNullish() {
		p.Set(name, nil)
		return nil
	}
	elems := []script.Value{v}
	if r.IsArray(v) {
		var err error
		if elems, err = r.Elements(v); err != nil {
			return err
		}
	}
	values := make([]string, len(elems))
	for i, e := range elems {
		s, err := r.ToString(e)
		if err != nil {
			return err
		}
		values[i] = s
	}
	p.Set(name, values)
	return nil
}
