package dialect

import (
	"github.com/grafana/sobek/ast"
)

func (w *walker) labelled(n *ast.LabelledStatement) {
	var inner ast.Statement = n
	for {
		l, ok := inner.(*ast.LabelledStatement)
		if !ok {
			break
		}
		inner = l.Statement
	}
	switch inner.(type) {
	case *ast.ForStatement, *ast.ForInStatement, *ast.ForOfStatement:
		w.loop(inner, n)
	default:
		w.statement(inner, false)
	}
}

// loop walks a for statement; whole is it with its labels.
func (w *walker) loop(n, whole ast.Statement) {
	s := w.push(w.scope.fn)
	defer w.pop()
	switch n := n.(type) {
	case *ast.ForStatement:
		switch i := n.Initializer.(type) {
		case *ast.ForLoopInitializerExpression:
			w.expression(i.Expression)
		case *ast.ForLoopInitializerVarDeclList:
			w.declarations(w.at(n.For)+2, i.List)
		case *ast.ForLoopInitializerLexicalDecl:
			w.declareTargets(s, i.LexicalDeclaration.List)
			w.declarations(w.at(i.LexicalDeclaration.Idx), i.LexicalDeclaration.List)
		}
		w.expression(n.Test)
		w.expression(n.Update)
		w.sole(n.Body)
	case *ast.ForInStatement:
		w.into(s, n.Into, w.at(n.For)+2)
		w.expression(n.Source)
		w.sole(n.Body)
	case *ast.ForOfStatement:
		keyword := w.at(n.For) + 1
		await := w.is(keyword, "await")
		if await {
			w.await(keyword)
			w.edits.wrap(w.start(w.at(whole.Idx0())), w.end(w.last(n.Body)), "{", "__r(__$c);}")
			keyword++
		}
		w.into(s, n.Into, keyword+1)
		w.expression(n.Source)
		if !await {
			w.sole(n.Body)
			return
		}
		body := n.Body
		if b, ok := body.(*ast.BlockStatement); ok {
			at := w.offset(b.LeftBrace) + 1
			w.edits.add(at, at, "__r(__$c);", rankFirst)
		} else {
			first := int(w.tokens[keyword].match) + 1
			w.edits.wrap(w.start(first), w.end(w.last(body)), "{__r(__$c);", "}")
		}
		w.sole(body)
	}
}

// into walks the target of for-in and for-of; i is the token of its keyword.
func (w *walker) into(s *scope, into ast.ForInto, i int) {
	var target ast.Expression
	switch n := into.(type) {
	case *ast.ForIntoExpression:
		w.pattern(n.Expression, false)
		return
	case *ast.ForIntoVar:
		target = n.Binding.Target
	case *ast.ForDeclaration:
		target = n.Target
		w.bound(target, func(name string, i int) { w.declare(s, name, i) })
	}
	fibers, locals := w.split(target)
	if fibers == 0 {
		w.pattern(target, true)
		return
	}
	// an assignment pattern; the ordinary variables in it are declared apart
	w.edits.replace(w.start(i), w.end(i), "")
	f := w.scope.fn
	if _, ok := into.(*ast.ForIntoVar); !ok {
		for n := range locals {
			locals[n] = ""
		}
		w.bound(target, func(name string, i int) {
			if v := w.lookup(name); !v.fiber {
				v.replacement = w.fresh()
				f.hoisted = append(f.hoisted, v.replacement)
			}
		})
	} else {
		f.hoisted = append(f.hoisted, locals...)
	}
	w.pattern(target, true)
}
