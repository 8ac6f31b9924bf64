package dialect

import (
	"strings"

	"github.com/grafana/sobek/ast"
)

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
