package httphead

import (
	"strings"

	"weir/internal/proto/http1"
	"weir/internal/script"
)

// headers is a head seen as the record of its headers. Names are compared without regard to case.
type headers Head

var _ script.Record = (*headers)(nil)

var headersClass = &script.Class{
	Name: "MessageHeaders", Record: true,
	Finalize: func(v any) { v.(*headers).headers = 0 },
}

func (h *Head) headersObject(r *script.Realm) script.Value {
	if h.headers != 0 {
		return r.ObjectAt(h.headers)
	}
	v := r.NewObjectOf(headersClass, (*headers)(h))
	h.headers = r.Address(v)
	return v
}

// lowerKey returns the key of a name scripts give, nearly always in lower case.
func lowerKey(name string) string {
	for i := 0; i < len(name); i++ {
		if c := name[i]; c >= 'A' && c <= 'Z' {
			return http1.Key(name)
		}
	}
	return name
}

// listed reports whether several lines of a header are an array for scripts.
func listed(key string) bool { return key == "cookie" || key == "set-cookie" }

// GetField implements script.Record.
func (x *headers) GetField(r *script.Realm, name string) (script.Value, bool, error) {
	key := lowerKey(name)
	if x.more != nil {
		for i := range x.more.values {
			if v := &x.more.values[i]; v.key == key {
				return v.ref.Value(), true, nil
			}
		}
	}
	s, ok := x.Headers.Get(key)
	if !ok {
		return script.Undefined, false, nil
	}
	if listed(key) {
		if lines := x.Headers.Values(key); len(lines) > 1 {
			a := r.FromGo(lines)
			x.keep(r, key, a) // a script may change the array
			return a, true, nil
		}
	}
	return r.String(s), true, nil
}

// SetField implements script.Record. Numbers and the like are kept as they are for scripts, and sent as text.
func (x *headers) SetField(r *script.Realm, name string, v script.Value) error {
	key := lowerKey(name)
	if s, ok := r.AsString(v); ok {
		x.forget(key)
		x.set(key, name, s)
		return nil
	}
	lines, err := headerLines(r, key, v, nil)
	if err != nil {
		return err
	}
	x.setLines(key, name, lines)
	x.keep(r, key, v)
	return nil
}

func (x *headers) set(key, name, s string) {
	if name != key && !x.Headers.Has(key) {
		x.Headers.Add(name, s)
		return
	}
	x.Headers.Set(key, s)
}

func (x *headers) setLines(key, name string, lines []string) {
	if len(lines) > 0 {
		x.set(key, name, lines[0])
	}
	if len(lines) != 1 {
		x.Headers.SetValues(key, lines...)
	}
}

// DeleteField implements script.Record.
func (x *headers) DeleteField(r *script.Realm, name string) {
	key := lowerKey(name)
	x.forget(key)
	x.Headers.Del(key)
}

// Fields implements script.Record.
func (x *headers) Fields() []string {
	names := make([]string, 0, len(x.Headers))
	for i, f := range x.Headers {
		if !repeated(x.Headers[:i], f.Name) {
			names = append(names, f.Key())
		}
	}
	if x.more != nil {
		for _, v := range x.more.values {
			if !x.Headers.Has(v.key) { // an empty array
				names = append(names, v.key)
			}
		}
	}
	return names
}

func repeated(before http1.Headers, name string) bool {
	for i := range before {
		if len(before[i].Name) == len(name) && strings.EqualFold(before[i].Name, name) {
			return true
		}
	}
	return false
}

func (x *headers) keep(r *script.Realm, key string, v script.Value) {
	m := (*Head)(x).changes()
	for i := range m.values {
		if m.values[i].key == key {
			m.values[i].ref = r.Hold(v)
			return
		}
	}
	m.values = append(m.values, value{key, r.Hold(v)})
}

func (x *headers) forget(key string) {
	if x.more == nil {
		return
	}
	for i, v := range x.more.values {
		if v.key == key {
			x.more.values = append(x.more.values[:i:i], x.more.values[i+1:]...)
			return
		}
	}
}

// headerLines appends what is sent for a header: a line for each element of an array of cookies, else one.
func headerLines(r *script.Realm, key string, v script.Value, lines []string) ([]string, error) {
	if !listed(key) || !r.IsArray(v) {
		s, err := r.ToString(v)
		return append(lines, s), err
	}
	for i := range r.Len(v) {
		e, err := r.GetIndex(v, i)
		if err != nil {
			return lines, err
		}
		s, err := r.ToString(e)
		if err != nil {
			return lines, err
		}
		lines = append(lines, s)
	}
	return lines, nil
}
