package dialect

import (
	"fmt"
	"strings"

	"github.com/grafana/sobek/ast"
)

func (d *exportDecl) declare(name string) { d.exported = append(d.exported, name) }

// exportNames notes what an exported declaration at token i declares.
func (w *walker) exportNames(i int, list []*ast.Binding) {
	d := w.exportAt[i]
	if d == nil {
		return
	}
	for _, b := range list {
		w.bound(b.Target, func(name string, at int) {
			if v := w.lookup(name); v != nil && v.fiber {
				w.fail(at, "cannot export a fiber variable")
			}
			d.declare(name)
		})
	}
}

// exportDefault handles `export default value`. The value is kept in a
// variable, so that a cyclic import reads undefined before it is there.
func (w *walker) exportDefault(d *exportDecl, value ast.Expression, marked bool) {
	if d.anonymous {
		w.expression(value)
		return
	}
	from, to := w.start(d.first), w.end(d.last)
	w.edits.replace(from, to, "__$default="+strings.Repeat("\n", w.newlines(from, to)))
	s := span{d.last + 1, w.expand(span{d.last, w.span(value).last}).last}
	if !marked {
		w.expression(value)
		return
	}
	w.complete(s, value)
}

// bindImports declares the imported names in the module scope. Names from a
// module are properties of its namespace object, which gives undefined for
// what the module does not export.
func (w *walker) bindImports(s *scope) {
	for _, d := range w.imports {
		if len(d.names) > 0 {
			d.ref = w.fresh()
		}
		for _, b := range d.names {
			s.set(b.alias, &variable{replacement: member(d.ref, b.name), assigned: "__$ro." + b.alias, method: true})
		}
		if d.namespace != "" {
			s.set(d.namespace, &variable{assigned: "__$ro." + d.namespace})
		}
	}
}

// declareExports declares exported names that the file does not declare.
func (w *walker) declareExports(s *scope) {
	for _, d := range w.exports {
		if d.form != exportList {
			continue
		}
		for _, b := range d.list {
			v := s.vars[b.name]
			if v == nil {
				if k := w.tokens[b.at].kind; k != tokWord || b.name == "default" {
					w.fail(b.at, "missing identifier")
					continue
				}
				w.declareLocal(s, b.name, b.at)
				w.module.hoisted = append(w.module.hoisted, b.name)
			} else if v.fiber {
				w.fail(b.at, "cannot export a fiber variable")
			}
		}
	}
}

// modulesText makes the edits for imports and exports. It gives what has to
// stand at the begin and at the end of the module. A file with a top-level
// return is wrapped in a block, where none of them may stand.
func (w *walker) modulesText() (head, inner, tail string) {
	var h, in, t strings.Builder
	for _, d := range w.imports {
		if len(d.names) == 0 && !w.returns {
			continue
		}
		text := d.text(w)
		if w.returns {
			h.WriteString(text + ";")
			text = ""
		}
		w.substitute(d.first, d.last, text)
	}
	for _, d := range w.exports {
		switch d.form {
		case exportFrom:
			if w.returns {
				h.WriteString(w.text[w.start(d.first):w.end(d.last)] + "\n;")
				w.substitute(d.first, d.last, "")
			}
		case exportList:
			if text, changed := w.listText(d, &h, &in); changed || w.returns {
				w.substitute(d.first, d.last, ";")
				t.WriteString(text)
			}
		case exportDefault:
			w.defaultText(d, &h, &in, &t)
		case exportDeclaration:
			if w.returns {
				w.substitute(d.first, d.last, "")
				for _, name := range d.exported {
					t.WriteString(w.visible(name, name, &h, &in))
				}
			}
		}
	}
	return h.String(), in.String(), t.String()
}

// substitute replaces tokens, keeping line breaks.
func (w *walker) substitute(first, last int, with string) {
	from, to := w.start(first), w.end(last)
	w.edits.replace(from, to, with+strings.Repeat("\n", w.newlines(from, to)))
}

func (d *importDecl) text(w *walker) string {
	from := " from " + w.str(d.specifier) + d.tail
	var parts []string
	if len(d.names) > 0 {
		parts = append(parts, "import * as "+d.ref+from)
	}
	if d.namespace != "" {
		parts = append(parts, "import * as "+d.namespace+from)
	}
	if parts == nil {
		parts = append(parts, "import "+w.str(d.specifier)+d.tail)
	}
	return strings.Join(parts, ";")
}

// listText gives the export declarations for a list. Imported names are
// exported from where they come.
func (w *walker) listText(d *exportDecl, h, in *strings.Builder) (text string, changed bool) {
	var b strings.Builder
	for _, e := range d.list {
		v := w.module.scope.vars[e.name]
		switch {
		case v == nil:
			continue
		case v.method:
			changed = true
			name, from := w.importOf(e.name)
			fmt.Fprintf(&b, "export{%s as %s}from%s;", name, e.alias, from)
		case v.replacement != "":
			changed = true
			fmt.Fprintf(&b, "export{%s as %s};", v.replacement, e.alias)
		case w.returns:
			b.WriteString(w.visible(e.name, e.alias, h, in))
		default:
			fmt.Fprintf(&b, "export{%s as %s};", e.name, e.alias)
		}
	}
	return b.String(), changed
}

func (w *walker) importOf(local string) (name, from string) {
	for _, d := range w.imports {
		for _, b := range d.names {
			if b.alias == local {
				return b.name, w.str(d.specifier) + d.tail
			}
		}
	}
	return local, ""
}

// visible exports a name that is declared inside the block of a file with a
// top-level return. Variables are visible outside of it as `var`, functions
// through a variable that is set when the block begins.
func (w *walker) visible(local, exported string, h, in *strings.Builder) string {
	v := w.module.scope.vars[local]
	if v == nil {
		return ""
	}
	name := local
	switch v.form {
	case lexicalForm:
		w.edits.replace(w.start(v.keyword), w.end(v.keyword), "var")
		v.form = varForm
	case classForm:
		w.edits.wrap(w.start(v.keyword), w.end(w.bodyEnd(v.keyword)), "var "+local+"=", ";")
		v.form = varForm
	case functionForm:
		name = w.fresh()
		h.WriteString("var " + name + ";")
		in.WriteString(name + "=" + local + ";")
	}
	return "export{" + name + " as " + exported + "};"
}

// defaultText makes the edits for `export default`.
func (w *walker) defaultText(d *exportDecl, h, in, t *strings.Builder) {
	const export = "var __$default;export{__$default as default};"
	head := d.last + 1
	if w.is(head, "async") && w.is(head+1, "function") {
		head++
	}
	switch {
	case !d.anonymous && (w.is(head, "function") || w.is(head, "class")):
		if w.returns {
			name := head + 1
			if w.is(name, "*") {
				name++
			}
			w.substitute(d.first, d.last, "")
			t.WriteString(w.visible(w.str(name), "default", h, in))
		}
	case !d.anonymous:
		h.WriteString(export)
	case w.returns:
		h.WriteString(export)
		w.substitute(d.first, d.last, "__$default=")
		at := w.end(w.bodyEnd(head))
		w.edits.add(at, at, ";", rankComma)
	}
}

// bodyEnd gives the closing brace of the function or class at token i.
func (f *source) bodyEnd(i int) int {
	for ; i < len(f.tokens); i++ {
		switch t := &f.tokens[i]; t.opens {
		case functionBrace, classBrace:
			return int(t.match)
		case notBracket:
		default:
			i = int(t.match)
		}
	}
	return len(f.tokens) - 1
}
