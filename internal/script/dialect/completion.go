package dialect

import "github.com/grafana/sobek/ast"

// mark finds the statements of a list that may give the file's completion
// value, from the last one backward, and tells whether one of them always
// does. With all set every statement counts, because control may leave the
// list anywhere.
func (w *walker) mark(list []ast.Statement, all bool) bool {
	always := false
	for i := len(list) - 1; i >= 0; i-- {
		if w.markOne(list[i], all) {
			always = true
			if !all {
				return true
			}
		}
	}
	return always
}

func (w *walker) markOne(n ast.Statement, all bool) bool {
	switch n := n.(type) {
	case *ast.ExpressionStatement:
		if d := w.defaultOf(n); d != nil && d.anonymous {
			return false
		}
		w.marked[n] = true
		return true
	case *ast.EmptyStatement:
		at := w.offset(n.Semicolon)
		if w.text[at] != ';' || !w.is(w.token(at)-1, "}") {
			return false
		}
		w.marked[n] = true
		return true
	case *ast.BlockStatement:
		if len(n.List) == 0 {
			w.marked[n] = true
			return true
		}
		return w.mark(n.List, all)
	case *ast.IfStatement:
		a := w.markOne(n.Consequent, all)
		b := n.Alternate != nil && w.markOne(n.Alternate, all)
		return a && b
	case *ast.ForStatement:
		w.markOne(n.Body, true)
	case *ast.ForInStatement:
		w.markOne(n.Body, true)
	case *ast.ForOfStatement:
		w.markOne(n.Body, true)
	case *ast.WhileStatement:
		w.markOne(n.Body, true)
	case *ast.DoWhileStatement:
		w.markOne(n.Body, true)
	case *ast.LabelledStatement:
		w.markOne(n.Statement, true)
	case *ast.SwitchStatement:
		for _, c := range n.Body {
			w.mark(c.Consequent, true)
		}
	case *ast.TryStatement:
		body := w.markOne(n.Body, true)
		handled := true
		if n.Catch != nil {
			handled = w.markOne(n.Catch.Body, true)
		}
		final := n.Finally != nil && w.markOne(n.Finally, true)
		return final || body && handled && n.Catch != nil
	case *ast.ReturnStatement, *ast.ThrowStatement:
		return true
	}
	return false
}

// defaultOf gives the `export default value` that a statement stands for.
func (w *walker) defaultOf(n *ast.ExpressionStatement) *exportDecl {
	if len(w.defaults) == 0 {
		return nil
	}
	e := n.Expression
	q, list := e.(*ast.SequenceExpression)
	if list {
		e = q.Sequence[0]
	}
	if a, ok := isAssign(e); ok {
		if id, ok := a.Left.(*ast.Identifier); ok {
			d := w.defaults[w.offset(id.Idx)]
			if list && d != nil {
				w.fail(w.expand(span{d.last, w.span(e).last}).last+1, "unexpected token")
				return nil
			}
			return d
		}
	}
	return nil
}
