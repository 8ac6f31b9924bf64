package csv

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strings"

	"weir/internal/script"
)

// Stringify returns rows as text. For objects the first line has the names of the columns unless header is false: those given,
// or all keys in the order they appear. null and undefined become empty values.
func Stringify(r *script.Realm, rows, opts script.Value) (string, error) {
	o, err := options(r, opts)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	out := csv.NewWriter(&b)
	out.Comma = delimiter(o)
	out.UseCRLF = o.Enum("eol", "\n", "\n", "\r\n") == "\r\n"
	h, err := readHeader(r, o)
	if err = errors.Join(err, o.Err()); err != nil {
		return "", err
	}
	names, objects, err := columns(r, rows, h)
	if err != nil {
		return "", err
	}
	if names != nil && (h.on || objects && !h.given) {
		if err := write(out, &b, names); err != nil {
			return "", err
		}
	}
	var record []string
	for i := range r.Len(rows) {
		end := r.Scope()
		record, err = values(r, rows, i, names, record[:0])
		end()
		if err == nil {
			err = write(out, &b, record)
		}
		if err != nil {
			return "", err
		}
	}
	out.Flush()
	if s := b.String(); strings.HasPrefix(s, mark) {
		return mark + s, nil // the first one is not read as part of the value
	}
	return b.String(), nil
}

// write writes a record. One empty value is quoted: an empty line would be none.
func write(out *csv.Writer, b *strings.Builder, record []string) error {
	if len(record) == 1 && record[0] == "" {
		out.Flush()
		b.WriteString(`""`)
	}
	if err := out.Write(record); err != nil {
		return fmt.Errorf("CSV: %w", err)
	}
	return nil
}

// columns returns the names of the columns, and whether there are objects among the rows. Without objects there are only the
// names that are given.
func columns(r *script.Realm, rows script.Value, h header) (names []string, objects bool, err error) {
	names = h.names
	seen := map[string]bool{}
	for i := range r.Len(rows) {
		end := r.Scope()
		row, err := r.GetIndex(rows, i)
		if err == nil && !row.IsObject() {
			err = fmt.Errorf("row %d expects an array or an object", i)
		}
		if err == nil && !r.IsArray(row) {
			objects = true
			if h.names == nil {
				var keys []string
				keys, err = r.Keys(row)
				for _, k := range keys {
					if !seen[k] {
						seen[k] = true
						names = append(names, k)
					}
				}
			}
		}
		end()
		if err != nil {
			return nil, false, err
		}
	}
	return names, objects, nil
}

func values(r *script.Realm, rows script.Value, i int, names, record []string) ([]string, error) {
	row, err := r.GetIndex(rows, i)
	if err != nil {
		return nil, err
	}
	get, n := func(k int) (script.Value, error) { return r.Get(row, names[k]) }, len(names)
	if r.IsArray(row) {
		get, n = func(k int) (script.Value, error) { return r.GetIndex(row, k) }, r.Len(row)
	}
	for k := range n {
		v, err := get(k)
		if err != nil {
			return nil, err
		}
		s := ""
		if !v.IsNullish() {
			if s, err = r.ToString(v); err != nil {
				return nil, err
			}
		}
		record = append(record, s)
	}
	return record, nil
}
