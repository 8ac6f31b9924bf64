package dialect

import (
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
