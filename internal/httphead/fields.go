package httphead

import (
	"strings"

	"weir/internal/event"
	"weir/internal/script"
)

// Fields reads and changes single headers of what a MessageStart carries, whatever kind of head it is. A decoded head is
// changed in place. A head that a script made is copied at the first change, since it may be sent again.
type Fields struct {
	r       *script.Realm
	head    any
	typed   *Head        // nil if object is the head
	object  script.Value // undefined for no head
	headers script.Value // the script object with the headers, if typed has none of its own
	copied  bool
	err     error
}

// FieldsOf returns the fields of a head. They are good for the turn.
func FieldsOf(r *script.Realm, head any) *Fields {
	f := &Fields{r: r, head: head, object: script.Undefined, headers: script.Undefined}
	switch h := head.(type) {
	case *Head:
		f.typed = h
	case *script.Ref:
		f.object = h.Value()
		f.typed, _ = script.As[*Head](r, f.object)
	case event.Object:
		f.object = h.ScriptObject(r)
	}
	switch {
	case f.typed == nil:
		if f.object.IsObject() {
			f.headers, f.err = r.GetKey(f.object, keyHeaders)
		}
	case f.typed.more != nil && f.typed.more.headers != nil:
		f.headers = f.typed.more.headers.Value()
	}
	return f
}

// Err returns the first error that reading or changing a script object failed with.
func (f *Fields) Err() error { return f.err }

// Head returns what a MessageStart is to carry for the changes to show.
func (f *Fields) Head() any { return f.head }

// Request reports whether the head is that of a request. What could be either counts as a response.
func (f *Fields) Request() bool {
	if f.typed != nil {
		return !f.typed.IsResponse
	}
	return f.Status() == 0 && !f.get(f.object, "method").IsNullish()
}

// Status returns the status of a response, 0 if none is given.
func (f *Fields) Status() int {
	if f.typed != nil {
		return f.typed.Status
	}
	n, err := toStatus(f.r, f.get(f.object, "status"))
	f.fail(err)
	return n
}

// own reports whether the headers are those of the decoded head, and not of a script object.
func (f *Fields) own() bool { return f.typed != nil && f.headers.IsUndefined() }

// Get returns a header, whose name is given in lower case; "" if there is none.
func (f *Fields) Get(name string) string {
	if f.own() {
		s, _ := f.typed.Headers.Get(name)
		return s
	}
	v := f.get(f.headers, f.spelled(name))
	if v.IsNullish() {
		return ""
	}
	s, err := f.r.ToString(v)
	f.fail(err)
	return s
}

// Set changes or adds a header.
func (f *Fields) Set(name, value string) {
	if f.own() {
		f.fail((*headers)(f.typed).SetField(f.r, name, f.r.String(value)))
		return
	}
	f.copy()
	f.fail(f.r.Set(f.headers, f.spelled(name), f.r.String(value)))
}

// Delete removes a header.
func (f *Fields) Delete(name string) {
	if f.own() {
		(*headers)(f.typed).DeleteField(f.r, name)
		return
	}
	if key := f.spelled(name); f.headers.IsObject() && f.r.Has(f.headers, key) {
		f.copy()
		f.fail(f.r.Delete(f.headers, key))
	}
}

// spelled returns the key of a header in a script object.
func (f *Fields) spelled(name string) string {
	if !f.headers.IsObject() || f.r.Has(f.headers, name) {
		return name
	}
	keys, err := f.r.Keys(f.headers)
	f.fail(err)
	for _, k := range keys {
		if strings.EqualFold(k, name) {
			return k
		}
	}
	return name
}

func (f *Fields) get(obj script.Value, name string) script.Value {
	if !obj.IsObject() {
		return script.Undefined
	}
	v, err := f.r.Get(obj, name)
	f.fail(err)
	return v
}

func (f *Fields) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// copy makes the script objects ones that nobody else has.
func (f *Fields) copy() {
	if f.copied {
		return
	}
	f.copied = true
	f.headers = f.clone(f.headers)
	if f.typed != nil {
		f.typed.more.headers = f.r.Hold(f.headers)
		return
	}
	f.object = f.clone(f.object)
	f.fail(f.r.SetKey(f.object, keyHeaders, f.headers))
	f.head = f.r.Hold(f.object)
}

func (f *Fields) clone(v script.Value) script.Value {
	o := f.r.NewObject()
	if v.IsObject() {
		f.fail(f.r.Each(v, func(name string, x script.Value) error { return f.r.Set(o, name, x) }))
	}
	return o
}
