package httphead

import (
	"slices"

	"weir/internal/event"
	"weir/internal/proto/http1"
	"weir/internal/script"
)

var (
	keyMethod      = script.NewKey("method")
	keyPath        = script.NewKey("path")
	keyProtocol    = script.NewKey("protocol")
	keyScheme      = script.NewKey("scheme")
	keyAuthority   = script.NewKey("authority")
	keyStatus      = script.NewKey("status")
	keyStatusText  = script.NewKey("statusText")
	keyHeaders     = script.NewKey("headers")
	keyHeaderNames = script.NewKey("headerNames")
)

// Wire turns heads of any kind into heads to be sent. It keeps its memory: what it returned is valid until the next use,
// and it serves one message at a time. The zero Wire is ready.
type Wire struct {
	// HTTP2 is set if scheme and authority of requests are of interest.
	HTTP2 bool

	head  http1.Head
	realm *script.Realm
	add   func(name string, v script.Value) error // made once, for Realm.Each
}

// Head returns the head to send for what a MessageStart carries: a *Head (also behind a script object), a script object
// with fields of the names Head has, an *http1.Head, or nil.
//
// It fails if reading a script object does, or if a field cannot be text.
func (w *Wire) Head(r *script.Realm, head any, response bool) (*http1.Head, error) {
	switch h := head.(type) {
	case *Head:
		return w.changed(r, h)
	case *http1.Head:
		return h, nil
	case *script.Ref:
		v := h.Value()
		if x, ok := script.As[*Head](r, v); ok {
			return w.changed(r, x)
		}
		return w.object(r, v, response)
	case event.Object:
		return w.object(r, h.ScriptObject(r), response)
	}
	w.reset()
	return &w.head, nil
}

// Of returns the decoded or typed head behind what a MessageStart carries, nil if there is none.
func Of(head any) *Head {
	h, _ := head.(*Head)
	return h
}

func (w *Wire) reset() {
	list := w.head.Headers
	clear(list)
	w.head = http1.Head{Headers: list[:0]}
}

// changed applies what a script did to a head.
func (w *Wire) changed(r *script.Realm, h *Head) (*http1.Head, error) {
	m := h.more
	if m == nil {
		return h.Head, nil
	}
	out := h.Head
	if m.headers != nil {
		w.reset()
		list := w.head.Headers
		w.head = *h.Head
		w.head.Headers = list
		if err := w.headers(r, m.headers.Value()); err != nil {
			return nil, err
		}
		out = &w.head
	} else {
		for _, v := range m.values {
			if !v.ref.Value().IsObject() {
				continue
			}
			lines, err := headerLines(r, v.key, v.ref.Value(), nil)
			if err != nil {
				return nil, err
			}
			if !slices.Equal(h.Headers.Values(v.key), lines) {
				(*headers)(h).setLines(v.key, v.key, lines)
			}
		}
	}
	if m.names != nil {
		return out, spell(r, out.Headers, m.names.Value())
	}
	return out, nil
}

// object reads a script object.
func (w *Wire) object(r *script.Realm, v script.Value, response bool) (*http1.Head, error) {
	w.reset()
	h := &w.head
	h.IsResponse = response
	f, err := r.GetKey(v, keyProtocol)
	if err == nil && !f.IsNullish() {
		h.Protocol, err = r.ToString(f)
	}
	if err != nil {
		return nil, err
	}
	if response {
		err = w.status(r, v)
	} else {
		err = w.target(r, v)
	}
	if err != nil {
		return nil, err
	}
	if f, err = r.GetKey(v, keyHeaders); err != nil {
		return nil, err
	}
	if err := w.headers(r, f); err != nil {
		return nil, err
	}
	if f, err = r.GetKey(v, keyHeaderNames); err != nil || !f.IsObject() {
		return h, err
	}
	return h, spell(r, h.Headers, f)
}

func (w *Wire) status(r *script.Realm, v script.Value) error {
	f, err := r.GetKey(v, keyStatus)
	if err != nil {
		return err
	}
	if n, ok := f.Float(); ok {
		w.head.Status = script.Truncate(n)
	} else if w.head.Status, err = toStatus(r, f); err != nil {
		return err
	}
	if f, err = r.GetKey(v, keyStatusText); err != nil || f.IsNullish() {
		return err
	}
	w.head.HasStatusText = true
	w.head.StatusText, err = r.ToString(f)
	return err
}

func (w *Wire) target(r *script.Realm, v script.Value) error {
	f, err := r.GetKey(v, keyMethod)
	if err != nil {
		return err
	}
	if w.head.Method, err = toText(r, f); err != nil {
		return err
	}
	if f, err = r.GetKey(v, keyPath); err != nil {
		return err
	}
	if w.head.Path, err = toText(r, f); err != nil || !w.HTTP2 {
		return err
	}
	if f, err = r.GetKey(v, keyScheme); err != nil {
		return err
	}
	if w.head.Scheme, err = toText(r, f); err != nil {
		return err
	}
	if f, err = r.GetKey(v, keyAuthority); err != nil {
		return err
	}
	w.head.Authority, err = toText(r, f)
	return err
}

// headers reads an object of headers into w.head.
func (w *Wire) headers(r *script.Realm, v script.Value) error {
	if !v.IsObject() {
		return nil
	}
	if x, ok := script.As[*headers](r, v); ok { // of some other head
		other, err := new(Wire).changed(r, &Head{Head: x.Head, more: x.more.valuesOnly()})
		if err == nil {
			w.head.Headers = append(w.head.Headers, other.Headers...)
		}
		return err
	}
	w.realm = r
	if w.add == nil {
		w.add = w.field
	}
	return r.Each(v, w.add)
}

func (m *more) valuesOnly() *more {
	if m == nil {
		return nil
	}
	return &more{values: m.values}
}

func (w *Wire) field(name string, v script.Value) error {
	if s, ok := w.realm.AsString(v); ok {
		w.head.Headers = append(w.head.Headers, http1.Header{Name: name, Value: s})
		return nil
	}
	lines, err := headerLines(w.realm, lowerKey(name), v, nil)
	for _, s := range lines {
		w.head.Headers = append(w.head.Headers, http1.Header{Name: name, Value: s})
	}
	return err
}

// spell gives headers the names an object has for their keys; what it has none for is sent in lower case.
func spell(r *script.Realm, hs http1.Headers, names script.Value) error {
	for i := range hs {
		key := hs[i].Key()
		if !names.IsObject() {
			hs[i].Name = key
			continue
		}
		v, err := r.Get(names, key)
		if err != nil {
			return err
		}
		switch s, ok := r.AsString(v); {
		case !ok:
			hs[i].Name = key
		case slices.ContainsFunc(hs, func(h http1.Header) bool { return h.Name == s }):
			// Of several lines, each keeps its own spelling.
		case len(s) == len(key) && http1.Key(s) == key:
			hs[i].Name = s
		}
	}
	return nil
}

// RequestOf returns a request head for reading from what a MessageStart or a Message carries.
func RequestOf(r *script.Realm, head any) (*http1.Head, error) {
	return new(Wire).Head(r, head, false)
}

// Response returns the head of a response for MessageStart.Head.
func Response(status int, headers http1.Headers) *Head {
	return New(&http1.Head{IsResponse: true, Status: status, Headers: headers}, false)
}
