package yaml

import (
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"

	"weir/internal/script"
)

// Parse returns the value of the last document of a text, undefined if there is none. The reviver, if it is a function,
// is called bottom-up with key, value and container of each value and gives the value to store.
func Parse(r *script.Realm, text string, reviver script.Value) (script.Value, error) {
	doc, err := document(text)
	if err != nil || doc == nil {
		return script.Undefined, err
	}
	b := builder{r: r, reviver: reviver, anchors: map[string]*script.Ref{}}
	defer b.free()
	v, err := b.value(doc.Content[0])
	if err != nil {
		return script.Undefined, err
	}
	return b.revive("", v, script.Null)
}

type builder struct {
	r       *script.Realm
	reviver script.Value
	anchors map[string]*script.Ref
	depth   int
}

func (b *builder) free() {
	for _, a := range b.anchors {
		a.Free()
	}
}

// value makes the script value of a node. Collections are known under their anchor before they are filled.
func (b *builder) value(n *yaml.Node) (script.Value, error) {
	if b.depth++; b.depth > maxNesting {
		return script.Undefined, fmt.Errorf("YAML: nested too deep at line %d", n.Line)
	}
	defer func() { b.depth-- }()
	switch n.Kind {
	case yaml.AliasNode:
		if a := b.anchors[n.Value]; a != nil {
			return a.Value(), nil
		}
		return script.Undefined, nil // the anchor is in another document
	case yaml.MappingNode:
		o := b.r.NewObject()
		b.name(n.Anchor, o)
		for i := 0; i+1 < len(n.Content); i += 2 {
			if err := b.entry(o, n.Content[i], n.Content[i+1]); err != nil {
				return script.Undefined, err
			}
		}
		return o, nil
	case yaml.SequenceNode:
		a := b.r.NewArray()
		b.name(n.Anchor, a)
		for i, e := range n.Content {
			if err := b.element(a, i, e); err != nil {
				return script.Undefined, err
			}
		}
		return a, nil
	}
	s := b.r.String(n.Value)
	b.name(n.Anchor, s)
	return s, nil
}

func (b *builder) name(anchor string, v script.Value) {
	if anchor != "" {
		b.anchors[anchor].Free()
		b.anchors[anchor] = b.r.Hold(v)
	}
}

func (b *builder) entry(o script.Value, name, value *yaml.Node) error {
	defer b.r.Scope()()
	key, err := b.key(name)
	if err != nil {
		return err
	}
	v, err := b.value(value)
	if err != nil {
		return err
	}
	if v, err = b.revive(key, v, o); err != nil {
		return err
	}
	return b.r.Set(o, key, v)
}

func (b *builder) element(a script.Value, i int, e *yaml.Node) error {
	defer b.r.Scope()()
	v, err := b.value(e)
	if err != nil {
		return err
	}
	if !b.reviver.IsUndefined() {
		if v, err = b.revive(strconv.Itoa(i), v, a); err != nil {
			return err
		}
	}
	return b.r.SetIndex(a, i, v)
}

// key returns the text of a mapping's key; a collection has the text it has as a script value.
func (b *builder) key(n *yaml.Node) (string, error) {
	v, err := b.value(n)
	if err != nil {
		return "", err
	}
	return b.r.ToString(v)
}

func (b *builder) revive(key string, v, container script.Value) (script.Value, error) {
	if b.reviver.IsUndefined() {
		return v, nil
	}
	return b.r.Call(b.reviver, b.r.String(key), v, container)
}
