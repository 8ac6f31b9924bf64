package csv

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"weir/internal/script"
)

// header is the option of this name.
type header struct {
	given bool     // it is there
	on    bool     // true, or a list
	names []string // the list
}

func readHeader(r *script.Realm, o *script.Options) (h header, err error) {
	v := o.Value("header")
	h.given = !v.IsUndefined()
	switch {
	case !h.given:
	case r.IsArray(v):
		elements, err := r.Elements(v)
		if err != nil {
			return h, err
		}
		h.on, h.names = true, make([]string, len(elements))
		for i, e := range elements {
			if h.names[i], err = r.ToString(e); err != nil {
				return h, err
			}
		}
	case v.IsBool():
		h.on = r.Truthy(v)
	default:
		o.Fail("header", "a boolean", "an array")
	}
	return h, nil
}

// character reads an option that is one character.
func character(o *script.Options, name string, def rune) rune {
	s := o.Str(name, string(def))
	c, n := utf8.DecodeRuneInString(s)
	switch {
	case s == "" || s == "\x00":
		return 0
	case n != len(s) || c == '"' || c == '\r' || c == '\n' || c == utf8.RuneError:
		o.Fail(name, "a character other than a quote or a line end")
	}
	return c
}

// options checks an options argument.
func options(r *script.Realm, v script.Value) (*script.Options, error) {
	if !v.IsNullish() && !v.IsObject() {
		return nil, script.ArgError(1, "an object")
	}
	return r.Options(v), nil
}

func delimiter(o *script.Options) rune {
	c := character(o, "delimiter", ',')
	if c == 0 {
		o.Fail("delimiter", "a character other than a quote or a line end")
	}
	return c
}

// What a row may have, because all of it is held before it becomes an array: so many values; with lazyQuotes, where it takes
// more than a look to know where rows end, so many in all rows.
const (
	maxColumns = 1 << 20
	maxValues  = 1 << 22
)

// checkWidth returns an error if a row has too many values.
func checkWidth(text string, comma rune, lazy bool) error {
	n, quoted := 0, false
	for _, c := range text {
		switch {
		case c == comma && !quoted:
			if n++; n >= maxValues {
				return fmt.Errorf("CSV: more than %d values", maxValues)
			} else if n >= maxColumns && !lazy {
				return fmt.Errorf("CSV: a row has more than %d values", maxColumns)
			}
		case c == '"':
			quoted = !quoted && !lazy
		case c == '\n' && !quoted && !lazy:
			n = 0
		}
	}
	return nil
}

// mark is the byte order mark that some programs put before a text.
const mark = "\ufeff"

// Parse returns the rows of a text. Empty lines are skipped, and line ends within quoted values become line feeds. A row longer than the header is an error; a shorter one has no
// properties for what is missing.
func Parse(r *script.Realm, text string, opts script.Value) (script.Value, error) {
	o, err := options(r, opts)
	if err != nil {
		return script.Undefined, err
	}
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, mark)))
	in.FieldsPerRecord, in.ReuseRecord = -1, true
	in.Comma = delimiter(o)
	in.Comment = character(o, "comment", 0)
	trim := o.Bool("trim", false)
	in.TrimLeadingSpace = trim && in.Comma != '\t' && in.Comma != ' '
	in.LazyQuotes = o.Bool("lazyQuotes", false)
	h, err := readHeader(r, o)
	if err = errors.Join(err, o.Err()); err != nil {
		return script.Undefined, err
	}
	if in.Comma == in.Comment {
		return script.Undefined, errors.New("options.comment and options.delimiter are the same")
	}
	if err := checkWidth(text, in.Comma, in.LazyQuotes); err != nil {
		return script.Undefined, err
	}
	rows := r.NewArray()
	for n := 0; ; {
		record, err := in.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return script.Undefined, explain(err)
		}
		if trim {
			for i := range record {
				record[i] = strings.TrimSpace(record[i])
			}
		}
		if h.on && h.names == nil {
			h.names = append([]string{}, record...)
			continue
		}
		if h.on && len(record) > len(h.names) {
			line, _ := in.FieldPos(0)
			return script.Undefined, fmt.Errorf("CSV: line %d has %d values, but there are %d columns", line, len(record), len(h.names))
		}
		end := r.Scope()
		err = r.SetIndex(rows, n, row(r, record, h))
		end()
		if err != nil {
			return script.Undefined, err
		}
		n++
	}
}

func row(r *script.Realm, record []string, h header) script.Value {
	if !h.on {
		return r.FromGo(record)
	}
	o := r.NewObject()
	for i, v := range record {
		r.Set(o, h.names[i], r.String(v))
	}
	return o
}

// explain says where an error is, in lines and columns from 1.
func explain(err error) error {
	var e *csv.ParseError
	if errors.As(err, &e) {
		return fmt.Errorf("CSV: %w at line %d, column %d", e.Err, e.Line, e.Column)
	}
	return fmt.Errorf("CSV: %w", err)
}
