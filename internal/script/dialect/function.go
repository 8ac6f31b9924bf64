package dialect

import (
	"strings"

	"github.com/grafana/sobek/ast"
)

// callable is a function of any form.
type callable struct {
	params           *ast.ParameterList  // nil for static blocks
	body             *ast.BlockStatement // or
	value            ast.Expression      // of an arrow function
	arrow            bool
	arrowAt          int // token of =>
	async, generator bool
	setter           bool
	open             int // token of the ( of the parameters, -1 if there is none
}

func (w *walker) arrow(n *ast.ArrowFunctionLiteral) {
	c := callable{params: n.ParameterList, arrow: true, async: n.Async}
	i := w.at(n.Start)
	if n.Async && !w.is(i+1, "=>") {
		i++
	}
	c.open, c.arrowAt = -1, i+1
	if w.is(i, "(") {
		c.open = i
		c.arrowAt = int(w.tokens[i].match) + 1
	}
	if b, ok := n.Body.(*ast.ExpressionBody); ok {
		c.value = b.Expression
	} else {
		c.body = n.Body.(*ast.BlockStatement)
	}
	w.function(c)
}

func (w *walker) function(c callable) {
	f := &function{async: c.async, generator: c.generator}
	s := w.push(f)
	list := w.listStart
	w.listStart = -1
	if c.params != nil {
		w.parameters(s, c.params)
	}
	if c.body != nil {
		w.hoistAll(s, c.body.List)
		w.lexical(s, c.body.List)
		w.walkParameters(f, c.params)
		w.statements(c.body.List)
	} else {
		w.walkParameters(f, c.params)
		w.expression(c.value)
	}
	w.pop()
	w.listStart = list
	w.finishFunction(c, f)
}

// parameters declares the parameters; of several with one name the first wins.
func (w *walker) parameters(s *scope, list *ast.ParameterList) {
	declare := func(n int) func(string, int) {
		return func(name string, i int) {
			if name[0] == '$' && name != "$" && w.kind == Module && !(w.options.renamed && strings.Trim(name[1:], "0123456789") == "") {
				w.fail(i, "reserved argument name '"+name+"'")
			}
			if s.vars[name] != nil {
				w.renamed[i] = w.fresh()
				return
			}
			v := w.declareLocal(s, name, i)
			v.parameter, v.token = n, i
		}
	}
	for n, b := range list.List {
		w.bound(b.Target, declare(n+1))
	}
	if list.Rest != nil {
		w.bound(list.Rest, declare(len(list.List)+1))
	}
}

func (w *walker) walkParameters(f *function, list *ast.ParameterList) {
	if list == nil {
		return
	}
	f.parameters = true
	for n, b := range list.List {
		f.parameter = n + 1
		w.pattern(b.Target, true)
		f.initializer = true
		w.expression(b.Initializer)
		f.initializer = false
	}
	w.pattern(list.Rest, true)
	f.parameters = false
}

// finishFunction makes the edits that depend on what the function contains.
func (w *walker) finishFunction(c callable, f *function) {
	prologue := ""
	if f.awaits {
		prologue = "const __$c=__save();"
		for _, at := range f.restore {
			w.edits.add(at, at, "__r(__$c);", rankFirst)
		}
	}
	if len(f.hoisted) > 0 {
		prologue += "var " + strings.Join(f.hoisted, ",") + ";"
	}
	late := f.late && c.open >= 0 && !c.setter
	if prologue == "" && !late {
		return
	}
	if late {
		w.lateParameters(c, prologue)
	}
	if c.body != nil {
		at := w.offset(c.body.LeftBrace)
		if late {
			w.edits.replace(at, at+1, "")
		} else {
			w.edits.add(at+1, at+1, prologue, rankFirst)
		}
		return
	}
	body := w.outer(w.span(c.value))
	head := "return ("
	if !late {
		head = "{" + prologue + head
	}
	w.edits.wrapOuter(w.start(body.first), w.end(body.last), head, ")}")
}

// lateParameters turns parameters whose defaults mention later ones into
// variables: (a = b, b = 1) => … becomes (...p) => {var [a = b, b = 1] = p; …
func (w *walker) lateParameters(c callable, prologue string) {
	name := w.fresh()
	arrow := ""
	if c.arrow {
		arrow = "=>"
		w.edits.replace(w.start(c.arrowAt), w.end(c.arrowAt), "")
	}
	w.edits.replace(w.start(c.open), w.end(c.open), "(..."+name+")"+arrow+"{"+prologue+"var [")
	closing := int(w.tokens[c.open].match)
	w.edits.replace(w.start(closing), w.end(closing), "]="+name+";")
}
