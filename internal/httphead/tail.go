package httphead

import (
	"weir/internal/event"
	"weir/internal/proto/http1"
	"weir/internal/script"
)

// Tail is the tail of a received message as MessageEnd.Tail carries it.
type Tail http1.Tail

// Truncated is the tail of a message whose body was cut short by the end of its connection. Scripts see a shorter body;
// whoever passes the message on over a connection must not make it look whole.
type Truncated struct {
	Tail
	// Code is what an HTTP/2 stream was reset with, 0 if it was not.
	Code uint32
}

var (
	_ event.Object = (*Tail)(nil)
	_ event.Object = (*Truncated)(nil)
)

// TailOf makes the tail of a decoded message one that scripts can look at.
func TailOf(tail any) any {
	if t, ok := tail.(*http1.Tail); ok {
		return (*Tail)(t)
	}
	return tail
}

// ScriptObject implements event.Object: a plain object, made anew at each look.
func (t *Tail) ScriptObject(r *script.Realm) script.Value {
	o := r.NewObject()
	headers := script.Null
	if t.Headers != nil {
		headers = r.NewObject()
		for _, f := range t.Headers {
			r.Set(headers, f.Key(), r.String(f.Value))
		}
	}
	r.Set(o, "headers", headers)
	r.Set(o, "headSize", script.Int(int(t.HeadSize)))
	r.Set(o, "bodySize", script.Int(int(t.BodySize)))
	return o
}

// Trailers returns the trailer fields to send for what a MessageEnd carries.
func Trailers(r *script.Realm, tail any) (http1.Headers, error) {
	switch t := tail.(type) {
	case *Tail:
		return t.Headers, nil
	case *script.Ref:
		v := t.Value()
		if !v.IsObject() {
			return nil, nil
		}
		v, err := r.GetKey(v, keyHeaders)
		if err != nil {
			return nil, err
		}
		var w Wire
		err = w.headers(r, v)
		return w.head.Headers, err
	}
	return nil, nil
}
