package script

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// The engine keeps the names of an object's properties apart from their values, in a shape that objects with the same
// properties share. Adding properties one by one takes a search for the next shape at each. Data comes in objects of few
// kinds: their shapes are found here by the names, and the object is made of all values at once.

//go:linkname engineNewObjectFromShape modernc.org/libquickjs._JS_NewObjectFromShape
func engineNewObjectFromShape(tls *libc.TLS, ctx, shape uintptr, class lib.TJSClassID, values uintptr) jsValue

//go:linkname engineDupShape modernc.org/libquickjs._js_dup_shape
func engineDupShape(tls *libc.TLS, shape uintptr) uintptr

//go:linkname engineCreateArray modernc.org/libquickjs._js_create_array
func engineCreateArray(tls *libc.TLS, ctx uintptr, n int32, values uintptr) jsValue

// shape is a list of property names that plain objects have, as a node in a tree: its parent has all but the last.
type shape struct {
	parent *shape
	name   string
	atom   lib.TJSAtom
	count  int
	last   *shape // the child that was asked for last
	next   map[string]*shape
	sample jsValue // an object of this shape, which keeps it; undefined until there is one
}

const (
	maxShapes     = 4096 // names can be data
	maxShapeNames = 128
	maxShapeName  = 64
)

// shapes is the tree of a realm.
type shapes struct {
	root  shape
	count int
	most  int // that are kept; up to twice as many while a value is made
	epoch int // of the root: counts how often all was dropped
}

// beginShapes makes room for shapes. Shapes that were found before are not to be used after it, if epoch has changed.
func (r *Realm) beginShapes() {
	s := &r.shapes
	if s.count > s.most {
		s.root.drop(r)
		s.root, s.count = shape{sample: Undefined.v}, 0
		s.epoch++
	}
}

func (s *shape) drop(r *Realm) {
	for _, c := range s.next {
		c.drop(r)
	}
	r.free(s.sample)
	if s.parent != nil {
		lib.XJS_FreeAtom(r.tls, r.ctx, s.atom)
	}
}

// with returns the shape with one more name, nil if the name is there already, or nothing more is kept.
func (s *shape) with(r *Realm, name string) *shape {
	if c := s.last; c != nil && c.name == name {
		return c
	}
	if c := s.next[name]; c != nil {
		s.last = c
		return c
	}
	if s.count >= maxShapeNames || len(name) > maxShapeName || r.shapes.count > 2*r.shapes.most {
		return nil
	}
	for p := s; p.parent != nil; p = p.parent {
		if p.name == name {
			return nil
		}
	}
	name = string(append(make([]byte, 0, len(name)), name...)) // it may be borrowed
	c := &shape{parent: s, name: name, atom: r.newAtom(name), count: s.count + 1, sample: Undefined.v}
	if s.next == nil {
		s.next = map[string]*shape{}
	}
	s.next[name], s.last = c, c
	r.shapes.count++
	return c
}

// define appends properties of these names to an object, undefined.
func (s *shape) define(r *Realm, o jsValue) bool {
	return s.parent == nil ||
		s.parent.define(r, o) && lib.XJS_DefinePropertyValue(r.tls, r.ctx, o, s.atom, Undefined.v, propAll) > 0
}

// address returns the engine's shape, 0 if there is no memory for it.
func (s *shape) address(r *Realm) uintptr {
	if s.sample.Ftag != tagObject {
		o := lib.XJS_NewObject(r.tls, r.ctx)
		if o.Ftag == tagException || !s.define(r, o) {
			r.free(o)
			r.free(lib.XJS_GetException(r.tls, r.ctx))
			return 0
		}
		s.sample = o
	}
	return at[lib.TJSObject](payload(s.sample)).Fshape
}

// Names is a list of property names whose shape is looked up once per realm. Make them as package variables.
type Names int

var nameLists struct {
	sync.Mutex
	lists [][]string
}

// NewNames returns the Names for a list. The names are all different.
func NewNames(list ...string) Names {
	nameLists.Lock()
	defer nameLists.Unlock()
	nameLists.lists = append(nameLists.lists, list)
	return Names(len(nameLists.lists) - 1)
}

type namedShape struct {
	s     *shape
	epoch int
}

// shapeOf returns the shape of a list, nil if none is kept.
func (r *Realm) shapeOf(n Names) *shape {
	if int(n) >= len(r.named) {
		r.named = append(r.named, make([]namedShape, int(n)+1-len(r.named))...)
	}
	e := &r.named[n]
	if e.s == nil || e.epoch != r.shapes.epoch {
		list := n.list()
		e.s, e.epoch = r.shapeWith(len(list), func(i int) string { return list[i] }), r.shapes.epoch
	}
	return e.s
}

func (n Names) list() []string {
	nameLists.Lock()
	defer nameLists.Unlock()
	return nameLists.lists[n]
}

// shapeWith returns the shape that has n names in order, nil if none is kept.
func (r *Realm) shapeWith(n int, name func(int) string) *shape {
	s := &r.shapes.root
	for i := 0; i < n && s != nil; i++ {
		s = s.with(r, name(i))
	}
	return s
}

// Fields returns the values of an object that has the properties of a list, in order, and nothing else: it has just been made with
// Parts.Fields, or as if. They are borrowed until a script runs.
func (r *Realm) Fields(v Value, n Names) ([]Value, bool) { return r.fields(v, r.shapeOf(n)) }

// FieldsNamed is Fields for n names.
func (r *Realm) FieldsNamed(v Value, n int, name func(int) string) ([]Value, bool) {
	return r.fields(v, r.shapeWith(n, name))
}

