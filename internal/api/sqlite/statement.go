package sqlite

import (
	"math"
	"strconv"

	"github.com/ncruces/go-sqlite3"

	"weir/internal/api/lang"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

// statement is the Go value of a Statement object.
type statement struct {
	db   *database
	stmt *sqlite3.Stmt // nil if the text had no statement
}

// RealmClosed implements script.Closer.
func (s *statement) RealmClosed() { s.db.close() }

// use begins a call.
func (s *statement) use() (*sqlite3.Stmt, error) {
	_, err := s.db.use()
	return s.stmt, err
}

var statementClass = &script.Class{
	Name: "Statement", Path: "sqlite.Statement",
	Bound: true,
	Finalize: func(v any) {
		s := v.(*statement)
		if s.stmt != nil {
			s.db.drop(s.stmt)
		}
		s.db.release()
	},
	Methods: []script.Method{
		{Name: "bind", Sig: "(index: int, value?: any) => Statement", Length: 2, Fn: bind},
		{Name: "exec", Sig: "() => object[]", Fn: func(c *script.Call) (script.Value, error) {
			stmt, err := script.This[*statement](c).use()
			if err != nil {
				return script.Undefined, err
			}
			if stmt == nil {
				return script.Undefined, failure(sqlite3.MISUSE)
			}
			rows := list{array: c.NewArray()}
			err = rows.add(c, stmt, column)
			return rows.array, err
		}},
		{Name: "step", Sig: "() => boolean (false: there is a row)", Fn: func(c *script.Call) (script.Value, error) {
			stmt, err := script.This[*statement](c).use()
			if err != nil {
				return script.Undefined, err
			}
			if stmt == nil {
				return script.Undefined, failure(sqlite3.MISUSE)
			}
			more, err := step(stmt)
			return script.Bool(!more), err
		}},
		{Name: "column", Sig: "(i: int) => any", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			stmt, err := script.This[*statement](c).use()
			if err != nil {
				return script.Undefined, err
			}
			if err := c.Need(1); err != nil {
				return script.Undefined, err
			}
			i, err := c.Int(0)
			if err != nil || stmt == nil || i < 0 || i >= stmt.ColumnCount() {
				return script.Undefined, err
			}
			return column(c.Realm, stmt, i), nil
		}},
		{Name: "row", Sig: "() => object | null", Fn: func(c *script.Call) (script.Value, error) {
			stmt, err := script.This[*statement](c).use()
			if err != nil {
				return script.Undefined, err
			}
			if stmt == nil || stmt.ColumnCount() == 0 {
				return script.Null, nil
			}
			return object(c.Realm, stmt, column), nil
		}},
		{Name: "reset", Sig: "() => Statement", Fn: func(c *script.Call) (script.Value, error) {
			stmt, err := script.This[*statement](c).use()
			if err == nil && stmt != nil {
				_ = stmt.Reset() // it reports the failure of the last step again
			}
			return c.This, err
		}},
	},
}

// step goes to the next row. A statement that has come to its end, or has failed, is ready for new parameters.
func step(s *sqlite3.Stmt) (more bool, err error) {
	if s.Step() {
		return true, nil
	}
	err = s.Err()
	_ = s.Reset() // as above
	return false, failure(err)
}

// bind sets a parameter. What SQLite refuses, such as an index that does not exist, is ignored.
func bind(c *script.Call) (script.Value, error) {
	stmt, err := script.This[*statement](c).use()
	if err != nil {
		return script.Undefined, err
	}
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	i, err := c.Int(0)
	if err != nil {
		return script.Undefined, err
	}
	v := c.Arg(1)
	if stmt == nil || i < 1 || i > stmt.BindCount() {
		return c.This, nil
	}
	if f, ok := v.Float(); ok {
		_ = stmt.BindFloat(i, f)
		return c.This, nil
	}
	if d, ok := event.DataOf(c.Realm, v); ok {
		b := d.Bytes()
		if b == nil {
			b = []byte{} // nil would be NULL
		}
		_ = stmt.BindBlob(i, b)
		return c.This, nil
	}
	switch {
	case v.IsNullish():
		_ = stmt.BindNull(i)
		return c.This, nil
	case v.IsBool():
		_ = stmt.BindBool(i, c.Truthy(v))
		return c.This, nil
	}
	if n, ok := script.As[lang.Int](c.Realm, v); ok {
		_ = stmt.BindInt64(i, n.Int64())
		return c.This, nil
	}
	s, err := c.ToString(v)
	if err != nil {
		return script.Undefined, err
	}
	if v.IsBigInt() {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			_ = stmt.BindInt64(i, n)
			return c.This, nil
		}
	}
	_ = stmt.BindText(i, s)
	return c.This, nil
}

// column returns a value of the current row in the type it has.
func column(r *script.Realm, s *sqlite3.Stmt, i int) script.Value {
	switch s.ColumnType(i) {
	case sqlite3.INTEGER:
		n := s.ColumnInt64(i)
		if n >= 0 && n <= math.MaxUint32 {
			return script.Int(int(n))
		}
		return lang.NewInt(r, n)
	case sqlite3.FLOAT:
		return script.Number(s.ColumnFloat(i))
	case sqlite3.TEXT:
		return r.String(s.ColumnText(i))
	case sqlite3.BLOB:
		return event.NewData(r, stream.NewData(s.ColumnBlob(i, nil)))
	}
	return script.Null
}

// columnText returns a value of the current row as text.
func columnText(r *script.Realm, s *sqlite3.Stmt, i int) script.Value {
	if s.ColumnType(i) == sqlite3.NULL {
		return script.Null
	}
	return r.String(s.ColumnText(i))
}

// object returns the current row.
func object(r *script.Realm, s *sqlite3.Stmt, column func(*script.Realm, *sqlite3.Stmt, int) script.Value) script.Value {
	o := r.NewObject()
	for i := range s.ColumnCount() {
		r.Set(o, s.ColumnName(i), column(r, s, i))
	}
	return o
}

// list gathers rows.
type list struct {
	array script.Value
	n     int
}

// add runs a statement to its end and adds its rows.
func (l *list) add(c *script.Call, s *sqlite3.Stmt, column func(*script.Realm, *sqlite3.Stmt, int) script.Value) error {
	for {
		more, err := step(s)
		if err != nil || !more {
			return err
		}
		end := c.Scope()
		err = c.SetIndex(l.array, l.n, object(c.Realm, s, column))
		end()
		if err != nil {
			_ = s.Reset() // out of memory: the script will not read on
			return err
		}
		l.n++
	}
}
