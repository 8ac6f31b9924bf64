package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"weir/internal/script"
)

// database is a connection to a database. Its Database object and those of its statements share it: it is closed with the last
// of them, or when the script says so, or with the realm.
type database struct {
	conn  *sqlite3.Conn // nil once closed
	users int
	limit limit
	held  map[*sqlite3.Stmt]struct{}
}

// limit interrupts SQLite when a call has run for too long.
type limit struct {
	context.Context
	timeout time.Duration // 0 for none
	end     time.Time
}

// Err implements context.Context, which SQLite asks from time to time.
func (l *limit) Err() error {
	if l.timeout > 0 && time.Now().After(l.end) {
		return context.DeadlineExceeded
	}
	return nil
}

// begin starts the clock of a call.
func (l *limit) begin() {
	if l.timeout > 0 {
		l.end = time.Now().Add(l.timeout)
	}
}

//lint:ignore ST1005 scripts know it as this
var errClosed = errors.New("Database is closed")

func open(name string, flags sqlite3.OpenFlag, timeout time.Duration) (*database, error) {
	conn, err := sqlite3.OpenFlags(name, flags)
	if err != nil {
		return nil, failure(err)
	}
	db := &database{conn: conn, users: 1, held: map[*sqlite3.Stmt]struct{}{}}
	db.limit = limit{Context: context.Background(), timeout: timeout}
	conn.SetInterrupt(&db.limit)
	db.limit.begin()
	if err := conn.BusyTimeout(BusyTimeout); err != nil {
		conn.Close()
		return nil, failure(err)
	}
	return db, nil
}

// failure is an error as scripts see it.
func failure(err error) error {
	var e *sqlite3.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sqlite3.BUSY):
		return errors.New("SQLITE_BUSY")
	case errors.Is(err, sqlite3.MISUSE):
		return errors.New("SQLITE_MISUSE")
	case errors.Is(err, sqlite3.INTERRUPT):
		return errors.New("SQLite error: interrupted: the call took too long")
	case errors.As(err, &e) && e.Unwrap() == nil: // without what the system says, the text of the code is repeated
		code := e.ExtendedCode().Error()
		if text, ok := strings.CutPrefix(err.Error(), code+": "); ok {
			return fmt.Errorf("SQLite error: %s", text)
		}
	}
	return fmt.Errorf("SQLite error: %s", strings.TrimPrefix(err.Error(), "sqlite3: "))
}

// use begins a call.
func (db *database) use() (*sqlite3.Conn, error) {
	if db.conn == nil {
		return nil, errClosed
	}
	db.limit.begin()
	return db.conn, nil
}

// prepare compiles the first statement of a text; it is nil if there is none.
func (db *database) prepare(sql string) (stmt *sqlite3.Stmt, rest string, err error) {
	conn, err := db.use()
	if err != nil {
		return nil, "", err
	}
	stmt, rest, err = conn.Prepare(sql)
	if stmt != nil {
		db.held[stmt] = struct{}{}
	}
	return stmt, rest, failure(err)
}

// drop ends a statement.
func (db *database) drop(s *sqlite3.Stmt) {
	if _, ok := db.held[s]; ok {
		delete(db.held, s)
		s.Close() // it reports the failure of the last step again
	}
}

func (db *database) close() {
	if db.conn == nil {
		return
	}
	for s := range db.held {
		db.drop(s)
	}
	db.limit.begin()
	db.conn.Close() // fails for statements that are left, and there are none
	db.conn = nil
}

func (db *database) release() {
	if db.users--; db.users == 0 {
		db.close()
	}
}

// handle is the Go value of a Database object.
type handle struct{ db *database }

// RealmClosed implements script.Closer.
func (h *handle) RealmClosed() { h.db.close() }

var databaseClass = &script.Class{
	Name: "Database", Path: "sqlite.Database",
	Bound:    true,
	Finalize: func(v any) { v.(*handle).db.release() },
	Methods: []script.Method{
		{Name: "sql", Sig: "(sql: string) => Statement", Length: 1, Fn: prepare},
		{Name: "exec", Sig: "(sql: string) => object[]", Length: 1, Fn: execute},
		{Name: "close", Sig: "() => void", Fn: func(c *script.Call) (script.Value, error) {
			script.This[*handle](c).db.close()
			return script.Undefined, nil
		}},
	},
}

func text(c *script.Call) (*database, string, error) {
	db := script.This[*handle](c).db
	if err := c.Need(1); err != nil {
		return nil, "", err
	}
	sql, err := c.Str(0)
	return db, sql, err
}

func prepare(c *script.Call) (script.Value, error) {
	db, sql, err := text(c)
	if err != nil {
		return script.Undefined, err
	}
	stmt, _, err := db.prepare(sql)
	if err != nil {
		return script.Undefined, err
	}
	db.users++
	return c.NewObjectOf(statementClass, &statement{db: db, stmt: stmt}), nil
}

// execute is Database.exec: it runs all statements of a text and returns the rows of all, as texts.
func execute(c *script.Call) (script.Value, error) {
	db, sql, err := text(c)
	if err != nil {
		return script.Undefined, err
	}
	rows := list{array: c.NewArray()}
	for {
		stmt, rest, err := db.prepare(sql)
		if err != nil {
			return script.Undefined, err
		}
		if stmt != nil {
			err = rows.add(c, stmt, columnText)
			db.drop(stmt)
			if err != nil {
				return script.Undefined, err
			}
		}
		if rest == "" {
			return rows.array, nil
		}
		sql = rest
	}
}
