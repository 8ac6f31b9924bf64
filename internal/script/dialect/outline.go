package dialect

import (
	"fmt"
	"strings"

	"github.com/grafana/sobek/ast"
)

// Call is one of a chain of method calls in a source text.
type Call struct {
	Name string
	Args []Argument
}

// Argument is an argument of a Call, as far as it can be told without running anything.
type Argument struct {
	Literal bool   // Text is the value of a string or number
	Text    string // the text of a string or number
	Builder bool   // it is a function of one parameter that calls the methods of Chain on it
	Chain   []Call
}

// Outline reads a legacy file that is one expression: methods called on pipy(). It returns nil for any other file. An error is
// a *SyntaxError.
func Outline(file, src string) (calls []Call, err error) {
	defer func() {
		// a script must not end the process, whatever the parser makes of it
		if r := recover(); r != nil {
			calls, err = nil, &SyntaxError{file, 1, 1, fmt.Sprint("internal error: ", r)}
		}
	}()
	f, fault := readSource(file, src)
	if fault != nil {
		return nil, fault
	}
	p, fault := prepare(f, Module)
	if fault != nil {
		return nil, fault
	}
	w := &walker{prepared: p, src: f, options: Options{File: file}, renamed: map[int]string{}, listStart: -1}
	body, fault := w.parse()
	if fault != nil {
		return nil, fault
	}
	if e := onlyExpression(body); e != nil {
		calls, _ = chainOf(e, "pipy", 0)
	}
	return calls, nil
}

// onlyExpression returns the expression that a list of statements consists of, or nil.
func onlyExpression(list []ast.Statement) ast.Expression {
	var found ast.Expression
	for _, s := range list {
		switch s := s.(type) {
		case *ast.EmptyStatement:
			continue
		case *ast.ExpressionStatement:
			if found != nil {
				return nil
			}
			found = s.Expression
		case *ast.ReturnStatement:
			if found != nil {
				return nil
			}
			found = s.Argument
		default:
			return nil
		}
	}
	return found
}

// maxOutline bounds how deep functions are nested.
const maxOutline = 100

// chainOf returns the calls chained on a name, or on what calling it gives; ok is false if the expression is something else.
func chainOf(e ast.Expression, on string, depth int) (calls []Call, ok bool) {
	if depth > maxOutline {
		return nil, false
	}
	var reversed []Call
	for {
		switch x := e.(type) {
		case *ast.Identifier:
			if x.Name.String() != on {
				return nil, false
			}
			for i := len(reversed) - 1; i >= 0; i-- {
				calls = append(calls, reversed[i])
			}
			return calls, true
		case *ast.CallExpression:
			switch callee := x.Callee.(type) {
			case *ast.DotExpression:
				reversed = append(reversed, Call{callee.Identifier.Name.String(), arguments(x.ArgumentList, depth)})
				e = callee.Left
			case *ast.Identifier:
				if on != "pipy" {
					return nil, false
				}
				e = callee // pipy(...)
			case *ast.ArrowFunctionLiteral: // ((local = variables) => pipy()...)()
				if e = resultOf(callee); e == nil || on != "pipy" {
					return nil, false
				}
			default:
				return nil, false
			}
		default:
			return nil, false
		}
	}
}

// resultOf returns the expression that an arrow function returns, or nil.
func resultOf(f *ast.ArrowFunctionLiteral) ast.Expression {
	switch b := f.Body.(type) {
	case *ast.ExpressionBody:
		return b.Expression
	case *ast.BlockStatement:
		return onlyExpression(b.List)
	}
	return nil
}

func arguments(list []ast.Expression, depth int) []Argument {
	args := make([]Argument, len(list))
	for i, e := range list {
		switch e := e.(type) {
		case *ast.StringLiteral:
			args[i] = Argument{Literal: true, Text: e.Value.String()}
		case *ast.NumberLiteral:
			args[i] = Argument{Literal: true, Text: strings.TrimSpace(fmt.Sprint(e.Value))}
		case *ast.ArrowFunctionLiteral:
			if e.ParameterList == nil || len(e.ParameterList.List) != 1 {
				continue
			}
			param, ok := e.ParameterList.List[0].Target.(*ast.Identifier)
			result := resultOf(e)
			if !ok || result == nil {
				continue
			}
			args[i].Chain, args[i].Builder = chainOf(result, param.Name.String(), depth+1)
		}
	}
	return args
}
