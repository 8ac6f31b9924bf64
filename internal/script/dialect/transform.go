package dialect

import (
	"fmt"
	"path"
	"strings"

	"github.com/grafana/sobek/ast"
	"github.com/grafana/sobek/parser"
)

// Transform translates a file. An error is a *SyntaxError.
func Transform(src string, o Options) (*Output, error) {
	var out *Output
	var err *SyntaxError
	switch path.Ext(o.File) {
	case ".ts", ".mts":
		out, err = viaESBuild(src, o, true)
	default:
		var parsed bool
		out, parsed, err = translate(src, o)
		if err != nil && !parsed {
			// the parser may be behind the engine
			if newer, failed := viaESBuild(src, o, false); failed == nil {
				return newer, nil
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// translate works without esbuild. It tells whether the parser took the file.
func translate(src string, o Options) (out *Output, parsed bool, err *SyntaxError) {
	defer func() {
		// a script must not end the process, whatever the parser makes of it
		if r := recover(); r != nil {
			out, parsed, err = nil, true, &SyntaxError{o.File, 1, 1, fmt.Sprint("internal error: ", r)}
		}
	}()
	f, err := readSource(o.File, src)
	if err != nil {
		return nil, false, err
	}
	if o.Kind == Solve && f.tokens[0].kind == tokEOF {
		return solveNothing(f), true, nil
	}
	p, err := prepare(f, o.Kind)
	if err != nil {
		return nil, true, err
	}
	w := &walker{prepared: p, src: f, options: o, renamed: map[int]string{}, listStart: -1}
	body, err := w.parse()
	if err != nil {
		return nil, false, err
	}
	if o.Kind == Solve {
		w.solve(body)
	} else {
		w.file(body)
	}
	if w.err != nil {
		return nil, true, w.err
	}
	out = w.output()
	out.SingleExpression = w.single(body)
	return out, true, nil
}

func solveNothing(f *source) *Output {
	const code = "__complete(void 0);"
	return &Output{Code: code, Map: &Map{[]stage{&editStage{f.lines, splitLines(code), []piece{{0, 0, false}}}}}}
}

// parse parses the image, as the body of a function so that return is legal,
// and puts in omitted commas until that succeeds.
func (w *walker) parse() ([]ast.Statement, *SyntaxError) {
	w.prefix = "(async function(){"
	if w.kind == Solve {
		w.prefix += "void 0,"
	}
	for {
		text := w.prefix + string(w.image) + "\n})"
		program, err := parser.ParseFile(nil, "", text, parser.IgnoreRegExpErrors,
			parser.IsModule, parser.WithDisableSourceMaps)
		if err == nil {
			return functionBody(program), nil
		}
		first := err.(parser.ErrorList)[0]
		l := splitLines(text)
		at := min(max(l.offset(first.Position.Line, first.Position.Column)-len(w.prefix), 0), len(w.text))
		if w.putComma(w.token(at)) || w.kind == Solve && w.cut(at) {
			continue
		}
		return nil, w.fault(at, first.Message)
	}
}

// functionBody gives the statements of the file in the parsed text.
func functionBody(p *ast.Program) []ast.Statement {
	if len(p.Body) == 0 {
		return nil
	}
	s, ok := p.Body[0].(*ast.ExpressionStatement)
	if !ok {
		return nil
	}
	e := s.Expression
	if q, ok := e.(*ast.SequenceExpression); ok {
		e = q.Sequence[0]
	}
	if f, ok := e.(*ast.FunctionLiteral); ok && f.Body != nil {
		return f.Body.List
	}
	return nil
}

// cut drops what follows the first expression of a pipy.solve file from the
// image, if the error is there.
func (w *walker) cut(at int) bool {
	for i := 1; i < len(w.tokens) && w.start(i) <= at && !w.cutOff; i++ {
		t := &w.tokens[i]
		if t.inside >= 0 || t.kind == tokEOF {
			continue
		}
		if w.is(i-1, ";") || (t.newline || w.is(i-1, "}")) && w.endsOperand(i-1) && w.beginsOperand(i) {
			w.cutOff = true
			fill(w.image[t.start:], ' ')
			return true
		}
	}
	return false
}

// fault makes the error for what the parser says.
func (w *walker) fault(at int, message string) *SyntaxError {
	switch {
	case strings.HasPrefix(message, "Unexpected end of input"):
		message = "unexpected end of expression"
	case strings.HasPrefix(message, "Unexpected "):
		message = "unexpected token"
		if at >= len(w.text) || w.tokens[w.token(at)].kind == tokEOF {
			message = "unexpected end of expression"
		}
	case message == "Illegal break statement":
		message = "illegal break"
	case message == "Missing catch or finally after try":
		message = "missing catch or finally"
	case message == "Already saw a default in switch":
		message = "duplicated default clause"
	case message == "Illegal newline after throw":
		message = "missing expression"
	case message == "Invalid left-hand side in assignment":
		message = "cannot assign to a right-value"
	case strings.HasPrefix(message, "Unary operator used immediately"):
		message = "ambiguous exponentiation precedence"
	default:
		message = strings.ToLower(message[:1]) + message[1:]
	}
	return w.source.fail(at, message)
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
