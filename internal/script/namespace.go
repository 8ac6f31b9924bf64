package script

import (
	"fmt"
	"strings"

	lib "modernc.org/libquickjs"
)

// Namespace is a global object with functions, classes and values, declared as data: it is installed into realms and
// listed as part of the scripting surface. With an empty name its members are globals themselves.
type Namespace struct {
	Name       string
	Sig        string // signature of the object itself, if it has one in the surface list
	Call       Func   // makes the object callable: pipy(...)
	CallSig    string
	Methods    []Method
	Props      []Prop
	Classes    []*Class
	Values     []Const
	Namespaces []*Namespace // nested objects, such as os.path
	// Extra rows for the surface list that are not properties: options, callbacks.
	Extra []Row
	// Setup runs after the installation, for what cannot be declared.
	Setup func(r *Realm) error
}

// Const is a property with a value made once per realm.
type Const struct {
	Name  string
	Sig   string
	Kind  string // "constant" if empty
	Value func(r *Realm) Value
}

// Row is a line of the surface list.
type Row struct{ Path, Kind, Signature string }

// Install makes the namespace part of the realm's globals.
func (r *Realm) Install(n *Namespace) error {
	defer r.Scope()()
	return r.install(n, r.Global())
}

func (r *Realm) install(n *Namespace, parent Value) error {
	obj := parent
	if n.Name != "" {
		switch {
		case n.Call != nil:
			obj = r.own(r.staticFunction(n.Name, 1, n.Call))
		default:
			obj = r.NewObject()
			if old, err := r.Get(parent, n.Name); err == nil && old.IsObject() {
				obj = old // extend what is there, such as the engine's own JSON
			}
		}
		r.define(parent.v, n.Name, dup(obj.v), propHidden)
	}
	flags := int32(propAll)
	if n.Name == "" {
		flags = propHidden
	}
	for _, m := range n.Methods {
		r.define(obj.v, m.Name, r.staticFunction(m.Name, m.Length, m.Fn), flags)
	}
	for _, p := range n.Props {
		r.defineAccessor(obj.v, p)
	}
	for _, k := range n.Classes {
		r.define(obj.v, k.Name, dup(r.class(k).ctor), flags)
	}
	for _, c := range n.Values {
		r.define(obj.v, c.Name, dup(c.Value(r).v), flags)
	}
	for _, s := range n.Namespaces {
		if err := r.install(s, obj); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	if n.Setup != nil {
		return n.Setup(r)
	}
	return nil
}

// Surface lists what the namespace offers. Kinds: global, function, property, constant, constructor.
func (n *Namespace) Surface() []Row { return n.surface("") }

func (n *Namespace) surface(prefix string) []Row {
	var rows []Row
	path := prefix
	if n.Name != "" {
		path += n.Name
		if n.Sig != "" {
			rows = append(rows, Row{path, "global", n.Sig})
		}
		if n.Call != nil {
			rows = append(rows, Row{path + "()", "function", n.CallSig})
		}
		path += "."
	}
	for _, m := range n.Methods {
		rows = append(rows, Row{path + m.Name, "function", m.signature()})
	}
	kind := "property"
	if path == "" {
		kind = "global"
	}
	for _, p := range n.Props {
		rows = append(rows, Row{path + p.Name, kind, p.Sig})
	}
	for _, c := range n.Values {
		kind := c.Kind
		if kind == "" {
			kind = "constant"
		}
		rows = append(rows, Row{path + c.Name, kind, c.Sig})
	}
	for _, k := range n.Classes {
		rows = append(rows, k.surface(path)...)
	}
	for _, s := range n.Namespaces {
		rows = append(rows, s.surface(path)...)
	}
	return append(rows, n.Extra...)
}

func (m Method) signature() string {
	if m.Sig != "" {
		return m.Sig
	}
	return m.Name + "()"
}

func (k *Class) surface(prefix string) []Row {
	path := k.Path
	if path == "" {
		path = prefix + k.Name
	}
	var rows []Row
	if k.New != nil || k.Make != nil || k.Sig != "" {
		rows = append(rows, Row{path, "constructor", k.Sig})
	}
	for _, m := range k.Statics {
		rows = append(rows, Row{path + "." + m.Name, "function", m.signature()})
	}
	for c := k; c != nil; c = c.Parent {
		for _, m := range c.Methods {
			rows = append(rows, Row{path + "#" + m.Name, "function", m.signature()})
		}
		for _, p := range c.Props {
			rows = append(rows, Row{path + "#" + p.Name, "property", p.Sig})
		}
	}
	return rows
}

// SetOwner and Owner attach what the realm's owner needs at hand in functions called by scripts.
func (r *Realm) SetOwner(x any) { r.owner = x }

// Owner returns what SetOwner was given.
func (r *Realm) Owner() any { return r.owner }

// Prelude evaluates built-in JavaScript that completes the realm. It is not subject to the dialect.
func (r *Realm) Prelude(name, source string) error {
	v := r.eval(source, name, lib.MJS_EVAL_TYPE_GLOBAL|lib.MJS_EVAL_FLAG_STRICT)
	if v.Ftag == tagException {
		return fmt.Errorf("%s: %s", name, strings.Join(r.Describe(r.takeException()), "\n"))
	}
	r.free(v)
	return nil
}

// ClassRows lists the members of classes that are reached through objects only.
func ClassRows(classes ...*Class) []Row {
	var rows []Row
	for _, k := range classes {
		rows = append(rows, k.surface("")...)
	}
	return rows
}
