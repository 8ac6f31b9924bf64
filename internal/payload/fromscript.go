package payload

import (
	"errors"
	"fmt"
	"math/big"
	"time"

	"weir/internal/api/ip"
	"weir/internal/api/lang"
	"weir/internal/event"
	"weir/internal/plain"
	"weir/internal/proto/token"
	"weir/internal/script"
)

// Text is implemented by Go values of script objects that stand for a text.
type Text interface{ PayloadText() string }

// FromScript returns a script value as plain data. Functions are undefined, Data is not copied. It fails for values that
// are nested too deep, as those are that contain themselves, or consist of more than maxValues, as objects can that are in many
// places, and if reading an object does.
func FromScript(r *script.Realm, v script.Value) (any, error) {
	return (&reader{r, maxValues}).read(v, 0)
}

// maxValues is how many values plain data may consist of.
const maxValues = 1 << 22

// reader makes plain data of a script value.
type reader struct {
	*script.Realm
	left int // how many values there may be yet
}

func (r *reader) read(v script.Value, depth int) (any, error) {
	if r.left--; r.left < 0 {
		return nil, fmt.Errorf("a value consists of more than %d values", maxValues)
	}
	switch {
	case v.IsUndefined():
		return plain.Undefined{}, nil
	case v.IsNull():
		return nil, nil
	case v.IsBool():
		return r.Truthy(v), nil
	case v.IsNumber():
		f, _ := v.Float()
		return f, nil
	case v.IsString():
		s, _ := r.AsString(v)
		return s, nil
	case v.IsBigInt():
		s, err := r.ToString(v)
		n, _ := new(big.Int).SetString(s, 10)
		return n, err
	case !v.IsObject() || r.IsFunction(v):
		return plain.Undefined{}, nil
	}
	if depth > token.MaxNesting {
		return nil, errors.New("a value is nested too deep, or contains itself")
	}
	if x := r.Opaque(v); x != nil {
		switch x := x.(type) {
		case lang.Int:
			return plainInt(x), nil
		case *ip.Mask:
			return x.Prefix(), nil
		case ip.Address:
			return x.Addr, nil
		case Text:
			return x.PayloadText(), nil
		}
		if d, ok := event.DataOf(r.Realm, v); ok {
			return d, nil
		}
	}
	switch {
	case r.IsArray(v):
		return r.list(v, depth)
	case r.IsError(v):
		m, err := r.Get(v, "message")
		if err != nil {
			return nil, err
		}
		s, err := r.ToString(m)
		return errors.New(s), err
	}
	if !r.IsPlain(v) {
		if x, ok, err := r.builtin(v, depth); ok || err != nil {
			return x, err
		}
	}
	var o plain.Object
	err := r.Each(v, func(name string, f script.Value) error {
		x, err := r.read(f, depth+1)
		o = append(o, plain.Field{Name: name, Value: x})
		return err
	})
	if o == nil {
		o = plain.Object{}
	}
	if err == nil && r.HasKey(v, keyType) {
		if _, listed := o.Get("type"); !listed {
			return r.typed(v, o, depth)
		}
	}
	return o, err
}

// typed reads a type that is not enumerated, or inherited.
func (r *reader) typed(v script.Value, o plain.Object, depth int) (any, error) {
	t, err := r.GetKey(v, keyType)
	if err != nil {
		return nil, err
	}
	x, err := r.read(t, depth+1)
	return &plain.Typed{Type: x, Object: o}, err
}

func plainInt(i lang.Int) any {
	switch {
	case i.Kind() == lang.U64:
		return i.Uint64()
	case i.Kind().Width() == 64:
		return i.Int64()
	}
	if n := i.Int64(); n != int64(int32(n)) {
		return n // an u32
	}
	return plain.Int32(i.Int64())
}

func (r *reader) list(v script.Value, depth int) (any, error) {
	if _, bare := r.ElementsInPlace(v); bare {
		return r.bareList(v, depth)
	}
	a := make([]any, 0, min(r.Len(v), 1024))
	for i := range r.Len(v) {
		end := r.Scope()
		e, err := r.GetIndex(v, i)
		if err == nil {
			var x any
			x, err = r.read(e, depth+1)
			a = append(a, x)
		}
		end()
		if err != nil {
			return nil, err
		}
	}
	t, err := r.GetKey(v, keyType)
	if s, ok := r.AsString(t); ok {
		return &plain.List{Type: s, Elements: a}, err
	}
	return a, err
}

// bareList reads an array that has nothing but elements.
func (r *reader) bareList(v script.Value, depth int) (any, error) {
	elements, _ := r.ElementsInPlace(v)
	a := make([]any, 0, min(len(elements), 1024))
	for i := 0; i < len(elements); i++ {
		x, err := r.read(elements[i], depth+1)
		if err != nil {
			return nil, err
		}
		a = append(a, x)
		elements, _ = r.ElementsInPlace(v) // reading an element may have run a script
	}
	return a, nil
}

var keyType = script.NewKey("type")

// builtin reads objects of standard classes that are not read field by field.
func (r *reader) builtin(v script.Value, depth int) (x any, ok bool, err error) {
	is := func(class string) bool {
		k, err := r.Get(r.Global(), class)
		return err == nil && r.InstanceOf(v, k)
	}
	entries := func() ([]any, error) {
		k, err := r.Get(r.Global(), "Array")
		if err != nil {
			return nil, err
		}
		f, err := r.Get(k, "from")
		if err != nil {
			return nil, err
		}
		a, err := r.CallMethod(f, k, v)
		if err != nil {
			return nil, err
		}
		x, err := r.list(a, depth)
		l, _ := plain.Elements(x)
		return l, err
	}
	switch {
	case is("Map"):
		l, err := entries()
		m := make(plain.Map, len(l))
		for i, e := range l {
			pair, _ := plain.Elements(e)
			copy(m[i][:], pair)
		}
		return m, true, err
	case is("Set"):
		l, err := entries()
		return plain.Set(l), true, err
	case is("Date"):
		ms, err := r.ToNumber(v)
		return time.UnixMilli(int64(ms)).UTC(), true, err
	case is("Number") || is("String") || is("Boolean"):
		s, err := r.ToString(v)
		if is("Number") {
			return plain.Number(s), true, err
		}
		return s, true, err
	}
	return nil, false, nil
}
