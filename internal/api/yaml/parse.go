package yaml

import (
	"errors"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"weir/internal/script"
)

// Parse returns the value of the last document of a text, undefined if there is none. The reviver, if it is a function,
// is called bottom-up with key, value and container of each value and gives the value to store.
func Parse(r *script.Realm, text string, reviver script.Value) (script.Value, error) {
	docs, err := documents(strings.TrimPrefix(text, "\ufeff"))
	if err != nil || len(docs) == 0 {
		return script.Undefined, err
	}
	b := builder{r: r, reviver: reviver, anchors: map[string]*script.Ref{}}
	defer b.free()
	v, err := b.value(docs[len(docs)-1])
	if err != nil {
		return script.Undefined, err
	}
	return b.revive("", v, script.Null)
}

type builder struct {
	r       *script.Realm
	reviver script.Value
	anchors map[string]*script.Ref
	pending string // the anchor of the value that comes next
	depth   int
}

func (b *builder) free() {
	for _, a := range b.anchors {
		a.Free()
	}
}

// value makes the script value of a node. Collections are known under their anchor before they are filled.
func (b *builder) value(n ast.Node) (script.Value, error) {
	anchor := b.pending
	b.pending = ""
	if b.depth++; b.depth > 10*maxNesting {
		return script.Undefined, errors.New("YAML: nested too deep")
	}
	defer func() { b.depth-- }()
	switch n := n.(type) {
	case *ast.TagNode:
		b.pending = anchor
		return b.value(n.Value)
	case *ast.AnchorNode:
		b.pending = nodeText(n.Name)
		return b.value(n.Value)
	case *ast.AliasNode:
		if a := b.anchors[nodeText(n.Value)]; a != nil {
			return a.Value(), nil
		}
		return script.Undefined, nil
	case *ast.MappingNode:
		o := b.r.NewObject()
		b.name(anchor, o)
		for _, e := range n.Values {
			if err := b.entry(o, e); err != nil {
				return script.Undefined, err
			}
		}
		return o, nil
	case *ast.MappingValueNode:
		o := b.r.NewObject()
		b.name(anchor, o)
		return o, b.entry(o, n)
	case *ast.SequenceNode:
		a := b.r.NewArray()
		b.name(anchor, a)
		for i, e := range n.Values {
			if err := b.element(a, i, e); err != nil {
				return script.Undefined, err
			}
		}
		return a, nil
	}
	s := b.r.String(nodeText(n))
	b.name(anchor, s)
	return s, nil
}

func (b *builder) name(anchor string, v script.Value) {
	if anchor != "" {
		b.anchors[anchor].Free()
		b.anchors[anchor] = b.r.Hold(v)
	}
}

func (b *builder) entry(o script.Value, e *ast.MappingValueNode) error {
	defer b.r.Scope()()
	key, err := b.key(e.Key)
	if err != nil {
		return err
	}
	v, err := b.value(e.Value)
	if err != nil {
		return err
	}
	if v, err = b.revive(key, v, o); err != nil {
		return err
	}
	return b.r.Set(o, key, v)
}

func (b *builder) element(a script.Value, i int, e ast.Node) error {
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
func (b *builder) key(n ast.Node) (string, error) {
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

// nodeText is the text of a scalar as it was written; nothing at all is ”.
func nodeText(n ast.Node) string {
	switch n := n.(type) {
	case nil:
		return ""
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	case *ast.MappingKeyNode:
		return nodeText(n.Value)
	}
	t := n.GetToken()
	if t == nil || t.Type == token.ImplicitNullType {
		return ""
	}
	return t.Value
}
