package event

import (
	"weir/internal/script"
	"weir/internal/stream"
)

// Object is a head, tail, payload or error that is made in Go and turned into a script object only if a script looks.
type Object interface {
	ScriptObject(r *script.Realm) script.Value
}

// Any returns the script value of a head, tail, payload or error; none is the value of nil.
func Any(r *script.Realm, x any, none script.Value) script.Value {
	switch x := x.(type) {
	case nil:
		return none
	case *script.Ref:
		return x.Value()
	case Object:
		return x.ScriptObject(r)
	case *stream.Data:
		return NewData(r, x)
	case error:
		return r.ErrorValue(x)
	}
	return r.FromGo(x)
}

// Keep turns a script value into what events carry: nil for nullish values, the Go object behind an Object, else a *Ref.
func Keep(r *script.Realm, v script.Value) any {
	if v.IsNullish() {
		return nil
	}
	if o, ok := r.Opaque(v).(Object); ok {
		return o
	}
	return r.HoldBriefly(v)
}

// New returns the script object of an event.
func New(r *script.Realm, e stream.Event) script.Value {
	switch e := e.(type) {
	case *stream.Data:
		return NewData(r, e)
	case *stream.MessageStart:
		return object(r, messageStartClass, &e.Tag, e)
	case *stream.MessageEnd:
		return object(r, messageEndClass, &e.Tag, e)
	case *stream.StreamEnd:
		return object(r, streamEndClass, &e.Tag, e)
	}
	return script.Undefined
}

// NewMessage returns the script object of a message. A body borrowed for the turn is copied only if the object outlives it.
func NewMessage(r *script.Realm, m *stream.Message) script.Value {
	if m.Object == 0 && m.Body != nil && m.Body.Transient() {
		r.AtTurnEnd((*bodyBorrower)(m))
	}
	return object(r, messageClass, &m.Tag, m)
}

// NewData returns the script object of a Data. Bytes borrowed for the turn are copied only if the object outlives it.
func NewData(r *script.Realm, d *stream.Data) script.Value {
	if d.Object == 0 && d.Transient() {
		r.AtTurnEnd((*borrower)(d))
	}
	return object(r, DataClass, &d.Tag, d)
}

// borrower makes a Data its own bytes at the end of the turn, if a script still has it.
type borrower stream.Data

// TurnEnd implements script.TurnEnder.
func (b *borrower) TurnEnd() {
	if d := (*stream.Data)(b); d.Object != 0 {
		d.Own()
	}
}

// bodyBorrower is borrower for the body of a Message, which scripts may ask for later.
type bodyBorrower stream.Message

// TurnEnd implements script.TurnEnder.
func (b *bodyBorrower) TurnEnd() {
	if m := (*stream.Message)(b); m.Object != 0 {
		m.Body.Own()
	}
}

func object(r *script.Realm, k *script.Class, tag *stream.Tag, x any) script.Value {
	if tag.Object != 0 {
		return r.ObjectAt(tag.Object)
	}
	v := r.NewObjectOf(k, x)
	tag.Object = r.Address(v)
	return v
}

// forget is the finalizer of all classes here.
func forget(x any) {
	switch x := x.(type) {
	case stream.Event:
		x.ScriptTag().Object = 0
	case *stream.Message:
		x.Object = 0
		if head, ok := x.Head.(*script.Ref); ok && x.Spent && !x.Kept {
			head.Free()
		}
	}
}

// Of returns the event a script object stands for.
func Of(r *script.Realm, v script.Value) (stream.Event, bool) {
	e, ok := r.Opaque(v).(stream.Event)
	return e, ok
}

// DataOf returns the Data a script object stands for.
func DataOf(r *script.Realm, v script.Value) (*stream.Data, bool) {
	return script.As[*stream.Data](r, v)
}

// MessageOf returns the Message a script object stands for.
func MessageOf(r *script.Realm, v script.Value) (*stream.Message, bool) {
	return script.As[*stream.Message](r, v)
}

// Each calls f for the events a value stands for: an event, a Message, an array of those, or nothing (undefined, null).
// It returns false for anything else, after the events before the wrong element.
func Each(r *script.Realm, v script.Value, f func(stream.Event)) bool {
	if v.IsNullish() {
		return true
	}
	switch x := r.Opaque(v).(type) {
	case stream.Event:
		f(x)
		return true
	case *stream.Message:
		x.Events(f)
		return true
	}
	if !r.IsArray(v) {
		return false
	}
	for i := range r.Len(v) {
		e, err := r.GetIndex(v, i)
		if err != nil || r.IsArray(e) || !Each(r, e, f) {
			return false
		}
	}
	return true
}

// IsStatic reports whether a value may be given in place of a callback at build time: an event, a Message, or an array of
// events and Messages only.
func IsStatic(r *script.Realm, v script.Value) bool {
	switch r.Opaque(v).(type) {
	case stream.Event, *stream.Message:
		return true
	}
	if !r.IsArray(v) {
		return false
	}
	for i := range r.Len(v) {
		e, err := r.GetIndex(v, i)
		if err != nil || r.IsArray(e) || !IsStatic(r, e) {
			return false
		}
	}
	return true
}
