package dialect

import "strings"

// importDecl is an import declaration.
type importDecl struct {
	first, last int // tokens, last without the semicolon
	specifier   int // token
	namespace   string
	nsAt        int
	names       []binding
	tail        string // import attributes as written
	ref         string // name of the namespace object in the output
}

// binding is an entry of an import or export list, names as written. A name
// may be quoted.
type binding struct {
	name, alias string
	at          int // token of the name
}

type exportForm uint8

const (
	exportDeclaration exportForm = iota // var, let, const, function, class
	exportDefault
	exportList
	exportFrom // a list or * with `from`
)

// exportDecl is an export declaration.
type exportDecl struct {
	form        exportForm
	first, last int // tokens; last is that before the declaration or value for the first two forms
	list        []binding
	specifier   int
	anonymous   bool // default function or class without a name
	exported    []string
}

// modules finds the import and export declarations and takes them out of the image.
func (p *prepared) modules() *SyntaxError {
	for i := 0; i < len(p.tokens); i++ {
		t := &p.tokens[i]
		if t.kind != tokWord {
			continue
		}
		var err *SyntaxError
		switch p.str(i) {
		case "import":
			if p.isImport(i) {
				i, err = p.importDeclaration(i)
			}
		case "export":
			if p.isExport(i) {
				i, err = p.exportDeclaration(i)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *prepared) isImport(i int) bool {
	if !p.word(i, "import") {
		return false
	}
	switch n := &p.tokens[i+1]; n.kind {
	case tokString, tokWord:
		return true
	case tokEOF:
		return true
	default:
		return p.is(i+1, "{") || p.is(i+1, "*")
	}
}

func (p *prepared) isExport(i int) bool {
	if !p.word(i, "export") {
		return false
	}
	n := &p.tokens[i+1]
	return n.kind == tokWord || n.kind == tokEOF || p.is(i+1, "{") || p.is(i+1, "*") || p.is(i+1, ";")
}

// begins tells whether a statement can begin at token i.
func (p *prepared) begins(i int) bool {
	return i == 0 || p.tokens[i].newline || p.is(i-1, ";") || p.is(i-1, "}")
}

func (p *prepared) importDeclaration(i int) (int, *SyntaxError) {
	if p.tokens[i].inside >= 0 || !p.begins(i) {
		return i, p.failAt(i, "illegal import")
	}
	d := &importDecl{first: i}
	i++
	if p.tokens[i].kind != tokString {
		for {
			var err *SyntaxError
			switch {
			case p.is(i, "{"):
				d.names, i, err = p.list(i, d.names)
			case p.is(i, "*"):
				if !p.is(i+1, "as") || p.tokens[i+2].kind != tokWord {
					return i, p.failAt(i+1, "missing identifier")
				}
				d.namespace, d.nsAt = p.str(i+2), i+2
				i += 3
			case p.tokens[i].kind == tokWord:
				d.names = append(d.names, binding{"default", p.str(i), i})
				i++
			default:
				return i, p.failAt(i, "missing identifier")
			}
			if err != nil {
				return i, err
			}
			if !p.is(i, ",") {
				break
			}
			i++
		}
		if !p.is(i, "from") {
			return i, p.failAt(i, "'from' expected")
		}
		i++
	}
	d.specifier = i
	if p.tokens[i].kind != tokString {
		return i, p.failAt(i, "missing module name")
	}
	d.last = p.attributes(i)
	if d.last > i {
		d.tail = p.text[p.end(i):p.end(d.last)]
	}
	p.imports = append(p.imports, d)
	p.hide(d.first, d.last)
	return d.last, nil
}

// attributes gives the last token of `with {…}` after token i, or i.
func (p *prepared) attributes(i int) int {
	if (p.is(i+1, "with") || p.is(i+1, "assert") && !p.tokens[i+1].newline) && p.is(i+2, "{") {
		return int(p.tokens[i+2].match)
	}
	return i
}

// list reads { name, name as alias, … }.
func (p *prepared) list(i int, l []binding) ([]binding, int, *SyntaxError) {
	for i++; ; i++ {
		if p.is(i, "}") {
			return l, i + 1, nil
		}
		if k := p.tokens[i].kind; k != tokWord && k != tokString {
			return l, i, p.failAt(i, "missing identifier")
		}
		b := binding{p.str(i), p.str(i), i}
		if p.is(i+1, "as") && !p.is(i+2, ",") && !p.is(i+2, "}") {
			if k := p.tokens[i+2].kind; k != tokWord && k != tokString {
				return l, i, p.failAt(i+2, "missing identifier")
			}
			b.alias = p.str(i + 2)
			i += 2
		}
		l = append(l, b)
		i++
		if p.is(i, "}") {
			return l, i + 1, nil
		}
		if !p.is(i, ",") {
			return l, i, p.failAt(i, "unexpected token")
		}
	}
}

func (p *prepared) exportDeclaration(i int) (int, *SyntaxError) {
	if p.tokens[i].inside >= 0 || !p.begins(i) {
		return i, p.failAt(i, "illegal export")
	}
	d := &exportDecl{first: i, specifier: -1}
	p.exports = append(p.exports, d)
	i++
	var err *SyntaxError
	switch {
	case p.is(i, "{"):
		d.form = exportList
		d.list, i, err = p.list(i, nil)
		if err != nil {
			return i, err
		}
		d.last = i - 1
		if p.is(i, "from") && p.tokens[i+1].kind == tokString {
			return p.exportFrom(d, i)
		}
		p.hide(d.first, d.last)
		return d.last, nil
	case p.is(i, "*"):
		i++
		if p.is(i, "as") {
			if k := p.tokens[i+1].kind; k != tokWord && k != tokString {
				return i, p.failAt(i+1, "missing exported name")
			}
			d.list = []binding{{"*", p.str(i + 1), i}}
			i += 2
		}
		if !p.is(i, "from") {
			return i, p.failAt(i, "'from' expected")
		}
		return p.exportFrom(d, i)
	case p.is(i, "default"):
		d.form = exportDefault
		d.last = i
		p.hide(d.first, d.last)
		p.defaultValue(d)
		p.exportAt[i+1] = d
		return i, nil
	case p.is(i, "var"), p.is(i, "let"), p.is(i, "const"), p.is(i, "function"), p.is(i, "class"),
		p.is(i, "async") && p.is(i+1, "function"):
		d.last = i - 1
		p.hide(d.first, d.last)
		p.exportAt[i] = d
		return i - 1, nil
	}
	return i, p.failAt(i, "illegal export")
}

func (p *prepared) exportFrom(d *exportDecl, from int) (int, *SyntaxError) {
	d.form = exportFrom
	d.specifier = from + 1
	if p.tokens[from+1].kind != tokString {
		return from, p.failAt(from+1, "missing module name")
	}
	d.last = p.attributes(from + 1)
	p.hide(d.first, d.last)
	return d.last, nil
}

// defaultValue turns `export default value` in the image into an assignment,
// unless the value is a function or class with a name.
func (p *prepared) defaultValue(d *exportDecl) {
	i := d.last + 1
	head := i
	if p.is(head, "async") && p.is(head+1, "function") {
		head++
	}
	if p.is(head, "function") || p.is(head, "class") {
		name := head + 1
		if p.is(name, "*") {
			name++
		}
		if p.tokens[name].kind == tokWord && !(p.is(head, "class") && p.is(name, "extends")) {
			return
		}
		d.anonymous = true
		if at := p.end(p.bodyEnd(name)); at < len(p.image) && p.image[at] <= ' ' {
			p.image[at] = ';'
		}
	}
	copy(p.image[p.start(d.first):], ";d=")
}

// hide blanks tokens in the image; a semicolon keeps the neighbors apart.
func (p *prepared) hide(first, last int) {
	fill(p.image[p.start(first):p.end(last)], ' ')
	p.image[p.start(first)] = ';'
}

func (f *source) failAt(i int, message string) *SyntaxError { return f.fail(f.start(i), message) }

// unquote gives the text of a string literal token as the author means it,
// escapes aside.
func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '\'' || s[0] == '"') {
		return s[1 : len(s)-1]
	}
	return s
}

// member is an access to a property by an import or export name.
func member(object, name string) string {
	if strings.HasPrefix(name, "'") || strings.HasPrefix(name, `"`) {
		return object + "[" + name + "]"
	}
	return object + "." + name
}
