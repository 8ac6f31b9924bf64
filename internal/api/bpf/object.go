package bpf

import (
	"fmt"

	"weir/internal/api/cstruct"
	"weir/internal/clayout"
	"weir/internal/ebpf"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

// objectFile is the Go value of an ObjectFile. It keeps the objects of its parts, so that a script always gets the same.
type objectFile struct {
	*ebpf.Object
	programs, maps, variables []*script.Ref
	sections                  map[string]*script.Ref // maps of data sections
}

var objectClass = &script.Class{
	Name: "ObjectFile", Path: "bpf.ObjectFile",
	Props: []script.Prop{
		{Name: "programs", Sig: "Program[] (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return refs(c.Realm, script.This[*objectFile](c).programs), nil
		}},
		{Name: "maps", Sig: "Map[] (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return refs(c.Realm, script.This[*objectFile](c).maps), nil
		}},
		{Name: "variables", Sig: "Variable[] (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return refs(c.Realm, script.This[*objectFile](c).variables), nil
		}},
		{Name: "license", Sig: "string (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return c.String(script.This[*objectFile](c).License), nil
		}},
		{Name: "sections", Sig: "string[] (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return c.FromGo(script.This[*objectFile](c).Sections), nil
		}},
	},
	Methods: []script.Method{
		{Name: "program", Sig: "program(name: string): Program | undefined", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			o := script.This[*objectFile](c)
			name, err := c.Str(0)
			for i, p := range o.Programs {
				if p.Name == name {
					return o.programs[i].Value(), err
				}
			}
			return script.Undefined, err
		}},
		{Name: "map", Sig: "map(name: string): Map | undefined", Length: 1, Fn: objectMap},
		{Name: "variable", Sig: "variable(name: string): Variable | undefined", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			o := script.This[*objectFile](c)
			name, err := c.Str(0)
			for i, v := range o.Variables {
				if v.Name == name {
					return o.variables[i].Value(), err
				}
			}
			return script.Undefined, err
		}},
		{Name: "load", Sig: "load(options?: object): ObjectFile", Fn: objectLoad},
		{Name: "close", Sig: "close(): undefined", Fn: func(c *script.Call) (script.Value, error) {
			return script.Undefined, script.This[*objectFile](c).Close()
		}},
	},
}

func newObject(r *script.Realm, o *ebpf.Object) script.Value {
	f := &objectFile{Object: o, sections: map[string]*script.Ref{}}
	for _, p := range o.Programs {
		f.programs = append(f.programs, r.Hold(NewProgram(r, p)))
	}
	for _, m := range o.Maps {
		f.maps = append(f.maps, r.Hold(NewMap(r, m)))
	}
	for _, v := range o.Variables {
		f.variables = append(f.variables, r.Hold(r.NewObjectOf(variableClass, &variable{v, cstruct.NewCodec(v.Type)})))
	}
	return r.NewObjectOf(objectClass, f)
}

func refs(r *script.Realm, list []*script.Ref) script.Value {
	a := r.NewArray()
	for i, v := range list {
		r.SetIndex(a, i, v.Value())
	}
	return a
}

func objectMap(c *script.Call) (script.Value, error) {
	o := script.This[*objectFile](c)
	name, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	m := o.Map(name)
	if m == nil {
		return script.Undefined, nil
	}
	for i, x := range o.Maps {
		if x == m {
			return o.maps[i].Value(), nil
		}
	}
	if o.sections[name] == nil {
		o.sections[name] = c.Hold(NewMap(c.Realm, m))
	}
	return o.sections[name].Value(), nil
}

func objectLoad(c *script.Call) (script.Value, error) {
	if err := checkKeys(c.Realm, c.Arg(0), "options", "logLevel", "logSize", "license"); err != nil {
		return script.Undefined, err
	}
	o := c.Options(c.Arg(0))
	l := ebpf.LoadOptions{LogLevel: uint32(o.Int("logLevel", 0)), LogSize: uint32(o.Size("logSize", 0)), License: o.Str("license", "")}
	if o.Err() != nil {
		return script.Undefined, o.Err()
	}
	return c.This, script.This[*objectFile](c).Load(l)
}

// variable is the Go value of a Variable.
type variable struct {
	*ebpf.Variable
	codec *cstruct.Codec
}

var variableClass = &script.Class{
	Name: "Variable", Path: "bpf.Variable",
	Props: []script.Prop{
		{Name: "name", Sig: "string (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return c.String(script.This[*variable](c).Name), nil
		}},
		{Name: "section", Sig: "string (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return c.String(script.This[*variable](c).Section), nil
		}},
		{Name: "size", Sig: "number (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return script.Int(script.This[*variable](c).Size), nil
		}},
		{Name: "type", Sig: "CStruct | CUnion | null (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return layoutValue(c.Realm, script.This[*variable](c).Type), nil
		}},
		{Name: "constant", Sig: "boolean (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return script.Bool(script.This[*variable](c).Constant), nil
		}},
		{Name: "value", Sig: "any", Get: func(c *script.Call) (script.Value, error) {
			return script.This[*variable](c).read(c.Realm)
		}, Set: func(c *script.Call, v script.Value) error { return script.This[*variable](c).write(c.Realm, v) }},
	},
}

func layoutValue(r *script.Realm, l *clayout.Layout) script.Value {
	switch {
	case l == nil:
		return script.Null
	case l.Union:
		return r.NewObjectOf(cstruct.UnionClass, l)
	}
	return r.NewObjectOf(cstruct.StructClass, l)
}

func (v *variable) read(r *script.Realm) (script.Value, error) {
	b, err := v.Get()
	if err != nil {
		return script.Undefined, err
	}
	if v.codec == nil {
		return event.NewData(r, stream.NewData(b)), nil
	}
	o := v.codec.Decode(r, b)
	if v.Scalar {
		return r.Get(o, v.Type.Fields[0].Name)
	}
	return o, nil
}

// write sets the variable. What an object does not name stays as it is.
func (v *variable) write(r *script.Realm, x script.Value) error {
	b := make([]byte, v.Size)
	if d, ok := event.DataOf(r, x); ok {
		d.Peek(b)
		return v.Set(b)
	}
	if v.codec == nil {
		return fmt.Errorf("the variable %s has no type: give it Data", v.Name)
	}
	if v.Scalar {
		o := r.NewObject()
		if err := r.Set(o, v.Type.Fields[0].Name, x); err != nil {
			return err
		}
		x = o
	} else if !x.IsObject() {
		return fmt.Errorf("the variable %s expects an object", v.Name)
	} else if err := v.merge(b); err != nil {
		return err
	}
	if err := v.codec.Merge(r, x, b); err != nil {
		return err
	}
	return v.Set(b)
}

func (v *variable) merge(b []byte) error {
	old, err := v.Get()
	copy(b, old)
	return err
}

func setVariables(r *script.Realm, o *ebpf.Object, values script.Value) error {
	if values.IsUndefined() {
		return nil
	}
	if !values.IsObject() {
		return fmt.Errorf("options.variables expects an object")
	}
	return r.Each(values, func(name string, x script.Value) error {
		v := o.Variable(name)
		if v == nil {
			return fmt.Errorf("options.variables: the object has no variable named %s", name)
		}
		return (&variable{v, cstruct.NewCodec(v.Type)}).write(r, x)
	})
}
