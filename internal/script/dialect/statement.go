package dialect

import (
	"strings"

	"github.com/grafana/sobek/ast"
)

// statements walks a statement list.
func (w *walker) statements(list []ast.Statement) {
	for _, n := range list {
		w.statement(n, true)
	}
}

// block walks a statement list with a scope of its own.
func (w *walker) block(list []ast.Statement) {
	s := w.push(w.scope.fn)
	w.lexical(s, list)
	w.statements(list)
	w.pop()
}

// sole walks the body of a compound statement.
func (w *walker) sole(n ast.Statement) {
	s := w.push(w.scope.fn)
	w.lexical(s, []ast.Statement{n})
	w.statement(n, false)
	w.pop()
}

func (w *walker) statement(n ast.Statement, listed bool) {
	outer := w.listStart
	w.listStart = -1
	defer func() { w.listStart = outer }()
	switch n := n.(type) {
	case *ast.ExpressionStatement:
		w.expressionStatement(n, listed)
	case *ast.EmptyStatement:
		if at := w.offset(n.Semicolon); w.marked[n] && w.text[at] == ';' {
			w.edits.insert(at, ";__complete(void 0)")
		}
	case *ast.BlockStatement:
		if w.marked[n] && len(n.List) == 0 {
			w.edits.insert(w.offset(n.RightBrace), "__complete(void 0)")
		}
		w.block(n.List)
	case *ast.VariableStatement:
		i := w.at(n.Var)
		w.exportNames(i, n.List)
		w.declarations(i, n.List)
	case *ast.LexicalDeclaration:
		i := w.at(n.Idx)
		w.exportNames(i, n.List)
		w.declarations(i, n.List)
	case *ast.FunctionDeclaration:
		w.functionDeclaration(n.Function)
	case *ast.ClassDeclaration:
		if d := w.exportAt[w.at(n.Class.Class)]; d != nil && n.Class.Name != nil {
			d.declare(w.str(w.at(n.Class.Name.Idx)))
		}
		w.class(n.Class)
	case *ast.IfStatement:
		w.expression(n.Test)
		w.sole(n.Consequent)
		if n.Alternate != nil {
			w.sole(n.Alternate)
		}
	case *ast.WhileStatement:
		w.expression(n.Test)
		w.sole(n.Body)
	case *ast.DoWhileStatement:
		w.sole(n.Body)
		w.expression(n.Test)
	case *ast.ForStatement, *ast.ForInStatement, *ast.ForOfStatement:
		w.loop(n, n)
	case *ast.LabelledStatement:
		w.labelled(n)
	case *ast.ReturnStatement:
		if w.scope.fn.module {
			w.topReturn(n)
		} else {
			w.expression(n.Argument)
		}
	case *ast.ThrowStatement:
		w.expression(n.Argument)
	case *ast.SwitchStatement:
		w.switchStatement(n)
	case *ast.TryStatement:
		w.try(n)
	case *ast.WithStatement:
		w.fail(w.at(n.With), "unexpected token")
	case *ast.BranchStatement:
		w.branch(n)
	}
}

func (w *walker) expressionStatement(n *ast.ExpressionStatement, listed bool) {
	if d := w.defaultOf(n); d != nil {
		w.exportDefault(d, n.Expression.(*ast.AssignExpression).Right, w.marked[n])
		return
	}
	s := w.outer(w.span(n.Expression))
	if !w.marked[n] {
		if listed {
			w.listStart = s.first
		}
		w.expression(n.Expression)
		return
	}
	w.complete(s, n.Expression)
}

// complete reports the value of an expression as the file's.
func (w *walker) complete(s span, e ast.Expression) {
	head, tail := "__complete(", ")"
	if _, ok := e.(*ast.SequenceExpression); ok {
		head, tail = "__complete((", "))"
	}
	w.edits.wrap(w.start(s.first), w.end(s.last), head, tail)
	w.expression(e)
}

func (w *walker) functionDeclaration(n *ast.FunctionLiteral) {
	i := w.at(n.Function)
	if n.Name != nil {
		name := w.at(n.Name.Idx)
		if d := w.exportAt[i]; d != nil {
			d.declare(w.str(name))
		}
		w.binding(name)
	}
	w.expression(n)
}

func (w *walker) labelled(n *ast.LabelledStatement) {
	var inner ast.Statement = n
	for {
		l, ok := inner.(*ast.LabelledStatement)
		if !ok {
			break
		}
		inner = l.Statement
	}
	switch inner.(type) {
	case *ast.ForStatement, *ast.ForInStatement, *ast.ForOfStatement:
		w.loop(inner, n)
	default:
		w.statement(inner, false)
	}
}

