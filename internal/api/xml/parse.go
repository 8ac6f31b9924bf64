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
	p := parser{r: r, text: text, dec: xml.NewDecoder(bytes.NewReader(text))}
	p.dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8 by now
	if p.entities, ok = entities(""); !ok || !fits(text, p.entities) {
		return script.Null
	}
	p.open(newNode(r, "", r.NewObject(), r.NewArray()), "")
	document := p.stack[0].node
	if !p.run() || len(p.stack) != 1 || p.stack[0].n != 1 {
		return script.Null
	}
	return document
}

type parser struct {
	r        *script.Realm
	text     []byte
	dec      *xml.Decoder
	entities map[string]string
	stack    []element // open elements, below them the document
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

// run reads all tokens.
func (p *parser) run() bool {
	for {
		from := p.dec.InputOffset()
		t, err := p.dec.RawToken()
		if err != nil {
			return err == io.EOF
		}
		raw := p.text[from:p.dec.InputOffset()]
		ok := true
		switch t := t.(type) {
		case xml.StartElement:
			ok = p.start(t)
		case xml.EndElement:
			ok = len(p.stack) > 1 && p.stack[len(p.stack)-1].name == qualified(t.Name)
			if ok {
				p.stack = p.stack[:len(p.stack)-1]
			}
		case xml.CharData:
			ok = p.chars(raw)
		case xml.Directive:
			ok = p.directive(string(t))
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

func (p *parser) start(t xml.StartElement) bool {
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
		if seen[name] {
			return false
		}
		seen[name] = true
		end := p.r.Scope()
		err := p.r.Set(attributes, name, p.r.String(a.Value))
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

// directive takes the declarations of a DOCTYPE, which is allowed once, before the root.
func (p *parser) directive(text string) bool {
	if p.doctype || len(p.stack) > 1 || p.stack[0].n > 0 || !strings.HasPrefix(text, "DOCTYPE") {
		return false
	}
	p.doctype = true
	var ok bool
	if p.entities, ok = entities(text); !ok || !fits(p.text, p.entities) {
		return false
	}
	p.dec.Entity = p.entities
	return true
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
	for s != "" {
		at := strings.IndexByte(s, '&')
		if at < 0 {
			p.lines(s)
			break
		}
		p.lines(s[:at])
		end := strings.IndexByte(s[at:], ';')
		if end < 0 {
			return false
		}
		v, ok := resolve(s[at:at+end+1], p.entities)
		if !ok {
			return false
		}
		p.string(v)
		s = s[at+end+1:]
	}
	return true
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
