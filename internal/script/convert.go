package script

// Pair is a name with a value, for ordered objects.
type Pair struct {
	Name  string
	Value any
}

// Object is plain data in the shape of an object, in order.
type Object []Pair

// FromGo converts plain Go data to a script value: nil to null, bool, string, numbers, []any, Object, map[string]any (in no
// particular order), []string, Value and *Ref as they are.
func (r *Realm) FromGo(x any) Value {
	switch x := x.(type) {
	case nil:
		return Null
	case Value:
		return x
	case *Ref:
		return x.Value()
	case bool:
		return Bool(x)
	case string:
		return r.String(x)
	case int:
		return Int(x)
	case int64:
		return Number(float64(x))
	case uint64:
		return Number(float64(x))
	case float64:
		return Number(x)
	case []string:
		a := r.NewArray()
		for i, s := range x {
			r.SetIndex(a, i, r.String(s))
		}
		return a
	case []any:
		a := r.NewArray()
		for i, e := range x {
			end := r.Scope()
			r.SetIndex(a, i, r.FromGo(e))
			end()
		}
		return a
	case Object:
		o := r.NewObject()
		for _, p := range x {
			end := r.Scope()
			r.Set(o, p.Name, r.FromGo(p.Value))
			end()
		}
		return o
	case map[string]any:
		o := r.NewObject()
		for k, v := range x {
			end := r.Scope()
			r.Set(o, k, r.FromGo(v))
			end()
		}
		return o
	}
	return Undefined
}

// ToGo converts a script value to plain Go data (see FromGo): functions and symbols become nil, undefined becomes
// Undefined, objects are copied with their enumerable fields to a depth of 100; a cycle is cut with nil.
func (r *Realm) ToGo(v Value) any { return r.toGo(v, 0) }

func (r *Realm) toGo(v Value, depth int) any {
	switch {
	case v.IsUndefined():
		return Undefined
	case v.IsNull():
		return nil
	case v.IsBool():
		return r.Truthy(v)
	case v.IsString():
		return r.text(v.v)
	case v.IsNumber():
		f, _ := v.Float()
		return f
	case !v.IsObject() || depth >= 100 || r.IsFunction(v):
		return nil
	}
	if r.IsArray(v) {
		a := make([]any, r.Len(v))
		for i := range a {
			end := r.Scope()
			e, err := r.GetIndex(v, i)
			if err == nil {
				a[i] = r.toGo(e, depth+1)
			}
			end()
		}
		return a
	}
	o := Object{}
	r.Each(v, func(name string, f Value) error {
		o = append(o, Pair{name, r.toGo(f, depth+1)})
		return nil
	})
	return o
}
