// Package sqlite offers scripts SQLite databases. All calls are synchronous: the worker does nothing else meanwhile. A call that
// runs longer than a callback may is interrupted; one that finds the database locked waits for BusyTimeout.
package sqlite

import (
	"time"

	"github.com/ncruces/go-sqlite3"

	"weir/internal/script"
)

// BusyTimeout is how long a call waits for a lock that another connection holds, unless PRAGMA busy_timeout says otherwise.
const BusyTimeout = time.Second

// Namespace is the global function sqlite.
var Namespace = &script.Namespace{
	Name:    "sqlite",
	Sig:     "(filename: string, flags = 0) => Database",
	Call:    call,
	CallSig: "(filename: string, flags = 0) => Database",
	Extra:   script.ClassRows(databaseClass, statementClass),
}

// allowedFlags are the flags of SQLite that concern the user of a database.
const allowedFlags = sqlite3.OPEN_READONLY | sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE | sqlite3.OPEN_URI |
	sqlite3.OPEN_MEMORY | sqlite3.OPEN_NOMUTEX | sqlite3.OPEN_FULLMUTEX | sqlite3.OPEN_SHAREDCACHE |
	sqlite3.OPEN_PRIVATECACHE | sqlite3.OPEN_NOFOLLOW

func call(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	name, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	flags := 0
	if c.Has(1) {
		if flags, err = c.Int(1); err != nil {
			return script.Undefined, err
		}
	}
	db, err := open(name, sqlite3.OpenFlag(flags)&allowedFlags, c.Timeout())
	if err != nil {
		return script.Undefined, err
	}
	return c.NewObjectOf(databaseClass, &handle{db}), nil
}
