package dialect

import (
	"strconv"
	"strings"

	"github.com/grafana/sobek/ast"
	"github.com/grafana/sobek/token"
)

// variable is a declared name.
type variable struct {
	// replacement stands for the name wherever it is used, "" to keep it.
	replacement string
	// assigned stands for it where it is assigned to, if that differs.
	assigned string
	fiber    bool
	method   bool // replacement is a property, whose call would pass an object

	parameter int // position among the parameters, from 1
	token     int // of a parameter's name

	form    form // how a name of the module level is declared
	keyword int  // token of let, const or class
}

// form is a form of declaration.
type form uint8

const (
	varForm form = iota
	lexicalForm
	classForm
	functionForm
)

// scope is a block, function or module scope.
type scope struct {
	up   *scope
	fn   *function
	vars map[string]*variable
}

// function is what is known about the function being walked.
type function struct {
	scope            *scope
	async, generator bool
	module           bool  // the module level
	parameters       bool  // its parameters are being walked
	awaits           bool  // it has an await
	restore          []int // where the context is to be made current again

	// While the parameters are walked: the current one, whether its own
	// default is walked, and whether a default mentions a later one.
	parameter   int
	initializer bool
	late        bool

	hoisted []string // names to be declared at its begin

	// nested are the functions declared in its inner blocks. The dialect lets
	// their names be used in the whole function.
	nested map[string]*nestedFunction
}

func (w *walker) push(fn *function) *scope {
	w.scope = &scope{up: w.scope, fn: fn}
	return w.scope
}

func (w *walker) pop() { w.scope = w.scope.up }

func (w *walker) lookup(name string) *variable {
	for s := w.scope; s != nil; s = s.up {
		if v := s.vars[name]; v != nil {
			return v
		}
	}
	return nil
}

// reserved are the names the emitted code uses.
var reserved = map[string]bool{
	"__complete": true, "__ctx": true, "__leg": true, "__save": true, "__r": true,
}

// declare adds a name to a scope. The position is that of the name's token.
func (w *walker) declare(s *scope, name string, at int) *variable {
	if v := s.vars[name]; v != nil {
		w.notImported(v, name, at)
		return v
	}
	v := &variable{}
	switch {
	case strings.Trim(name, "$") == "" && w.kind == Module:
		w.fail(at, "reserved variable name '"+name+"'")
	case name[0] == '$' && w.kind == Module && w.options.FiberSlots != nil:
		v.fiber = true
		v.replacement = "__ctx[" + strconv.Itoa(w.options.FiberSlots(name)) + "]"
	default:
		w.addLocal(s, v, name, at)
	}
	s.set(name, v)
	return v
}

// declareLocal adds a name that is never a fiber variable.
func (w *walker) declareLocal(s *scope, name string, at int) *variable {
	v := s.vars[name]
	if v == nil {
		v = &variable{}
		w.addLocal(s, v, name, at)
		s.set(name, v)
	} else {
		w.notImported(v, name, at)
	}
	return v
}

func (w *walker) notImported(v *variable, name string, at int) {
	if v.assigned != "" {
		w.fail(at, "'"+name+"' is declared twice")
	}
}

func (w *walker) addLocal(s *scope, v *variable, name string, at int) {
	switch {
	case name == "eval" || name == "arguments" || name == "enum":
		v.replacement = name + "$"
	case reserved[name] || strings.HasPrefix(name, "__$"):
		if s.fn.module {
			w.fail(at, "reserved variable name '"+name+"'")
		}
		v.replacement = name + "$"
	}
}

func (s *scope) set(name string, v *variable) {
	if s.vars == nil {
		s.vars = map[string]*variable{}
	}
	s.vars[name] = v
}

// fresh makes a name that no author uses.
func (w *walker) fresh() string {
	w.names++
	return "__$" + strconv.Itoa(w.names)
}

// isAssign tells whether n is a plain assignment.
func isAssign(n ast.Expression) (*ast.AssignExpression, bool) {
	a, ok := n.(*ast.AssignExpression)
	return a, ok && a.Operator == token.ASSIGN
}
