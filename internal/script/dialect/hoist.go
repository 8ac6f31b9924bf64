package dialect

import (
	"github.com/grafana/sobek/ast"
)

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
