package payload

import (
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"sync"
	"time"

	"weir/internal/api/ip"
	"weir/internal/api/lang"
	"weir/internal/event"
	"weir/internal/plain"
	"weir/internal/script"
	"weir/internal/stream"
)

// plainer is data that has to be made plain first.
type plainer interface{ Plain() any }

// ToScript returns the script value of plain data. The bytes in it must be safe to keep.
func ToScript(r *script.Realm, x any) script.Value {
	switch x := x.(type) {
	case nil:
		return script.Null
	case plain.Undefined:
		return script.Undefined
	case bool:
		return script.Bool(x)
	case string:
		return r.String(x)
	case float64:
		return script.Number(x)
	case int:
		return script.Int(x)
	case plain.Int32:
		return lang.NewInt32(r, int32(x))
	case int64:
		return lang.NewInt(r, x)
	case uint64:
		return lang.NewUint(r, x)
	case *string:
		if x == nil {
			return script.Undefined
		}
		return r.String(*x)
	case *stream.Data:
		if x == nil {
			return script.Null
		}
		return event.NewData(r, x)
	case []byte:
		if x == nil {
			return script.Null
		}
		return event.NewData(r, stream.NewData(x))
	case plainer:
		if v := reflect.ValueOf(x); v.Kind() == reflect.Pointer && v.IsNil() {
			return script.Null
		}
		return ToScript(r, x.Plain())
	case error:
		return r.ErrorValue(x)
	case *big.Int:
		return construct(r, "BigInt", false, r.String(x.String()))
	case time.Time:
		return construct(r, "Date", true, script.Number(float64(x.UnixMilli())))
	case netip.Addr:
		return r.String(x.String())
	case netip.Prefix:
		m, err := ip.ParseMask(x.String())
		if err != nil {
			return script.Null
		}
		return r.NewObjectOf(ip.MaskClass, m)
	case []any:
		if x == nil {
			return script.Null
		}
		return array(r, len(x), func(i int) any { return x[i] })
	case *plain.List:
		a := array(r, len(x.Elements), func(i int) any { return x.Elements[i] })
		r.DefineHidden(a, "type", r.String(x.Type))
		return a
	case plain.Object:
		if x == nil {
			return script.Null
		}
		o := r.NewObject()
		for _, f := range x {
			end := r.Scope()
			r.Set(o, f.Name, ToScript(r, f.Value))
			end()
		}
		return o
	case *plain.Typed:
		o := ToScript(r, x.Object)
		r.DefineHidden(o, "type", ToScript(r, x.Type))
		return o
	case plain.Map:
		return construct(r, "Map", true, array(r, len(x), func(i int) any { return x[i][:] }))
	case plain.Set:
		return construct(r, "Set", true, array(r, len(x), func(i int) any { return x[i] }))
	case plain.Enum:
		return enum(r, x)
	}
	return reflected(r, reflect.ValueOf(x))
}

func array(r *script.Realm, n int, element func(int) any) script.Value {
	a := r.NewArray()
	for i := range n {
		end := r.Scope()
		r.SetIndex(a, i, ToScript(r, element(i)))
		end()
	}
	return a
}

func set(r *script.Realm, o script.Value, k script.Key, x any) {
	end := r.Scope()
	r.SetKey(o, k, ToScript(r, x))
	end()
}

func construct(r *script.Realm, class string, isNew bool, arg script.Value) script.Value {
	f, err := r.Get(r.Global(), class)
	if err != nil {
		return script.Undefined
	}
	call := r.Call
	if isNew {
		call = r.Construct
	}
	v, err := call(f, arg)
	if err != nil {
		return script.Undefined
	}
	return v
}

func enum(r *script.Realm, x plain.Enum) script.Value {
	names, n := x.EnumNames(), reflect.ValueOf(x).Uint()
	if n < uint64(len(names)) && names[n] != "" {
		return r.String(names[n])
	}
	return script.Int(int(n))
}

// shape is a struct type as scripts see it.
type shape struct {
	fields []plain.StructField
	keys   []script.Key
}

var shapes sync.Map // reflect.Type → *shape

func shapeOf(t reflect.Type) *shape {
	if s, ok := shapes.Load(t); ok {
		return s.(*shape)
	}
	s := &shape{fields: plain.Fields(t)}
	for _, f := range s.fields {
		s.keys = append(s.keys, script.NewKey(f.Name))
	}
	shapes.Store(t, s)
	return s
}

func reflected(r *script.Realm, v reflect.Value) script.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return script.Null
		}
		return reflected(r, v.Elem())
	case reflect.Struct:
		o, s := r.NewObject(), shapeOf(v.Type())
		for i, f := range s.fields {
			if x := v.Field(f.Index); !f.OmitEmpty || !x.IsZero() {
				set(r, o, s.keys[i], x.Interface())
			}
		}
		return o
	case reflect.Slice:
		if v.IsNil() {
			return script.Null
		}
		return array(r, v.Len(), func(i int) any { return v.Index(i).Interface() })
	case reflect.Int8, reflect.Int16, reflect.Int32:
		return script.Int(int(v.Int()))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return script.Int(int(v.Uint()))
	}
	panic(fmt.Sprintf("payload: no script value for %s", v.Type()))
}
