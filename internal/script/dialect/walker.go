package dialect

import (
	"strconv"
	"strings"

	"github.com/grafana/sobek/ast"
)

// walker goes once through the syntax tree and makes the edits.
type walker struct {
	*prepared
	src     *source
	options Options
	prefix  string // what precedes the author's text in the parsed text

	scope   *scope
	module  *function
	marked  map[ast.Statement]bool // statements that may give the file's value
	renamed map[int]string         // second parameters of one name, by token

	legacyKeys map[string]bool
	legacy     map[string]string // free identifier to replacement

	names     int
	depth     int      // of statements while hoisting
	cutOff    bool     // the image ends after the first statement
	readOnly  []string // imports that are assigned to
	returns   bool     // there is a top-level return
	listStart int      // first token of the current statement if it is in a list
	defaults  map[int]*exportDecl
	err       *SyntaxError
}

func (w *walker) fail(token int, message string) {
	if w.err == nil {
		w.err = w.failAt(token, message)
	}
}

// identifier handles a use of the name at token i.
func (w *walker) identifier(i int, assigned, called bool) {
	with, method := w.resolve(i, assigned)
	if with == "" {
		return
	}
	if called && method {
		with = "(0," + with + ")"
		if i == w.listStart {
			with = ";" + with
		}
	}
	w.edits.replace(w.start(i), w.end(i), with)
}

// resolve gives what stands for the name at token i, "" for itself.
func (w *walker) resolve(i int, assigned bool) (with string, method bool) {
	name := w.str(i)
	for s := w.scope; s != nil; s = s.up {
		v := s.vars[name]
		if v == nil {
			continue
		}
		if f := s.fn; f.parameters && w.scope.fn == f {
			f.late = f.late || v.parameter > f.parameter ||
				v.parameter == f.parameter && (f.initializer || v.token > i)
		}
		if assigned && v.assigned != "" {
			w.noteReadOnly(name)
			return v.assigned, false
		}
		return v.replacement, v.method
	}
	if with = w.outside(name); with != "" {
		return with, false
	}
	if name[0] != '_' && !w.legacyKeys[name] || w.options.LegacySlots == nil || w.kind != Module || name == "__thread" {
		return "", false
	}
	with, known := w.legacy[name]
	if !known {
		if slot, ok := w.options.LegacySlots(name); ok {
			with = "__leg[" + strconv.Itoa(slot) + "]"
		}
		w.legacy[name] = with
	}
	return with, false
}

func (w *walker) noteReadOnly(name string) {
	for _, n := range w.readOnly {
		if n == name {
			return
		}
	}
	w.readOnly = append(w.readOnly, name)
}

// binding handles the name at token i where it is declared.
func (w *walker) binding(i int) {
	if name := w.renamed[i]; name != "" {
		w.edits.replace(w.start(i), w.end(i), name)
		return
	}
	if v := w.lookup(w.str(i)); v != nil && v.replacement != "" {
		w.edits.replace(w.start(i), w.end(i), v.replacement)
	}
}

// shorthand handles { name } in literals and patterns.
func (w *walker) shorthand(i int, assigned, declared bool) {
	with := w.renamed[i]
	switch {
	case with != "":
	case declared:
		if v := w.lookup(w.str(i)); v != nil {
			with = v.replacement
		}
	default:
		with, _ = w.resolve(i, assigned)
	}
	if with != "" {
		w.edits.replace(w.start(i), w.end(i), w.str(i)+":"+with)
	}
}

// legacyNames collects the keys of the literals given to pipy(), .export()
// and .import(), which name context variables.
func (w *walker) legacyNames() {
	w.legacyKeys = map[string]bool{}
	w.legacy = map[string]string{}
	for i := range w.tokens {
		if w.tokens[i].kind != tokWord || !w.is(i+1, "(") {
			continue
		}
		open := i + 1
		switch w.str(i) {
		case "pipy":
			if w.is(i-1, ".") {
				continue
			}
			for j := open + 1; j < int(w.tokens[open].match); j++ {
				switch w.tokens[j].opens {
				case objectBrace, blockBrace:
					w.keys(j)
					j = int(w.tokens[j].match)
				}
			}
		case "export":
			if w.is(i-1, ".") && w.is(open+2, ",") && w.is(open+3, "{") {
				w.keys(open + 3)
			}
		case "import":
			if w.is(i-1, ".") && w.is(open+1, "{") {
				w.keys(open + 1)
			}
		}
	}
}

func (w *walker) keys(open int) {
	last := int(w.tokens[open].match)
	for i := open + 1; i < last; i++ {
		t := &w.tokens[i]
		if t.opens != notBracket {
			i = int(t.match)
			continue
		}
		if (w.is(i-1, ",") || i-1 == open) && (t.kind == tokWord || t.kind == tokString) {
			w.legacyKeys[unquote(w.str(i))] = true
		}
	}
}

// pattern walks a binding or assignment pattern, or a plain target.
func (w *walker) pattern(target ast.Expression, declared bool) {
	switch n := target.(type) {
	case nil:
	case *ast.Identifier:
		if declared {
			w.binding(w.at(n.Idx))
		} else {
			w.identifier(w.at(n.Idx), true, false)
		}
	case *ast.AssignExpression:
		w.pattern(n.Left, declared)
		w.expression(n.Right)
	case *ast.Binding:
		w.pattern(n.Target, declared)
		w.expression(n.Initializer)
	case *ast.ArrayPattern:
		for _, e := range n.Elements {
			w.pattern(e, declared)
		}
		w.pattern(n.Rest, declared)
	case *ast.ObjectPattern:
		for _, p := range n.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				w.shorthand(w.at(p.Name.Idx), true, declared)
				w.expression(p.Initializer)
			case *ast.PropertyKeyed:
				if p.Computed {
					w.expression(p.Key)
				}
				w.pattern(p.Value, declared)
			}
		}
		w.pattern(n.Rest, declared)
	default:
		w.expression(target)
	}
}