func (r *Realm) fields(v Value, s *shape) ([]Value, bool) {
	if s == nil || !r.fastProps || !v.IsObject() {
		return nil, false
	}
	o := at[lib.TJSObject](payload(v.v))
	if o.Fclass_id != lib.EJS_CLASS_OBJECT || o.Fshape != s.address(r) {
		return nil, false
	}
	return unsafe.Slice(at[Value](o.Fprop), s.count), true
}

// ElementsInPlace returns what is in an array whose elements lie side by side, as they do unless there are holes, and that has no other
// properties. They are borrowed until a script runs.
func (r *Realm) ElementsInPlace(v Value) ([]Value, bool) {
	if !r.fastJSON || !v.IsObject() {
		return nil, false
	}
	o := at[lib.TJSObject](payload(v.v))
	if o.Fclass_id != lib.EJS_CLASS_ARRAY || !r.isBareArray(o) {
		return nil, false
	}
	values, n := fastArray(o)
	return unsafe.Slice(at[Value](values), n), true
}

// TextIs reports whether a value is a string of that text; of one that is being put together it does not know.
func (r *Realm) TextIs(v Value, s string) bool {
	if b, ok := ascii(v.v); ok {
		return string(b) == s
	}
	return v.v.Ftag == tagString && r.text(v.v) == s
}

// NameIs reports whether a value is the string that Parts.Name makes of a key.
func (r *Realm) NameIs(v Value, k Key) bool {
	s := lib.XJS_AtomToString(r.tls, r.ctx, r.keyAtom(k))
	r.free(s)
	return v.v == s
}

// Parts is a stack of values of which objects and arrays are made. A realm has one; whoever uses it leaves on it what was there.
// When there is no memory for a part, it is undefined, and Take says so.
type Parts struct {
	r      *Realm
	values []jsValue
	failed bool
	copied uintptr
}

// Parts returns the realm's stack of values.
func (r *Realm) Parts() *Parts {
	if len(r.parts.values) == 0 {
		r.beginShapes()
	}
	return &r.parts
}

func (p *Parts) push(v jsValue) {
	if v.Ftag == tagException {
		p.r.free(lib.XJS_GetException(p.r.tls, p.r.ctx))
		p.failed = true
		v = Undefined.v
	}
	p.values = append(p.values, v)
}

// Push adds a value.
func (p *Parts) Push(v Value) { p.values = append(p.values, dup(v.v)) }

// String adds a text.
func (p *Parts) String(s string) { p.push(p.r.newString(s)) }

// Name adds the text of a key.
func (p *Parts) Name(k Key) {
	p.push(lib.XJS_AtomToString(p.r.tls, p.r.ctx, p.r.keyAtom(k)))
}

// Mark returns where the next value goes.
func (p *Parts) Mark() int { return len(p.values) }

// Array makes an array of the values from a mark on, and takes their place.
func (p *Parts) Array(mark int) {
	var v jsValue
	if n := len(p.values) - mark; n == 0 {
		v = lib.XJS_NewArray(p.r.tls, p.r.ctx)
	} else {
		v = engineCreateArray(p.r.tls, p.r.ctx, int32(n), p.address(mark))
	}
	p.drop(mark)
	p.push(v)
}

// Fields makes an object of the last values, as many as there are names, and takes their place.
func (p *Parts) Fields(n Names) {
	if s := p.r.shapeOf(n); s != nil {
		p.object(s)
		return
	}
	list := n.list()
	p.FieldsNamed(len(list), func(i int) string { return list[i] })
}

// FieldsNamed makes an object of the last n values. Of those with the same name the last one counts.
func (p *Parts) FieldsNamed(n int, name func(int) string) {
	if s := p.r.shapeWith(n, name); s != nil {
		p.object(s)
		return
	}
	mark := len(p.values) - n
	o := lib.XJS_NewObject(p.r.tls, p.r.ctx)
	for i := 0; i < n && o.Ftag == tagObject; i++ {
		p.r.define(o, name(i), dup(p.values[mark+i]), propAll)
	}
	p.drop(mark)
	p.push(o)
}

// object makes an object of the last values, as many as the shape has names, and takes their place.
func (p *Parts) object(s *shape) {
	r, mark := p.r, len(p.values)-s.count
	if s.count == 0 {
		p.push(lib.XJS_NewObject(r.tls, r.ctx))
		return
	}
	at := s.address(r)
	if at == 0 {
		p.drop(mark)
		p.push(jsValue{Ftag: tagException})
		return
	}
	v := engineNewObjectFromShape(r.tls, r.ctx, engineDupShape(r.tls, at), lib.EJS_CLASS_OBJECT, p.address(mark))
	p.values = p.values[:mark] // the object has them, or they are gone
	p.push(v)
}

// address returns where the engine finds the values from a mark on, until the next call.
func (p *Parts) address(mark int) uintptr {
	if !raceEnabled {
		return uintptr(unsafe.Pointer(&p.values[mark]))
	}
	libc.Xfree(p.r.tls, p.copied) // pointers into Go's memory that are made of numbers are taken for mistakes
	size := uintptr(len(p.values)-mark) * unsafe.Sizeof(jsValue{})
	p.copied = libc.Xmalloc(p.r.tls, libc.Tsize_t(size))
	copy(unsafe.Slice(at[jsValue](p.copied), len(p.values)-mark), p.values[mark:])
	return p.copied
}

func (p *Parts) drop(mark int) {
	for _, v := range p.values[mark:] {
		p.r.free(v)
	}
	p.values = p.values[:mark]
}

// Take returns the value that was made of all parts; ok is false if there was no memory for a part of it.
func (p *Parts) Take() (v Value, ok bool) {
	n := len(p.values) - 1
	v, ok = p.r.own(p.values[n]), !p.failed
	p.values, p.failed = p.values[:n], false
	return v, ok
}