func (w *walker) branch(n *ast.BranchStatement) {
	if w.returns && n.Label != nil && w.str(w.at(n.Label.Idx)) == "__top" {
		w.fail(w.at(n.Idx), "illegal break")
	}
}

func (w *walker) switchStatement(n *ast.SwitchStatement) {
	w.expression(n.Discriminant)
	s := w.push(w.scope.fn)
	for _, c := range n.Body {
		w.lexical(s, c.Consequent)
	}
	for _, c := range n.Body {
		w.expression(c.Test)
		w.statements(c.Consequent)
	}
	w.pop()
}

func (w *walker) try(n *ast.TryStatement) {
	f := w.scope.fn
	w.statement(n.Body, false)
	if c := n.Catch; c != nil {
		f.restore = append(f.restore, w.offset(c.Body.LeftBrace)+1)
		s := w.push(f)
		if c.Parameter != nil {
			w.bound(c.Parameter, func(name string, i int) { w.declareLocal(s, name, i) })
			w.pattern(c.Parameter, true)
		}
		w.statement(c.Body, false)
		w.pop()
	}
	if n.Finally != nil {
		f.restore = append(f.restore, w.offset(n.Finally.LeftBrace)+1)
		w.statement(n.Finally, false)
	}
}

// declarations walks the declarators after the keyword at token i. Those of
// fiber variables become stores: var $x = 1 is var __$1=void(__ctx[0] = 1).
func (w *walker) declarations(i int, list []*ast.Binding) {
	for _, b := range list {
		fibers, locals := w.split(b.Target)
		if fibers == 0 {
			w.pattern(b.Target, true)
			w.expression(b.Initializer)
			continue
		}
		dummy := w.fresh()
		at := w.start(w.span(b.Target).first)
		if b.Initializer == nil {
			if w.is(i, "const") {
				w.fail(w.span(b.Target).first, "illegal variable declaration")
			}
			w.edits.replace(at, w.end(w.span(b.Target).last), dummy)
			continue
		}
		if len(locals) > 0 {
			if w.is(i, "const") {
				w.edits.replace(w.start(i), w.end(i), "let")
				i = -1
			}
			dummy = strings.Join(locals, ",") + "," + dummy
		}
		w.edits.wrap(at, w.end(w.outer(w.span(b.Initializer)).last), dummy+"=void(", ")")
		w.pattern(b.Target, true)
		w.expression(b.Initializer)
	}
}

// split counts the fiber variables of a pattern and names its other variables.
func (w *walker) split(target ast.Expression) (fibers int, locals []string) {
	w.bound(target, func(name string, i int) {
		v := w.lookup(name)
		switch {
		case v == nil:
		case v.fiber:
			fibers++
		case v.replacement != "":
			locals = append(locals, v.replacement)
		default:
			locals = append(locals, name)
		}
	})
	return fibers, locals
}

// topReturn makes a return at the top level leave the labeled block that such
// a file is wrapped in.
func (w *walker) topReturn(n *ast.ReturnStatement) {
	w.returns = true
	i := w.at(n.Return)
	last := i
	if n.Argument == nil {
		w.edits.replace(w.start(i), w.end(i), "{__complete(void 0);break __top}")
	} else {
		last = w.expand(span{i, w.span(n.Argument).last}).last
		w.edits.replace(w.start(i), w.end(i), "")
		w.edits.wrap(w.start(i), w.end(last), "{__complete((", "));break __top}")
		w.expression(n.Argument)
	}
	if w.is(last+1, ";") {
		w.edits.replace(w.start(last+1), w.end(last+1), "")
	}
}

