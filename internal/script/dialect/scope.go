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

// names calls f for every name a pattern binds.
func (w *walker) bound(target ast.Expression, f func(name string, at int)) {
	switch n := target.(type) {
	case *ast.Identifier:
		i := w.at(n.Idx)
		f(w.src.str(i), i)
	case *ast.AssignExpression:
		w.bound(n.Left, f)
	case *ast.Binding:
		w.bound(n.Target, f)
	case *ast.ArrayPattern:
		for _, e := range n.Elements {
			if e != nil {
				w.bound(e, f)
			}
		}
		if n.Rest != nil {
			w.bound(n.Rest, f)
		}
	case *ast.ObjectPattern:
		for _, p := range n.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				w.bound(&p.Name, f)
			case *ast.PropertyKeyed:
				w.bound(p.Value, f)
			}
		}
		if n.Rest != nil {
			w.bound(n.Rest, f)
		}
	}
}

func (w *walker) declareTargets(s *scope, list []*ast.Binding) {
	for _, b := range list {
		w.bound(b.Target, func(name string, at int) { w.declare(s, name, at) })
	}
}

// nestedFunction is a function declared in an inner block.
type nestedFunction struct {
	alias string // its name outside of the block, once it is used there
	ends  []int  // where the declarations of that name end
}

func (w *walker) hoistFunction(s *scope, n *ast.FunctionLiteral) {
	if n.Name == nil || n.Async || n.Generator {
		return
	}
	if s.fn.nested == nil {
		s.fn.nested = map[string]*nestedFunction{}
	}
	name := w.str(w.at(n.Name.Idx))
	f := s.fn.nested[name]
	if f == nil {
		f = &nestedFunction{}
		s.fn.nested[name] = f
	}
	f.ends = append(f.ends, w.end(w.at(n.Body.RightBrace)))
}

// outside gives what stands for the name of a nested function outside of its
// block, "" if there is no such function.
func (w *walker) outside(name string) string {
	for s := w.scope; s != nil; s = s.up {
		f := s.fn.nested[name]
		if f == nil {
			continue
		}
		if f.alias == "" {
			f.alias = w.fresh()
			s.fn.hoisted = append(s.fn.hoisted, f.alias)
			for _, at := range f.ends {
				w.edits.add(at, at, ";"+f.alias+"="+name+";", rankComma)
			}
		}
		return f.alias
	}
	return ""
}

// hoist declares the `var`s of a statement in the function's scope.
func (w *walker) hoist(s *scope, n ast.Statement) {
	w.depth++
	defer func() { w.depth-- }()
	switch n := n.(type) {
	case *ast.VariableStatement:
		w.declareTargets(s, n.List)
	case *ast.FunctionDeclaration:
		if w.depth > 1 {
			w.hoistFunction(s, n.Function)
		}
	case *ast.BlockStatement:
		w.hoistAll(s, n.List)
	case *ast.IfStatement:
		w.hoist(s, n.Consequent)
		if n.Alternate != nil {
			w.hoist(s, n.Alternate)
		}
	case *ast.ForStatement:
		if i, ok := n.Initializer.(*ast.ForLoopInitializerVarDeclList); ok {
			w.declareTargets(s, i.List)
		}
		w.hoist(s, n.Body)
	case *ast.ForInStatement:
		w.hoistInto(s, n.Into)
		w.hoist(s, n.Body)
	case *ast.ForOfStatement:
		w.hoistInto(s, n.Into)
		w.hoist(s, n.Body)
	case *ast.WhileStatement:
		w.hoist(s, n.Body)
	case *ast.DoWhileStatement:
		w.hoist(s, n.Body)
	case *ast.LabelledStatement:
		w.hoist(s, n.Statement)
	case *ast.WithStatement:
		w.hoist(s, n.Body)
	case *ast.TryStatement:
		w.hoistAll(s, n.Body.List)
		if n.Catch != nil {
			w.hoistAll(s, n.Catch.Body.List)
		}
		if n.Finally != nil {
			w.hoistAll(s, n.Finally.List)
		}
	case *ast.SwitchStatement:
		for _, c := range n.Body {
			w.hoistAll(s, c.Consequent)
		}
	}
}

func (w *walker) hoistAll(s *scope, list []ast.Statement) {
	for _, n := range list {
		w.hoist(s, n)
	}
}

func (w *walker) hoistInto(s *scope, into ast.ForInto) {
	if v, ok := into.(*ast.ForIntoVar); ok {
		w.declareTargets(s, []*ast.Binding{v.Binding})
	}
}

// lexical declares what a statement list declares for its own block.
func (w *walker) lexical(s *scope, list []ast.Statement) {
	for _, n := range list {
		for {
			l, ok := n.(*ast.LabelledStatement)
			if !ok {
				break
			}
			n = l.Statement
		}
		switch n := n.(type) {
		case *ast.LexicalDeclaration:
			for _, b := range n.List {
				w.bound(b.Target, func(name string, i int) {
					v := w.declare(s, name, i)
					v.form, v.keyword = lexicalForm, w.at(n.Idx)
				})
			}
		case *ast.FunctionDeclaration:
			w.declareFunction(s, n.Function.Name)
		case *ast.ClassDeclaration:
			if n.Class.Name != nil {
				i := w.at(n.Class.Name.Idx)
				v := w.declareLocal(s, w.src.str(i), i)
				v.form, v.keyword = classForm, w.at(n.Class.Class)
			}
		}
	}
}

func (w *walker) declareFunction(s *scope, name *ast.Identifier) {
	if name == nil {
		return
	}
	i := w.at(name.Idx)
	text := w.src.str(i)
	if text[0] == '$' && w.kind == Module {
		w.fail(i, "reserved function name '"+text+"'")
	}
	w.declareLocal(s, text, i).form = functionForm
}

// isAssign tells whether n is a plain assignment.
func isAssign(n ast.Expression) (*ast.AssignExpression, bool) {
	a, ok := n.(*ast.AssignExpression)
	return a, ok && a.Operator == token.ASSIGN
}
