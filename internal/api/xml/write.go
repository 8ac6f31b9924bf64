package xml

import (
	"fmt"
	"strings"

	"weir/internal/script"
)

// maxText ends the writing of what shares its parts so often that it would never end.
const maxText = 64 << 20

// writer renders elements.
type writer struct {
	strings.Builder
	r     *script.Realm
	space int
	limit int // of the text, in bytes
}

// write renders the only child of the first argument; it gives nothing if that is not how the argument looks.
func write(c *script.Call) (string, error) {
	if err := c.Need(1); err != nil {
		return "", err
	}
	doc := c.Arg(0)
	if _, ok := script.As[*node](c.Realm, doc); !ok && !doc.IsNull() {
		return "", script.ArgError(0, "an instance of pipy::XML::Node")
	}
	w := writer{r: c.Realm, limit: maxText}
	if c.Has(1) {
		n, err := c.Int(1)
		if err != nil {
			return "", err
		}
		w.space = min(max(n, 0), 10)
	}
	children, err := childrenOf(c.Realm, doc)
	if err != nil || len(children) != 1 {
		return "", err
	}
	if _, ok := script.As[*node](c.Realm, children[0]); !ok {
		return "", nil
	}
	if err := w.element(children[0], 0); err != nil {
		return "", err
	}
	if w.space > 0 {
		w.WriteByte('\n')
	}
	return w.String(), nil
}

func childrenOf(r *script.Realm, v script.Value) ([]script.Value, error) {
	if v.IsNull() {
		return nil, nil
	}
	array, err := r.GetKey(v, childrenKey)
	if err != nil || !array.IsObject() {
		return nil, err
	}
	return r.Elements(array)
}

var attributeEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\n", "&#10;", "\r", "&#13;", "\t", "&#9;")

func (w *writer) element(v script.Value, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("elements are nested deeper than %d levels: does one contain itself?", maxDepth)
	}
	if w.Len() > w.limit {
		return fmt.Errorf("the text is longer than %d bytes", w.limit)
	}
	defer w.r.Scope()()
	n, _ := script.As[*node](w.r, v)
	w.WriteByte('<')
	w.WriteString(n.name)
	attributes, err := w.r.GetKey(v, attributesKey)
	if err != nil {
		return err
	}
	err = w.r.Each(attributes, func(name string, v script.Value) error {
		s, err := w.r.ToString(v)
		fmt.Fprintf(w, ` %s="%s"`, name, attributeEscapes.Replace(s))
		return err
	})
	if err != nil {
		return err
	}
	children, err := childrenOf(w.r, v)
	if err != nil {
		return err
	}
	parts, lines, err := w.parts(children)
	if err != nil {
		return err
	}
	if len(parts) == 0 {
		w.WriteString("/>")
		return nil
	}
	w.WriteByte('>')
	for _, p := range parts {
		if lines {
			w.line(depth + 1)
		}
		if p.element.IsObject() {
			if err := w.element(p.element, depth+1); err != nil {
				return err
			}
		} else {
			w.chars(p.text)
		}
	}
	if lines {
		w.line(depth)
	}
	w.WriteString("</" + n.name + ">")
	return nil
}

// part is a child: an element or a text.
type part struct {
	element script.Value
	text    string
}

// parts returns what is to be written, and whether each of it goes on a line of its own: if there are elements. Blanks between
// lines are left out.
func (w *writer) parts(children []script.Value) (parts []part, lines bool, err error) {
	for _, c := range children {
		if _, ok := script.As[*node](w.r, c); ok {
			parts = append(parts, part{element: c})
			lines = w.space > 0
			continue
		}
		if c.IsNullish() {
			continue
		}
		s, err := w.r.ToString(c)
		if err != nil {
			return nil, false, err
		}
		parts = append(parts, part{text: s})
	}
	if !lines {
		return parts, false, nil
	}
	kept := parts[:0]
	for _, p := range parts {
		if p.element.IsObject() || strings.TrimSpace(p.text) != "" {
			kept = append(kept, p)
		}
	}
	return kept, true, nil
}

func (w *writer) line(depth int) {
	w.WriteByte('\n')
	for range w.space * depth {
		w.WriteByte(' ')
	}
}

// chars writes text: as a CDATA section if it has characters that mean something else. A carriage return is only kept as a
// reference, outside of sections.
func (w *writer) chars(s string) {
	for {
		text, rest, more := strings.Cut(s, "\r")
		if strings.ContainsAny(text, "<>&") {
			text = cdataStart + strings.ReplaceAll(text, cdataEnd, "]]"+cdataEnd+cdataStart+">") + cdataEnd
		}
		w.WriteString(text)
		if !more {
			return
		}
		w.WriteString("&#13;")
		s = rest
	}
}
