package script

import (
	"unsafe"

	lib "modernc.org/libquickjs"
)

// Reading all properties of a small object through the engine's interface costs more than making it: a table of names, a
// look-up for each. Plain objects with plain values, what scripts give as heads and headers, are read where they lie.

// ownProp is an own enumerable property, its value owned.
type ownProp struct {
	name string
	v    jsValue
}

const classObject = 1 // the engine's class of plain objects

// ownProps appends the own enumerable properties of a plain object to r.props. It returns false, and appends nothing, if
// the object is anything else.
func (r *Realm) ownProps(obj jsValue) bool {
	if !r.fastProps || obj.Ftag != tagObject {
		return false
	}
	o := at[lib.TJSObject](payload(obj))
	if o.Fclass_id != classObject {
		return false
	}
	sh := at[lib.TJSShape](o.Fshape)
	desc := properties(o.Fshape)
	base := len(r.props)
	for i := range uintptr(sh.Fprop_count) {
		d := at[lib.TJSShapeProperty](desc + i*unsafe.Sizeof(lib.TJSShapeProperty{}))
		flags := int32(d.F__ccgo0 >> 26)
		switch {
		case d.Fatom == 0: // deleted
			continue
		case d.Fatom>>31 != 0, flags&lib.MJS_PROP_TMASK != 0: // an index, which goes before names; a getter
			r.dropProps(base)
			return false
		case flags&propEnumerable == 0:
			continue
		}
		name, ok := r.atomName(d.Fatom)
		if !ok {
			continue
		}
		r.props = append(r.props, ownProp{name, dup(*at[jsValue](o.Fprop + i*unsafe.Sizeof(jsValue{})))})
	}
	return true
}

// properties returns where the descriptions of a shape's properties are: behind the shape and its hash table.
func properties(shape uintptr) uintptr {
	return shape + unsafe.Sizeof(lib.TJSShape{}) + (uintptr(at[lib.TJSShape](shape).Fprop_hash_mask)+1)*4
}

func (r *Realm) eachProp(base int, f func(name string, v Value) error) (err error) {
	for i := base; i < len(r.props) && err == nil; i++ {
		p := r.props[i]
		err = f(p.name, Value{p.v})
	}
	r.dropProps(base)
	return err
}

func (r *Realm) dropProps(base int) {
	for i := base; i < len(r.props); i++ {
		r.free(r.props[i].v)
		r.props[i] = ownProp{}
	}
	r.props = r.props[:base]
}

// checkOwnProps makes sure that this platform's layout is the expected one.
func (r *Realm) checkOwnProps() bool {
	o := lib.XJS_NewObject(r.tls, r.ctx)
	defer r.free(o)
	r.define(o, "one", intValue(1), propAll)
	r.define(o, "hidden", intValue(2), propHidden)
	r.define(o, "three", r.newString("drei"), propAll)
	r.fastProps = true
	if !r.ownProps(o) {
		return false
	}
	defer r.dropProps(0)
	return len(r.props) == 2 && r.props[0].name == "one" && r.props[0].v == intValue(1) &&
		r.props[1].name == "three" && r.props[1].v.Ftag == tagString && r.text(r.props[1].v) == "drei"
}
