package dialect

import (
	"github.com/grafana/sobek/ast"
)

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
