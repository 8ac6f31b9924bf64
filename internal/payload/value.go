package payload

import (
	"reflect"

	"weir/internal/event"
	"weir/internal/plain"
	"weir/internal/script"
)

// Value is a head, tail or payload a codec decoded. Scripts see it as an object that they may change.
type Value struct {
	data  any
	shown any         // data, made plain, while there is ref
	ref   *script.Ref // the script value, once it was looked at
	asked bool        // for the end of the turn
}

var _ event.Object = (*Value)(nil)

// Of returns x, plain data or something with a method Plain, for an event.
func Of(x any) *Value { return &Value{data: x} }

// ScriptObject implements event.Object.
func (v *Value) ScriptObject(r *script.Realm) script.Value {
	if v.ref == nil {
		v.shown = v.data
		if p, ok := v.data.(plainer); ok && !isNil(p) {
			v.shown = p.Plain()
		}
		v.ref = r.HoldBriefly(ToScript(r, v.shown))
		if !v.asked {
			v.asked = true
			r.AtTurnEnd(v)
		}
	}
	return v.ref.Value()
}

// same reports whether the script value is still what was decoded.
func (v *Value) same(r *script.Realm) bool { return same(r, v.ref.Value(), v.shown) }

// TurnEnd implements script.TurnEnder: what no script has, nor has changed, can be made again.
func (v *Value) TurnEnd() {
	v.asked = false
	if v.ref != nil && v.ref.Unshared() && v.same(v.ref.Realm()) {
		v.forget()
	}
}

// forget drops the script value.
func (v *Value) forget() {
	v.ref.Free()
	v.ref, v.shown = nil, nil
}

// Read returns what an event carries as a head, tail or payload: the data as decoded, if a codec made it, and the script's
// value as plain data, if there is one that may differ from it.
func Read(r *script.Realm, x any) (decoded, changed any, err error) {
	switch x := x.(type) {
	case nil:
		return nil, plain.Undefined{}, nil
	case *Value:
		if x.ref == nil {
			return x.data, nil, nil
		}
		if x.same(r) {
			if x.ref.Unshared() {
				x.forget()
			}
			return x.data, nil, nil
		}
		changed, err = FromScript(r, x.ref.Value())
		return x.data, changed, err
	}
	changed, err = FromScript(r, event.Any(r, x, script.Undefined))
	return nil, changed, err
}

// Struct returns what an event carries as a T; def has the defaults. Fields that scripts do not see are kept from what was
// decoded. The result may be shared and is not to be changed. ok is false if there is nothing, or no object.
func Struct[T any](r *script.Realm, x any, def T) (t *T, ok bool, err error) {
	decoded, changed, err := Read(r, x)
	old, _ := decoded.(*T)
	if err == nil && old != nil && changed == nil {
		return old, true, nil
	}
	return assigned(r, old, decoded, changed, def, err)
}

// assigned is Struct for what is not as it was decoded.
func assigned[T any](r *script.Realm, old *T, decoded, changed any, def T, err error) (t *T, ok bool, _ error) {
	if err != nil {
		return &def, false, err
	}
	if _, ok := plain.AsObject(changed); !ok {
		if decoded == nil || changed != nil {
			return &def, false, nil
		}
		changed, err = FromScript(r, ToScript(r, decoded)) // a head of another codec
		if err != nil {
			return &def, false, err
		}
	}
	out := def
	if old != nil {
		out = *old
		resetFields(&out, &def)
	}
	plain.Assign(&out, changed)
	_, ok = plain.AsObject(changed)
	return &out, ok, nil
}

// resetFields gives the fields scripts see their defaults.
func resetFields[T any](t, def *T) {
	dst, src := reflect.ValueOf(t).Elem(), reflect.ValueOf(def).Elem()
	for _, f := range plain.Fields(dst.Type()) {
		dst.Field(f.Index).Set(src.Field(f.Index))
	}
}