// last gives the last token of a statement.
func (w *walker) last(n ast.Statement) int {
	i := 0
	switch n := n.(type) {
	case *ast.BlockStatement:
		return w.at(n.RightBrace)
	case *ast.FunctionDeclaration:
		return w.span(n.Function).last
	case *ast.ClassDeclaration:
		return w.span(n.Class).last
	case *ast.IfStatement:
		if n.Alternate != nil {
			return w.last(n.Alternate)
		}
		return w.last(n.Consequent)
	case *ast.ForStatement:
		return w.last(n.Body)
	case *ast.ForInStatement:
		return w.last(n.Body)
	case *ast.ForOfStatement:
		return w.last(n.Body)
	case *ast.WhileStatement:
		return w.last(n.Body)
	case *ast.LabelledStatement:
		return w.last(n.Statement)
	case *ast.SwitchStatement:
		return w.at(n.RightBrace)
	case *ast.TryStatement:
		if n.Finally != nil {
			return w.at(n.Finally.RightBrace)
		}
		return w.at(n.Catch.Body.RightBrace)
	case *ast.EmptyStatement:
		return w.at(n.Semicolon)
	case *ast.ExpressionStatement:
		i = w.outer(w.span(n.Expression)).last
	case *ast.VariableStatement:
		i = w.lastBinding(n.List)
	case *ast.LexicalDeclaration:
		i = w.lastBinding(n.List)
	case *ast.DoWhileStatement:
		i = w.at(n.RightParenthesis)
	case *ast.DebuggerStatement:
		i = w.at(n.Debugger)
	case *ast.BranchStatement:
		i = w.at(n.Idx)
		if n.Label != nil {
			i = w.at(n.Label.Idx)
		}
	case *ast.ReturnStatement:
		i = w.at(n.Return)
		if n.Argument != nil {
			i = w.expand(span{i, w.span(n.Argument).last}).last
		}
	case *ast.ThrowStatement:
		i = w.at(n.Throw)
		i = w.expand(span{i, w.span(n.Argument).last}).last
	}
	if w.is(i+1, ";") {
		i++
	}
	return i
}

func (w *walker) lastBinding(list []*ast.Binding) int {
	b := list[len(list)-1]
	if b.Initializer != nil {
		return w.outer(w.span(b.Initializer)).last
	}
	return w.span(b.Target).last
}

// loop walks a for statement; whole is it with its labels.
func (w *walker) loop(n, whole ast.Statement) {
	s := w.push(w.scope.fn)
	defer w.pop()
	switch n := n.(type) {
	case *ast.ForStatement:
		switch i := n.Initializer.(type) {
		case *ast.ForLoopInitializerExpression:
			w.expression(i.Expression)
		case *ast.ForLoopInitializerVarDeclList:
			w.declarations(w.at(n.For)+2, i.List)
		case *ast.ForLoopInitializerLexicalDecl:
			w.declareTargets(s, i.LexicalDeclaration.List)
			w.declarations(w.at(i.LexicalDeclaration.Idx), i.LexicalDeclaration.List)
		}
		w.expression(n.Test)
		w.expression(n.Update)
		w.sole(n.Body)
	case *ast.ForInStatement:
		w.into(s, n.Into, w.at(n.For)+2)
		w.expression(n.Source)
		w.sole(n.Body)
	case *ast.ForOfStatement:
		keyword := w.at(n.For) + 1
		await := w.is(keyword, "await")
		if await {
			w.await(keyword)
			w.edits.wrap(w.start(w.at(whole.Idx0())), w.end(w.last(n.Body)), "{", "__r(__$c);}")
			keyword++
		}
		w.into(s, n.Into, keyword+1)
		w.expression(n.Source)
		if !await {
			w.sole(n.Body)
			return
		}
		body := n.Body
		if b, ok := body.(*ast.BlockStatement); ok {
			at := w.offset(b.LeftBrace) + 1
			w.edits.add(at, at, "__r(__$c);", rankFirst)
		} else {
			first := int(w.tokens[keyword].match) + 1
			w.edits.wrap(w.start(first), w.end(w.last(body)), "{__r(__$c);", "}")
		}
		w.sole(body)
	}
}

// into walks the target of for-in and for-of; i is the token of its keyword.
func (w *walker) into(s *scope, into ast.ForInto, i int) {
	var target ast.Expression
	switch n := into.(type) {
	case *ast.ForIntoExpression:
		w.pattern(n.Expression, false)
		return
	case *ast.ForIntoVar:
		target = n.Binding.Target
	case *ast.ForDeclaration:
		target = n.Target
		w.bound(target, func(name string, i int) { w.declare(s, name, i) })
	}
	fibers, locals := w.split(target)
	if fibers == 0 {
		w.pattern(target, true)
		return
	}
	// an assignment pattern; the ordinary variables in it are declared apart
	w.edits.replace(w.start(i), w.end(i), "")
	f := w.scope.fn
	if _, ok := into.(*ast.ForIntoVar); !ok {
		for n := range locals {
			locals[n] = ""
		}
		w.bound(target, func(name string, i int) {
			if v := w.lookup(name); !v.fiber {
				v.replacement = w.fresh()
				f.hoisted = append(f.hoisted, v.replacement)
			}
		})
	} else {
		f.hoisted = append(f.hoisted, locals...)
	}
	w.pattern(target, true)
}
