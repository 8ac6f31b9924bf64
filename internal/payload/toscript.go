package payload

import (
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
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
	push(r, r.Parts(), x)
	v, _ := r.Parts().Take()
	return v
}

// push adds the script value of plain data to the parts.
func push(r *script.Realm, p *script.Parts, x any) {
	switch x := x.(type) {
	case nil:
		p.Push(script.Null)
	case plain.Undefined:
		p.Push(script.Undefined)
	case bool:
		p.Push(script.Bool(x))
	case string:
		p.String(x)
	case float64:
		p.Push(script.Number(x))
	case int:
		p.Push(script.Int(x))
	case *string:
		if x == nil {
			p.Push(script.Undefined)
			return
		}
		p.String(*x)
	case *stream.Data:
		if x == nil {
			p.Push(script.Null)
			return
		}
		p.Push(event.NewData(r, x))
	case []byte:
		if x == nil {
			p.Push(script.Null)
			return
		}
		p.Push(event.NewData(r, stream.NewData(x)))
	case plainer:
		if isNil(x) {
			p.Push(script.Null)
			return
		}
		push(r, p, x.Plain())
	case []any:
		if x == nil {
			p.Push(script.Null)
			return
		}
		array(r, p, x)
	case plain.Object:
		if x == nil {
			p.Push(script.Null)
			return
		}
		for _, f := range x {
			push(r, p, f.Value)
		}
		p.FieldsNamed(len(x), func(i int) string { return x[i].Name })
	default:
		if v, ok := object(r, x); ok {
			p.Push(v)
			return
		}
		reflected(r, p, reflect.ValueOf(x))
	}
}

func isNil(x plainer) bool {
	v := reflect.ValueOf(x)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

func array(r *script.Realm, p *script.Parts, list []any) {
	mark := p.Mark()
	for _, x := range list {
		push(r, p, x)
	}
	p.Array(mark)
}

// arrayOf is ToScript for a list that is an array also if it is nil.
func arrayOf(r *script.Realm, list []any) script.Value {
	array(r, r.Parts(), list)
	v, _ := r.Parts().Take()
	return v
}

// object returns the script value of data that is shown as an object of a class, or has something that plain objects have not.
func object(r *script.Realm, x any) (v script.Value, ok bool) {
	switch x := x.(type) {
	case plain.Int32:
		return lang.NewInt32(r, int32(x)), true
	case int64:
		return lang.NewInt(r, x), true
	case uint64:
		return lang.NewUint(r, x), true
	case error:
		return r.ErrorValue(x), true
	case *big.Int:
		return construct(r, "BigInt", false, r.String(x.String())), true
	case time.Time:
		return construct(r, "Date", true, script.Number(float64(x.UnixMilli()))), true
	case netip.Addr:
		return r.String(x.String()), true
	case netip.Prefix:
		m, err := ip.ParseMask(x.String())
		if err != nil {
			return script.Null, true
		}
		return r.NewObjectOf(ip.MaskClass, m), true
	case *plain.List:
		a := arrayOf(r, x.Elements)
		r.DefineHidden(a, "type", r.String(x.Type))
		return a, true
	case *plain.Typed:
		o := ToScript(r, x.Object)
		r.DefineHidden(o, "type", ToScript(r, x.Type))
		return o, true
	case plain.Map:
		pairs := make([]any, len(x))
		for i := range x {
			pairs[i] = x[i][:]
		}
		return construct(r, "Map", true, arrayOf(r, pairs)), true
	case plain.Set:
		return construct(r, "Set", true, arrayOf(r, x)), true
	case plain.Enum:
		return enum(r, x), true
	}
	return script.Undefined, false
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

// reflected is push for structs, slices and small integers.
func reflected(r *script.Realm, p *script.Parts, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			p.Push(script.Null)
			return
		}
		reflected(r, p, v.Elem())
	case reflect.Struct:
		pushStruct(r, p, v)
	case reflect.Slice:
		if v.IsNil() {
			p.Push(script.Null)
			return
		}
		mark := p.Mark()
		for i := range v.Len() {
			push(r, p, v.Index(i).Interface())
		}
		p.Array(mark)
	case reflect.Int8, reflect.Int16, reflect.Int32:
		p.Push(script.Int(int(v.Int())))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		p.Push(script.Int(int(v.Uint())))
	default:
		panic(fmt.Sprintf("payload: no script value for %s", v.Type()))
	}
}
