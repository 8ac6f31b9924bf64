package httphead

import (
	"strconv"

	"weir/internal/event"
	"weir/internal/proto/http1"
	"weir/internal/script"
	"weir/internal/stream"
)

// Head is the head of a message as MessageStart.Head carries it.
type Head struct {
	*http1.Head
	// Body follows the body that came with the head, to tell whether it is still the one behind it. Nil in heads that
	// no decoder made.
	Body *Body

	object  uintptr // the script objects of the head and of its headers, while they live
	headers uintptr
	more    *more // what scripts did that http1.Head has no place for
}

// Body is what is known about a received body.
type Body struct {
	first *stream.Data
	size  int
}

// Emit is to be called with each piece of the body before it is passed on.
func (b *Body) Emit(d *stream.Data) {
	if b.first == nil {
		b.first, b.size = d, d.Size()
	}
}

// Original reports whether d, the first piece of a body to be sent, is the first piece of this one.
func (b *Body) Original(d *stream.Data) bool { return b.first == d && b.size == d.Size() }

// Promise says that a body of n bytes follows in pieces, as if the head had been received with it. Emit is to be called
// with them.
func (h *Head) Promise(n int64) {
	h.Headers.Set("content-length", strconv.FormatInt(n, 10))
	h.Received.ContentLength = n
	h.Body = new(Body)
}

// more is what a script assigned to a head.
type more struct {
	headers *script.Ref // in place of the headers
	names   *script.Ref // headerNames, once looked at or assigned
	values  []value     // headers whose value is no string
	extras  script.Extras
}

// value is what a script reads as a header, where that is more than the text.
type value struct {
	key string
	ref *script.Ref
}

var (
	_ event.Object  = (*Head)(nil)
	_ script.Record = (*Head)(nil)
)

// New returns a head for scripts. With decoded, h was made by a decoder.
func New(h *http1.Head, decoded bool) *Head {
	if !decoded {
		return &Head{Head: h}
	}
	d := new(Decoded)
	return d.Init(h)
}

// Decoded is a decoded head together with what is known about its body, to be part of something larger.
type Decoded struct {
	head Head
	body Body
}

// Init makes d the head for h.
func (d *Decoded) Init(h *http1.Head) *Head {
	d.head.Head, d.head.Body = h, &d.body
	return &d.head
}

var headClass = &script.Class{
	Name: "MessageHead", Record: true,
	Finalize: func(v any) { v.(*Head).object = 0 },
}

// ScriptObject implements event.Object.
func (h *Head) ScriptObject(r *script.Realm) script.Value {
	if h.object != 0 {
		return r.ObjectAt(h.object)
	}
	v := r.NewObjectOf(headClass, h)
	h.object = r.Address(v)
	return v
}

// Length returns the content-length that was received and still holds, as far as the head can tell: -1 if there is none.
func (h *Head) Length() int64 {
	if h.Body == nil || h.Received.Chunked || h.Received.ContentLength < 0 {
		return -1
	}
	if h.more != nil && h.more.headers != nil {
		return -1
	}
	if !h.Headers.Has("content-length") {
		return -1
	}
	return h.Received.ContentLength
}

// GetField implements script.Record.
func (h *Head) GetField(r *script.Realm, name string) (script.Value, bool, error) {
	switch name {
	case "headers":
		if h.more != nil && h.more.headers != nil {
			return h.more.headers.Value(), true, nil
		}
		return h.headersObject(r), true, nil
	case "headerNames":
		return h.names(r), true, nil
	case "protocol":
		return text(r, h.Protocol), true, nil
	case "method":
		return text(r, h.Method), h.Method != "" || !h.IsResponse, nil
	case "path":
		return text(r, h.Path), h.Path != "" || !h.IsResponse, nil
	case "scheme":
		return text(r, h.Scheme), h.Scheme != "" || !h.IsResponse, nil
	case "authority":
		return text(r, h.Authority), h.Authority != "" || !h.IsResponse, nil
	case "status":
		return script.Int(h.Status), h.Status != 0 || h.IsResponse, nil
	case "statusText":
		if h.HasStatusText {
			return r.String(h.StatusText), true, nil
		}
		return script.Undefined, h.IsResponse, nil
	}
	if h.more != nil {
		v, ok := h.more.extras.Get(name)
		return v, ok, nil
	}
	return script.Undefined, false, nil
}

func text(r *script.Realm, s string) script.Value {
	if s == "" {
		return script.Undefined
	}
	return r.String(s)
}

// SetField implements script.Record.
func (h *Head) SetField(r *script.Realm, name string, v script.Value) (err error) {
	switch name {
	case "headers":
		m := h.changes()
		if x, ok := script.As[*headers](r, v); ok && (*Head)(x) == h {
			m.headers = nil
		} else {
			m.headers = r.Hold(v)
		}
	case "headerNames":
		h.changes().names = r.Hold(v)
	case "protocol":
		h.Protocol, err = toText(r, v)
	case "method":
		h.Method, err = toText(r, v)
	case "path":
		h.Path, err = toText(r, v)
	case "scheme":
		h.Scheme, err = toText(r, v)
	case "authority":
		h.Authority, err = toText(r, v)
	case "status":
		h.Status, err = toStatus(r, v)
	case "statusText":
		h.StatusText, err = toText(r, v)
		h.HasStatusText = !v.IsNullish()
	default:
		h.changes().extras.Set(r, name, v)
	}
	return err
}

// DeleteField implements script.Record. A field every head has stays, without a value.
func (h *Head) DeleteField(r *script.Realm, name string) {
	switch name {
	case "headers", "headerNames", "protocol", "method", "path", "scheme", "authority", "status", "statusText":
		h.SetField(r, name, script.Undefined) // converting undefined does not fail
	default:
		if h.more != nil {
			h.more.extras.Delete(name)
		}
	}
}

// Fields implements script.Record.
func (h *Head) Fields() []string {
	names := make([]string, 0, 10)
	names = append(names, "protocol", "headers", "headerNames")
	if h.IsResponse {
		names = append(names, "status", "statusText")
	} else {
		names = append(names, "method", "scheme", "authority", "path")
	}
	if h.IsResponse && h.Method != "" {
		names = append(names, "method")
	}
	if h.IsResponse && h.Path != "" {
		names = append(names, "path")
	}
	if !h.IsResponse && h.Status != 0 {
		names = append(names, "status")
	}
	if h.more != nil {
		names = append(names, h.more.extras.Names()...)
	}
	return names
}

func (h *Head) changes() *more {
	if h.more == nil {
		h.more = new(more)
	}
	return h.more
}

// names returns headerNames: the spelling of every header that is not all lower-case. It is made at the first look.
func (h *Head) names(r *script.Realm) script.Value {
	if h.more != nil && h.more.names != nil {
		return h.more.names.Value()
	}
	o := r.NewObject()
	for _, f := range h.Headers { // of several lines with a name the last one counts
		if key := f.Key(); key != f.Name {
			r.Set(o, key, r.String(f.Name))
		}
	}
	if name := h.Received.ConnectionName; h.Body != nil && name != "" && name != "connection" {
		r.Set(o, "connection", r.String(name))
	}
	h.changes().names = r.Hold(o)
	return o
}

func toText(r *script.Realm, v script.Value) (string, error) {
	if v.IsNullish() {
		return "", nil
	}
	return r.ToString(v)
}

func toStatus(r *script.Realm, v script.Value) (int, error) {
	if v.IsNullish() {
		return 0, nil
	}
	f, err := r.ToNumber(v)
	return script.Truncate(f), err
}