// expression walks an expression, nil included.
func (w *walker) expression(e ast.Expression) {
	switch n := e.(type) {
	case nil:
	case *ast.Identifier:
		w.identifier(w.at(n.Idx), false, false)
	case *ast.ArrayLiteral:
		w.expressions(n.Value)
	case *ast.ObjectLiteral:
		for _, p := range n.Value {
			w.property(p)
		}
	case *ast.AssignExpression:
		w.pattern(n.Left, false)
		w.expression(n.Right)
	case *ast.BinaryExpression:
		w.expression(n.Left)
		w.expression(n.Right)
	case *ast.BracketExpression:
		w.expression(n.Left)
		w.expression(n.Member)
	case *ast.CallExpression:
		if id, ok := n.Callee.(*ast.Identifier); ok {
			w.identifier(w.at(id.Idx), false, true)
		} else {
			w.expression(n.Callee)
		}
		w.expressions(n.ArgumentList)
	case *ast.NewExpression:
		w.expression(n.Callee)
		w.expressions(n.ArgumentList)
	case *ast.ConditionalExpression:
		w.expression(n.Test)
		w.expression(n.Consequent)
		w.expression(n.Alternate)
	case *ast.DotExpression:
		w.expression(n.Left)
	case *ast.PrivateDotExpression:
		w.expression(n.Left)
	case *ast.OptionalChain:
		w.expression(n.Expression)
	case *ast.Optional:
		w.expression(n.Expression)
	case *ast.SpreadElement:
		w.expression(n.Expression)
	case *ast.SequenceExpression:
		w.expressions(n.Sequence)
	case *ast.TemplateLiteral:
		w.expression(n.Tag)
		w.expressions(n.Expressions)
	case *ast.UnaryExpression:
		w.unary(n)
	case *ast.YieldExpression:
		w.yield(n)
	case *ast.FunctionLiteral:
		w.function(callable{
			params: n.ParameterList, body: n.Body, generator: n.Generator,
			async: n.Async || w.is(w.at(n.Function), "*") && w.is(w.at(n.Function)-1, "async"),
			open:  w.at(n.ParameterList.Opening),
		})
	case *ast.ArrowFunctionLiteral:
		w.arrow(n)
	case *ast.ClassLiteral:
		w.class(n)
	}
}

func (w *walker) expressions(list []ast.Expression) {
	for _, e := range list {
		w.expression(e)
	}
}

func (w *walker) property(p ast.Property) {
	switch p := p.(type) {
	case *ast.PropertyShort:
		w.shorthand(w.at(p.Name.Idx), false, false)
		w.expression(p.Initializer)
	case *ast.PropertyKeyed:
		if p.Computed {
			w.expression(p.Key)
		}
		if f, ok := p.Value.(*ast.FunctionLiteral); ok && p.Kind == ast.PropertyKindSet {
			w.setter(f)
			return
		}
		w.expression(p.Value)
	case *ast.SpreadElement:
		w.expression(p.Expression)
	}
}

func (w *walker) setter(f *ast.FunctionLiteral) {
	w.function(callable{params: f.ParameterList, body: f.Body, setter: true, open: w.at(f.ParameterList.Opening)})
}

func (w *walker) unary(n *ast.UnaryExpression) {
	i := w.at(n.Idx)
	if !n.Postfix && w.tokens[i].kind == tokWord && w.is(i, "await") {
		w.await(i)
		w.edits.wrap(w.start(i), w.end(w.span(n).last), "__r(__$c,", ")")
		w.expression(n.Operand)
		return
	}
	if id, ok := n.Operand.(*ast.Identifier); ok && (n.Postfix || w.is(i, "++") || w.is(i, "--")) {
		w.identifier(w.at(id.Idx), true, false)
		return
	}
	w.expression(n.Operand)
}

// await notes an await at token i in the current function.
func (w *walker) await(i int) {
	f := w.scope.fn
	if !f.async && !f.module || f.parameters {
		w.fail(i, "await is only valid in async functions and at the top level of a file")
	}
	f.awaits = true
}

func (w *walker) yield(n *ast.YieldExpression) {
	f := w.scope.fn
	if !f.async {
		w.expression(n.Argument)
		return
	}
	f.awaits = true
	w.edits.wrap(w.start(w.at(n.Yield)), w.end(w.span(n).last), "__r(__$c,", ")")
	w.expression(n.Argument)
}

func (w *walker) class(n *ast.ClassLiteral) {
	s := w.push(w.scope.fn)
	if n.Name != nil {
		i := w.at(n.Name.Idx)
		if strings.HasPrefix(w.str(i), "__$") {
			w.fail(i, "reserved variable name '"+w.str(i)+"'")
		}
		s.set(w.str(i), &variable{})
	}
	w.expression(n.SuperClass)
	for _, m := range n.Body {
		switch m := m.(type) {
		case *ast.FieldDefinition:
			if m.Computed {
				w.expression(m.Key)
			}
			w.push(&function{})
			w.expression(m.Initializer)
			w.pop()
		case *ast.MethodDefinition:
			if m.Computed {
				w.expression(m.Key)
			}
			if m.Kind == ast.PropertyKindSet {
				w.setter(m.Body)
			} else {
				w.expression(m.Body)
			}
		case *ast.ClassStaticBlock:
			w.function(callable{body: m.Block, open: -1})
		}
	}
	w.pop()
}
