package dialect

import (
	"strings"

	"github.com/grafana/sobek/ast"
	"github.com/grafana/sobek/parser"
)

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
