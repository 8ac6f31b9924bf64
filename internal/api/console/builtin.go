package console

import "weir/internal/script"

// builtin writes objects of the language that have no fields to show. It returns false for all others.
func (d *dumper) builtin(v script.Value) bool {
	if d.r.IsArray(v) || d.r.IsError(v) {
		return false
	}
	switch tag := d.tag(v); tag {
	case "Date", "RegExp", "Number", "Boolean", "BigInt":
		// Invalid dates included, whose other string forms fail.
		d.convert(v)
	case "String":
		s, _ := d.r.ToString(v)
		quote(&d.Builder, s)
	case "Map", "Set":
		d.collection(v, tag)
	default:
		return false
	}
	return true
}

// tag is the class of an object of the language, whatever its prototype pretends; empty for those without one.
func (d *dumper) tag(v script.Value) string {
	for _, name := range [...]string{"Map", "Set", "Date", "RegExp", "Number", "Boolean", "String"} {
		ctor, err := d.r.Get(d.r.Global(), name)
		if err == nil && d.r.InstanceOf(v, ctor) {
			return name
		}
	}
	return ""
}

func (d *dumper) convert(v script.Value) {
	s, err := d.r.ToString(v)
	if err != nil {
		d.failure(err)
		return
	}
	d.WriteString(s)
}

func (d *dumper) collection(v script.Value, tag string) {
	d.WriteString(tag)
	for _, p := range d.path {
		if d.r.Same(p, v) {
			d.WriteString("{ ...recursive }")
			return
		}
	}
	if len(d.path) >= maxDepth {
		d.WriteString("{ ... }")
		return
	}
	d.path = append(d.path, v)
	defer func() { d.path = d.path[:len(d.path)-1] }()
	entries, err := d.entries(v)
	l := list{d: d, open: "{ ", close: " }"}
	defer l.end()
	if err != nil {
		l.next()
		d.failure(err)
		return
	}
	for i := range d.r.Len(entries) {
		end := d.r.Scope()
		l.next()
		e, _ := d.r.GetIndex(entries, i)
		if tag == "Set" {
			d.value(e)
		} else {
			d.element(e, 0)
			d.WriteString(" => ")
			d.element(e, 1)
		}
		end()
		if d.Len() > d.limit {
			return
		}
	}
}

func (d *dumper) element(pair script.Value, i int) {
	v, err := d.r.GetIndex(pair, i)
	if err != nil {
		d.failure(err)
		return
	}
	d.value(v)
}

// entries returns the content of a Map or Set as an array.
func (d *dumper) entries(v script.Value) (script.Value, error) {
	array, err := d.r.Get(d.r.Global(), "Array")
	if err != nil {
		return script.Undefined, err
	}
	from, err := d.r.Get(array, "from")
	if err != nil {
		return script.Undefined, err
	}
	return d.r.CallMethod(from, array, v)
}

// className is the name an object's class goes by.
func (d *dumper) className(v script.Value) string {
	if k := d.r.ClassOf(v); k != nil {
		return k.Name
	}
	if d.r.IsArray(v) {
		return "Array"
	}
	ctor, err := d.r.Get(v, "constructor")
	if err == nil && ctor.IsObject() {
		if name, err := d.r.Get(ctor, "name"); err == nil {
			if s, ok := d.r.AsString(name); ok && s != "" {
				return s
			}
		}
	}
	return "Object"
}
