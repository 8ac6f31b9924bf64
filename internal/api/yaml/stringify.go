package yaml

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"weir/internal/event"
	"weir/internal/script"
)

// Stringify writes a value as one document in block style, ended by a newline. What it writes and leaves out is as in
// JSON: undefined and functions are left out of objects and null in arrays, toJSON is called, a cycle is an error; besides,
// Int and BigInt keep all digits, and a Data is !!binary. The replacer, if it is a function, is called top-down with key,
// value and container and gives the value to write. ok is false if there is nothing to write.
func Stringify(r *script.Realm, v, replacer script.Value) (text string, ok bool, err error) {
	w := writer{r: r, replacer: replacer}
	v, ok, err = w.resolve(script.Undefined, v, script.Null)
	if err != nil || !ok {
		return "", false, err
	}
	if err := w.value(v, 0); err != nil {
		return "", false, err
	}
	return strings.TrimPrefix(w.String(), " "), true, nil
}

// maxText ends the writing of what shares its parts so often that it would never end.
const maxText = 256 << 20

type writer struct {
	strings.Builder
	r        *script.Realm
	replacer script.Value
	path     []script.Value
}

// resolve applies toJSON and the replacer. ok is false for what YAML has no place for.
func (w *writer) resolve(key, v, container script.Value) (script.Value, bool, error) {
	if v.IsObject() {
		f, err := w.r.Get(v, "toJSON")
		if err != nil {
			return v, false, err
		}
		if w.r.IsFunction(f) {
			if v, err = w.r.CallMethod(f, v, key); err != nil {
				return v, false, err
			}
		}
	}
	if !w.replacer.IsUndefined() {
		var err error
		if v, err = w.r.Call(w.replacer, key, v, container); err != nil {
			return v, false, err
		}
	}
	return v, !v.IsUndefined() && !v.IsSymbol() && !w.r.IsFunction(v), nil
}

// value writes what follows "key:" or "-": a scalar with a blank before it, or a collection on lines of its own.
func (w *writer) value(v script.Value, indent int) error {
	if w.Len() > maxText {
		return errors.New("cannot write more than 256 MiB of YAML")
	}
	if s, ok := w.scalar(v, indent); ok {
		w.WriteString(" " + s + "\n")
		return nil
	}
	for _, p := range w.path {
		if w.r.Same(p, v) {
			return errors.New("cannot write an object that contains itself as YAML")
		}
	}
	if len(w.path) >= maxNesting {
		return errors.New("cannot write an object nested too deep as YAML")
	}
	w.path = append(w.path, v)
	defer func() { w.path = w.path[:len(w.path)-1] }()
	if w.r.IsArray(v) {
		return w.sequence(v, indent)
	}
	return w.mapping(v, indent)
}

// begin starts an entry of a collection: the first one of a nested sequence follows the dash it is in.
func (w *writer) begin(first bool, indent int) {
	if s := w.String(); first && strings.HasSuffix(s, "-") {
		w.WriteByte(' ')
		return
	} else if first && indent > 0 && !strings.HasSuffix(s, "\n") {
		w.WriteByte('\n')
	}
	for range indent {
		w.WriteByte(' ')
	}
}

func (w *writer) sequence(v script.Value, indent int) error {
	n := w.r.Len(v)
	if n == 0 {
		w.WriteString(" []\n")
	}
	for i := range n {
		end := w.r.Scope()
		err := func() error {
			e, err := w.r.GetIndex(v, i)
			if err != nil {
				return err
			}
			e, ok, err := w.resolve(script.Int(i), e, v)
			if err != nil {
				return err
			}
			if !ok {
				e = script.Null
			}
			w.begin(i == 0, indent)
			w.WriteByte('-')
			return w.value(e, indent+2)
		}()
		end()
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) mapping(v script.Value, indent int) error {
	first := true
	err := w.r.Each(v, func(name string, e script.Value) error {
		e, ok, err := w.resolve(w.r.String(name), e, v)
		if err != nil || !ok {
			return err
		}
		w.begin(first, indent)
		first = false
		w.WriteString(quote(name) + ":")
		return w.value(e, indent+2)
	})
	if first && err == nil {
		w.WriteString(" {}\n")
	}
	return err
}

// scalar returns the text of a value that is not a collection.
func (w *writer) scalar(v script.Value, indent int) (string, bool) {
	if s, ok := w.r.AsString(v); ok {
		if text, ok := literal(s, max(indent, 2)); ok {
			return text, true
		}
		return quote(s), true
	}
	if !v.IsObject() {
		s, _ := w.r.ToString(v)
		if f, ok := v.Float(); ok {
			switch {
			case math.IsNaN(f):
				s = ".nan"
			case math.IsInf(f, 0):
				s = strings.Replace(s, "Infinity", ".inf", 1)
			}
		}
		return s, true
	}
	if d, ok := event.DataOf(w.r, v); ok {
		return "!!binary " + binary(d), true
	}
	if x, ok := w.r.Opaque(v).(script.Numeric); ok {
		return fmt.Sprint(x), true
	}
	return "", false
}
