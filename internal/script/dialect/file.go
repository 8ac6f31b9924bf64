package dialect

import (
	"strings"

	"github.com/grafana/sobek/ast"
)

func solveNothing(f *source) *Output {
	const code = "__complete(void 0);"
	return &Output{Code: code, Map: &Map{[]stage{&editStage{f.lines, splitLines(code), []piece{{0, 0, false}}}}}}
}

// file walks a module.
func (w *walker) file(body []ast.Statement) {
	w.legacyNames()
	w.defaults = map[int]*exportDecl{}
	for _, d := range w.exports {
		if d.form == exportDefault {
			w.defaults[w.start(d.first)+1] = d
		}
	}
	w.module = &function{module: true}
	s := w.push(w.module)
	w.module.scope = s
	w.bindImports(s)
	w.hoistAll(s, body)
	w.lexical(s, body)
	w.declareExports(s)
	w.marked = map[ast.Statement]bool{}
	w.mark(body, false)
	w.statements(body)

	f := w.module
	head, inner, tail := w.modulesText()
	if f.awaits {
		head += "const __$c=__save();"
		for _, at := range f.restore {
			w.edits.add(at, at, "__r(__$c);", rankFirst)
		}
	}
	if len(f.hoisted) > 0 {
		head += "var " + strings.Join(f.hoisted, ",") + ";"
	}
	if len(w.readOnly) > 0 {
		head += "const __$ro={"
		for _, name := range w.readOnly {
			head += "get " + name + "(){},set " + name + `(_){throw new Error("cannot assign to an imported variable")},`
		}
		head += "};"
	}
	head += "__complete(void 0);"
	if w.returns {
		head += "__top:{" + inner
		tail = "}" + tail
	}
	w.edits.add(w.top(), w.top(), head, rankFirst)
	if tail != "" {
		w.edits.add(len(w.text), len(w.text), "\n;"+tail, rankEnd)
	}
}

// solve walks a pipy.solve file: its first expression, and drops the rest.
func (w *walker) solve(body []ast.Statement) {
	w.module = &function{module: true}
	w.module.scope = w.push(w.module)
	first, _ := body[0].(*ast.ExpressionStatement)
	var list []ast.Expression
	if first != nil {
		if q, ok := first.Expression.(*ast.SequenceExpression); ok {
			list = q.Sequence[1:]
		}
	}
	if len(list) == 0 {
		w.fail(0, "unexpected token")
		return
	}
	s := w.outer(w.join(list[0], list[len(list)-1]))
	end := w.end(s.last)
	w.edits.wrap(w.start(s.first), end, "__complete((", "));")
	w.expressions(list)
	w.edits.add(end, len(w.text), "", rankEnd)
	if w.module.awaits {
		w.fail(s.first, "unexpected token")
	}
}

func (w *walker) single(body []ast.Statement) bool {
	if len(w.imports)+len(w.exports) > 0 {
		return false
	}
	n := 0
	for _, s := range body {
		switch s := s.(type) {
		case *ast.ExpressionStatement:
			n++
		case *ast.EmptyStatement:
			if w.text[w.offset(s.Semicolon)] == ';' {
				return false
			}
		default:
			return false
		}
	}
	return n == 1
}

func (w *walker) output() *Output {
	code, pieces := w.edits.apply(w.text)
	out := &Output{
		Code:      code,
		Map:       &Map{[]stage{&editStage{w.lines, splitLines(code), pieces}}},
		UsesAwait: w.module.awaits,
	}
	for _, d := range w.imports {
		var names []string
		for _, b := range d.names {
			names = append(names, unquote(b.name))
		}
		if d.namespace != "" {
			names = append(names, "*")
		}
		out.addImport(w.source, d.specifier, names, false)
	}
	for _, d := range w.exports {
		switch d.form {
		case exportFrom:
			names := []string{"*"}
			if d.list != nil {
				names = nil
			} else {
				out.Exports = append(out.Exports, "*")
			}
			for _, b := range d.list {
				names = append(names, unquote(b.name))
			}
			out.addImport(w.source, d.specifier, names, true)
		case exportDefault:
			out.Exports = append(out.Exports, "default")
		}
		for _, b := range d.list {
			out.Exports = append(out.Exports, unquote(b.alias))
		}
		if d.form == exportDeclaration {
			out.Exports = append(out.Exports, d.exported...)
		}
	}
	return out
}

func (o *Output) addImport(f *source, specifier int, names []string, reexport bool) {
	line, col := f.lines.position(f.start(specifier))
	o.Imports = append(o.Imports, Import{unquote(f.str(specifier)), names, line, col, reexport})
}
