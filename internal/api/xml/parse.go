package xml

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"

	"weir/internal/script"
)

// maxDepth is how deep elements may be nested.
const maxDepth = 10000

// Parse returns the document node of a text, null if it is not well-formed.
func Parse(r *script.Realm, b []byte) script.Value {
	text, ok := toUTF8(b)
	if !ok {
		return script.Null
	}
	p := parser{r: r, left: maxExpansion + 8*len(text), using: map[string]bool{}}
	p.open(newNode(r, "", r.NewObject(), r.NewArray()), "")
	document := p.stack[0].node
	if !p.run(text) || p.stack[0].n != 1 {
		return script.Null
	}
	return document
}

type parser struct {
	r        *script.Realm
	entities map[string]string
	names    map[string]string // of the entities, for the decoder, which is not to replace them
	left     int               // how much text entities may still stand for
	using    map[string]bool   // the entities that are being read
	stack    []element         // open elements, below them the document
	doctype  bool
	begun    bool // there was something besides the declaration
}

// element is one whose end has not come yet.
type element struct {
	node, children script.Value
	n              int // children
	name           string
}

func (p *parser) open(node script.Value, name string) {
	children, _ := p.r.GetKey(node, childrenKey)
	p.stack = append(p.stack, element{node: node, children: children, name: name})
}

func (p *parser) add(v script.Value) {
	top := &p.stack[len(p.stack)-1]
	p.r.SetIndex(top.children, top.n, v)
	top.n++
}

// run reads the document, or what an entity stands for. Elements begin and end in the same of them.
func (p *parser) run(text []byte) bool {
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8 by now
	dec.Entity = p.names
	bottom := len(p.stack)
	for {
		from := dec.InputOffset()
		t, err := dec.RawToken()
		if err != nil {
			return err == io.EOF && len(p.stack) == bottom
		}
		raw := text[from:dec.InputOffset()]
		ok := true
		switch t := t.(type) {
		case xml.StartElement:
			ok = p.start(t, raw)
		case xml.EndElement:
			ok = len(p.stack) > bottom && p.stack[len(p.stack)-1].name == qualified(t.Name)
			if ok {
				p.stack = p.stack[:len(p.stack)-1]
			}
		case xml.CharData:
			ok = p.chars(raw)
		case xml.Directive:
			ok = p.directive(string(t))
			dec.Entity = p.names
		case xml.ProcInst:
			ok = !strings.EqualFold(t.Target, "xml") || !p.begun
		}
		if !ok {
			return false
		}
		p.begun = true
	}
}

func qualified(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

func (p *parser) start(t xml.StartElement, raw []byte) bool {
	if len(p.stack) > maxDepth || len(p.stack) == 1 && p.stack[0].n > 0 {
		return false
	}
	attributes := script.Null
	if len(t.Attr) > 0 {
		attributes = p.r.NewObject()
	}
	seen := make(map[string]bool, len(t.Attr))
	for _, a := range t.Attr {
		name := qualified(a.Name)
		text, rest, ok := nextAttribute(raw)
		value, valid := p.expand(text)
		if raw = rest; seen[name] || !ok || !valid {
			return false
		}
		seen[name] = true
		end := p.r.Scope()
		err := p.r.Set(attributes, name, p.r.String(value))
		end()
		if err != nil {
			return false
		}
	}
	name := qualified(t.Name)
	node := newNode(p.r, name, attributes, p.r.NewArray())
	p.add(node)
	p.open(node, name)
	return true
}

// nextAttribute cuts the next attribute off a start tag, or off what was left of it, and returns what is between its quotes. ok
// is false if the attribute follows another one at once.
func nextAttribute(tag []byte) (text string, rest []byte, ok bool) {
	i := bytes.IndexAny(tag, `"'`)
	if i < 0 {
		return "", nil, false
	}
	size := bytes.IndexByte(tag[i+1:], tag[i])
	if size < 0 {
		return "", nil, false
	}
	return string(tag[i+1 : i+1+size]), tag[i+size+2:], strings.IndexByte("< \t\n", tag[0]) >= 0
}

// directive takes the declarations of a DOCTYPE, which is allowed once, before the root.
func (p *parser) directive(text string) bool {
	if p.doctype || len(p.stack) > 1 || p.stack[0].n > 0 || !strings.HasPrefix(text, "DOCTYPE") {
		return false
	}
	p.doctype = true
	var ok bool
	p.entities, ok = entities(text)
	p.names = make(map[string]string, len(p.entities))
	for name := range p.entities {
		p.names[name] = ""
	}
	return ok
}

const (
	cdataStart = "<![CDATA["
	cdataEnd   = "]]>"
)

// chars adds text: every line end, reference and CDATA section by itself.
func (p *parser) chars(raw []byte) bool {
	s := string(raw)
	if section, ok := strings.CutPrefix(s, cdataStart); ok {
		if len(p.stack) == 1 {
			return false
		}
		p.lines(strings.TrimSuffix(section, cdataEnd))
		return true
	}
	if len(p.stack) == 1 {
		return strings.TrimSpace(s) == ""
	}
	return p.pieces(s, p.lines, p.string, func(literal string) bool { return p.run([]byte(literal)) })
}

func (p *parser) lines(s string) {
	for s != "" {
		line, rest, found := strings.Cut(s, "\n")
		p.string(line)
		if found {
			p.string("\n")
		}
		s = rest
	}
}

func (p *parser) string(s string) {
	if s != "" {
		end := p.r.Scope()
		p.add(p.r.String(s))
		end()
	}
}
