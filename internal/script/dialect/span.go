package dialect

import (
	"github.com/grafana/sobek/ast"
	"github.com/grafana/sobek/file"
)

// span is a run of tokens, both ends included.
type span struct{ first, last int }

func (w *walker) offset(i file.Idx) int { return int(i) - 1 - len(w.prefix) }

func (w *walker) at(i file.Idx) int { return w.src.token(w.offset(i)) }

// span gives the tokens of a node without parentheses around it. The parser
// keeps no parentheses and few end positions, so ends are found by tokens.
func (w *walker) span(n ast.Node) span {
	switch n := n.(type) {
	case *ast.BinaryExpression:
		return w.join(n.Left, n.Right)
	case *ast.AssignExpression:
		return w.join(n.Left, n.Right)
	case *ast.ConditionalExpression:
		return w.join(n.Test, n.Alternate)
	case *ast.SequenceExpression:
		return w.join(n.Sequence[0], n.Sequence[len(n.Sequence)-1])
	case *ast.DotExpression:
		return w.expand(span{w.span(n.Left).first, w.at(n.Identifier.Idx)})
	case *ast.PrivateDotExpression:
		return w.expand(span{w.span(n.Left).first, w.private(n.Identifier.Idx)})
	case *ast.PrivateIdentifier:
		i := w.private(n.Idx)
		return span{i, i}
	case *ast.BracketExpression:
		return w.expand(span{w.span(n.Left).first, w.at(n.RightBracket)})
	case *ast.CallExpression:
		last := w.at(n.RightParenthesis)
		if _, ok := n.Callee.(*ast.DynamicImportExpression); ok {
			return span{w.at(n.LeftParenthesis) - 1, last}
		}
		return w.expand(span{w.span(n.Callee).first, last})
	case *ast.NewExpression:
		first := w.at(n.New)
		if n.RightParenthesis != 0 {
			return span{first, w.at(n.RightParenthesis)}
		}
		return w.expand(span{first, w.span(n.Callee).last})
	case *ast.OptionalChain:
		return w.span(n.Expression)
	case *ast.Optional:
		return w.span(n.Expression)
	case *ast.SpreadElement:
		return w.span(n.Expression)
	case *ast.UnaryExpression:
		if !n.Postfix {
			return w.expand(span{w.at(n.Idx), w.span(n.Operand).last})
		}
		s := w.span(n.Operand)
		for !w.src.is(s.last+1, "++") && !w.src.is(s.last+1, "--") && w.src.is(s.last+1, ")") {
			s = span{s.first - 1, s.last + 1}
		}
		return span{s.first, s.last + 1}
	case *ast.YieldExpression:
		first := w.at(n.Yield)
		if n.Argument == nil {
			return span{first, first}
		}
		return w.expand(span{first, w.span(n.Argument).last})
	case *ast.TemplateLiteral:
		first := w.at(n.OpenQuote)
		last := first
		for w.src.tokens[last].opens == templateBrace {
			last = int(w.src.tokens[last].match)
		}
		if n.Tag != nil {
			return w.expand(span{w.span(n.Tag).first, last})
		}
		return span{first, last}
	case *ast.ArrowFunctionLiteral:
		first := w.at(n.Start)
		if b, ok := n.Body.(*ast.ExpressionBody); ok {
			return w.expand(span{first, w.span(b.Expression).last})
		}
		return span{first, w.at(n.Body.(*ast.BlockStatement).RightBrace)}
	case *ast.FunctionLiteral:
		return span{w.at(n.Function), w.at(n.Body.RightBrace)}
	case *ast.ClassLiteral:
		return span{w.at(n.Class), w.at(n.RightBrace)}
	case *ast.ArrayLiteral:
		return span{w.at(n.LeftBracket), w.at(n.RightBracket)}
	case *ast.ArrayPattern:
		return span{w.at(n.LeftBracket), w.at(n.RightBracket)}
	case *ast.ObjectLiteral:
		return span{w.at(n.LeftBrace), w.at(n.RightBrace)}
	case *ast.ObjectPattern:
		return span{w.at(n.LeftBrace), w.at(n.RightBrace)}
	case *ast.MetaProperty:
		return span{w.at(n.Meta.Idx), w.at(n.Property.Idx)}
	case *ast.Binding:
		if n.Initializer == nil {
			return w.span(n.Target)
		}
		return w.join(n.Target, n.Initializer)
	}
	i := w.at(n.Idx0())
	return span{i, i}
}

func (w *walker) private(i file.Idx) int {
	at := w.offset(i)
	if at > 0 && w.src.text[at] != '#' && w.src.text[at-1] == '#' {
		at--
	}
	return w.src.token(at)
}

func (w *walker) join(a, b ast.Node) span {
	return w.expand(span{w.span(a).first, w.span(b).last})
}

// expand takes in the parentheses that belong to parts of the span.
func (w *walker) expand(s span) span {
	for {
		switch {
		case w.src.is(s.first-1, "(") && int(w.src.tokens[s.first-1].match) <= s.last:
			s.first--
		case w.src.is(s.last+1, ")") && int(w.src.tokens[s.last+1].match) >= s.first:
			s.last++
		default:
			return s
		}
	}
}

// outer takes in the parentheses around a whole expression. Only for places
// where no other parentheses can follow directly.
func (w *walker) outer(s span) span {
	for w.src.is(s.first-1, "(") && int(w.src.tokens[s.first-1].match) == s.last+1 {
		s = span{s.first - 1, s.last + 1}
	}
	return s
}
