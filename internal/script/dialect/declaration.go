package dialect

import (
	"strings"

	"github.com/grafana/sobek/ast"
)

// declarations walks the declarators after the keyword at token i. Those of
// fiber variables become stores: var $x = 1 is var __$1=void(__ctx[0] = 1).
func (w *walker) declarations(i int, list []*ast.Binding) {
	for _, b := range list {
		fibers, locals := w.split(b.Target)
		if fibers == 0 {
			w.pattern(b.Target, true)
			w.expression(b.Initializer)
			continue
		}
		dummy := w.fresh()
		at := w.start(w.span(b.Target).first)
		if b.Initializer == nil {
			if w.is(i, "const") {
				w.fail(w.span(b.Target).first, "illegal variable declaration")
			}
			w.edits.replace(at, w.end(w.span(b.Target).last), dummy)
			continue
		}
		if len(locals) > 0 {
			if w.is(i, "const") {
				w.edits.replace(w.start(i), w.end(i), "let")
				i = -1
			}
			dummy = strings.Join(locals, ",") + "," + dummy
		}
		w.edits.wrap(at, w.end(w.outer(w.span(b.Initializer)).last), dummy+"=void(", ")")
		w.pattern(b.Target, true)
		w.expression(b.Initializer)
	}
}

// split counts the fiber variables of a pattern and names its other variables.
func (w *walker) split(target ast.Expression) (fibers int, locals []string) {
	w.bound(target, func(name string, i int) {
		v := w.lookup(name)
		switch {
		case v == nil:
		case v.fiber:
			fibers++
		case v.replacement != "":
			locals = append(locals, v.replacement)
		default:
			locals = append(locals, name)
		}
	})
	return fibers, locals
}

func (w *walker) lastBinding(list []*ast.Binding) int {
	b := list[len(list)-1]
	if b.Initializer != nil {
		return w.outer(w.span(b.Initializer)).last
	}
	return w.span(b.Target).last
}
