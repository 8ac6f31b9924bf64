package dialect

import (
	"strconv"

	"github.com/grafana/sobek/ast"
)

// walker goes once through the syntax tree and makes the edits.
type walker struct {
	*prepared
	src     *source
	options Options
	prefix  string // what precedes the author's text in the parsed text

	scope   *scope
	module  *function
	marked  map[ast.Statement]bool // statements that may give the file's value
	renamed map[int]string         // second parameters of one name, by token

	legacyFile bool              // the file calls pipy(...): free names with a leading _ are context variables
	legacyKeys map[string]string // context variable to namespace, "" for the file's own
	legacy     map[string]string // free identifier to replacement

	names     int
	depth     int      // of statements while hoisting
	cutOff    bool     // the image ends after the first statement
	readOnly  []string // imports that are assigned to
	returns   bool     // there is a top-level return
	listStart int      // first token of the current statement if it is in a list
	defaults  map[int]*exportDecl
	err       *SyntaxError
}

func (w *walker) fail(token int, message string) {
	if w.err == nil {
		w.err = w.failAt(token, message)
	}
}

// identifier handles a use of the name at token i.
func (w *walker) identifier(i int, assigned, called bool) {
	with, method := w.resolve(i, assigned)
	if with == "" {
		return
	}
	if called && method {
		with = "(0," + with + ")"
		if i == w.listStart {
			with = ";" + with
		}
	}
	w.edits.replace(w.start(i), w.end(i), with)
}

// resolve gives what stands for the name at token i, "" for itself.
func (w *walker) resolve(i int, assigned bool) (with string, method bool) {
	name := w.str(i)
	for s := w.scope; s != nil; s = s.up {
		v := s.vars[name]
		if v == nil {
			continue
		}
		if f := s.fn; f.parameters && w.scope.fn == f {
			f.late = f.late || v.parameter > f.parameter ||
				v.parameter == f.parameter && (f.initializer || v.token > i)
		}
		if assigned && v.assigned != "" {
			w.noteReadOnly(name)
			return v.assigned, false
		}
		return v.replacement, v.method
	}
	if with = w.outside(name); with != "" {
		return with, false
	}
	namespace, declared := w.legacyKeys[name]
	if !declared && !(w.legacyFile && name[0] == '_') && name != "__filename" && name != "__inbound" || w.options.LegacySlots == nil || w.kind != Module || name == "__thread" {
		return "", false
	}
	with, known := w.legacy[name]
	if !known {
		if slot, ok := w.options.LegacySlots(namespace, name); ok {
			with = "__leg[" + strconv.Itoa(slot) + "]"
		}
		w.legacy[name] = with
	}
	return with, false
}

func (w *walker) noteReadOnly(name string) {
	for _, n := range w.readOnly {
		if n == name {
			return
		}
	}
	w.readOnly = append(w.readOnly, name)
}

// binding handles the name at token i where it is declared.
func (w *walker) binding(i int) {
	if name := w.renamed[i]; name != "" {
		w.edits.replace(w.start(i), w.end(i), name)
		return
	}
	if v := w.lookup(w.str(i)); v != nil && v.replacement != "" {
		w.edits.replace(w.start(i), w.end(i), v.replacement)
	}
}

// shorthand handles { name } in literals and patterns.
func (w *walker) shorthand(i int, assigned, declared bool) {
	with := w.renamed[i]
	switch {
	case with != "":
	case declared:
		if v := w.lookup(w.str(i)); v != nil {
			with = v.replacement
		}
	default:
		with, _ = w.resolve(i, assigned)
	}
	if with != "" {
		w.edits.replace(w.start(i), w.end(i), w.str(i)+":"+with)
	}
}
