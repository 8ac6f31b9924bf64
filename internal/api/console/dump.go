package console

import (
	"fmt"
	"strconv"
	"strings"

	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

const (
	maxDepth = 100
	// maxSize ends the rendering of a value that would go on and on: a graph with shared parts has more paths than objects.
	maxSize = 4 << 20
)

// Dump renders a value for people. Strings are quoted; an object that contains itself, or is nested deeper than 100
// levels, is cut short, and so is a text of more than 4 MiB. It runs getters of the value; those that fail show their
// error.
func Dump(r *script.Realm, v script.Value) string {
	d := dumper{r: r, limit: maxSize}
	d.value(v)
	return d.String()
}

type dumper struct {
	strings.Builder
	r     *script.Realm
	path  []script.Value
	limit int
}

func (d *dumper) value(v script.Value) {
	if d.Len() > d.limit {
		d.WriteString("...")
		return
	}
	defer d.r.Scope()()
	switch s, isString := d.r.AsString(v); {
	case isString:
		quote(&d.Builder, s)
	case v.IsSymbol():
		d.member(v, "description", func(n script.Value) {
			s, _ := d.r.AsString(n)
			d.WriteString("Symbol(" + s + ")")
		})
	case !v.IsObject():
		s, _ := d.r.ToString(v)
		d.WriteString(s)
	default:
		d.object(v)
	}
}

func (d *dumper) object(v script.Value) {
	if d.r.IsFunction(v) {
		d.member(v, "name", func(n script.Value) {
			s, _ := d.r.AsString(n)
			d.WriteString("Function{ " + s + " }")
		})
		return
	}
	if data, ok := event.DataOf(d.r, v); ok {
		d.data(data)
		return
	}
	class := d.r.ClassOf(v)
	if class != nil && !class.Record {
		if s, ok := d.r.Opaque(v).(fmt.Stringer); ok {
			d.WriteString(s.String())
			return
		}
	}
	if class == nil && d.builtin(v) {
		return
	}
	for _, p := range d.path {
		if d.r.Same(p, v) {
			d.WriteString(d.className(v) + "{ ...recursive }")
			return
		}
	}
	if len(d.path) >= maxDepth {
		d.WriteString(d.className(v) + "{ ... }")
		return
	}
	d.path = append(d.path, v)
	defer func() { d.path = d.path[:len(d.path)-1] }()
	if d.r.IsArray(v) {
		d.array(v)
		return
	}
	l := list{d: d, open: "{ ", close: " }"}
	for k := class; k != nil; k = k.Parent {
		for _, p := range k.Props {
			l.next()
			d.WriteString(p.Name + ": ")
			d.member(v, p.Name, d.value)
		}
	}
	d.fields(v, &l)
	l.end()
}

// fields writes the object's own fields, and those of an Error that matter.
func (d *dumper) fields(v script.Value, l *list) {
	if d.r.IsError(v) {
		for _, name := range []string{"name", "message", "cause"} {
			if name == "cause" && !d.r.Has(v, name) {
				continue
			}
			l.next()
			d.WriteString(name + ": ")
			d.member(v, name, d.value)
		}
	}
	names, err := d.r.Keys(v)
	if err != nil {
		l.next()
		d.failure(err)
		return
	}
	for _, name := range names {
		l.next()
		if isIdentifier(name) {
			d.WriteString(name)
		} else {
			quote(&d.Builder, name)
		}
		d.WriteString(": ")
		d.member(v, name, d.value)
		if d.Len() > d.limit {
			return
		}
	}
}

// member writes a property with f, or why it cannot be read.
func (d *dumper) member(v script.Value, name string, f func(script.Value)) {
	defer d.r.Scope()()
	m, err := d.r.Get(v, name)
	if err != nil {
		d.failure(err)
		return
	}
	f(m)
}

func (d *dumper) failure(err error) { d.WriteString("<" + err.Error() + ">") }

// array writes the elements. It goes by the names of those that are there: a sparse array costs no more.
func (d *dumper) array(v script.Value) {
	l := list{d: d, open: "[ ", close: " ]"}
	defer l.end()
	names, err := d.r.Keys(v)
	if err != nil {
		l.next()
		d.failure(err)
		return
	}
	next, length := 0, d.r.Len(v)
	for _, name := range names {
		i, err := strconv.ParseUint(name, 10, 32)
		if err != nil {
			break // names follow indexes
		}
		l.hole(int(i) - next)
		next = int(i) + 1
		l.next()
		d.member(v, name, d.value)
		if d.Len() > d.limit {
			return
		}
	}
	l.hole(length - next)
}

func (d *dumper) data(data *stream.Data) {
	shown := data.Size()
	if shown > 11 {
		shown = 10
	}
	d.WriteString("Data[ ")
	n := 0
	for _, seg := range data.Segments() {
		for _, b := range seg {
			if n == shown {
				break
			}
			if n > 0 {
				d.WriteByte(' ')
			}
			fmt.Fprintf(d, "%02x", b)
			n++
		}
	}
	if rest := data.Size() - shown; rest > 0 {
		fmt.Fprintf(d, " ... and %d more bytes", rest)
	}
	d.WriteString(" ]")
}

// list writes separators; an empty list has two blanks between its brackets.
type list struct {
	d           *dumper
	open, close string
	begun       bool
}

func (l *list) next() {
	if l.begun {
		l.d.WriteString(", ")
		return
	}
	l.begun = true
	l.d.WriteString(l.open)
}

func (l *list) hole(n int) {
	switch {
	case n == 1:
		l.next()
		l.d.WriteString("empty")
	case n > 1:
		l.next()
		fmt.Fprintf(l.d, "empty x %d times", n)
	}
}

func (l *list) end() {
	if !l.begun {
		l.d.WriteString(l.open)
	}
	l.d.WriteString(l.close)
}

func quote(b *strings.Builder, s string) {
	b.WriteByte('"')
	for i := range len(s) {
		const special, letters = "\"\\\a\b\f\n\r\t\v", `"\abfnrtv`
		if k := strings.IndexByte(special, s[i]); k >= 0 {
			b.WriteByte('\\')
			b.WriteByte(letters[k])
		} else {
			b.WriteByte(s[i])
		}
	}
	b.WriteByte('"')
}

func isIdentifier(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '$' || c >= 0x80
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
