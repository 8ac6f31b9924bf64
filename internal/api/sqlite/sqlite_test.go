package sqlite_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/api/json"
	"weir/internal/api/lang"
	"weir/internal/api/sqlite"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

var namespaces = []*script.Namespace{lang.Namespace, event.Namespace, json.Namespace, sqlite.Namespace}

const prelude = `
	function fails(f) { try { f(); return 'no error' } catch (e) { return e.message } };
	function text(v) { return JSON.stringify(v, (k, x) => x === undefined ? 'undefined' : x instanceof Int ? 'Int ' + x.toString() : x instanceof Data ? 'Data ' + x.toString('hex') : x) };
	var db = sqlite(':memory:');
`

func TestSQLite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, src, want string }{
		{"exec", "text(db.exec(\"CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x'), (2.5, NULL); SELECT * FROM t; -- end\"))", `[{"a":"1","b":"x"},{"a":"2.5","b":null}]`},
		{"exec nothing", "text([db.exec(''), db.exec('  ; -- x')])", "[[],[]]"},
		{"types", "text(db.sql(\"SELECT 0 z, 4294967295 a, 4294967296 b, -1 c, 9223372036854775807 d, 1.5 e, 'é' f, x'00ff' g, NULL h\").exec())", `[{"z":0,"a":4294967295,"b":"Int 4294967296","c":"Int -1","d":"Int 9223372036854775807","e":1.5,"f":"é","g":"Data 00ff","h":null}]`},
		{"bind", "var s = db.sql('SELECT typeof(?1) a, typeof(?2) b, typeof(?3) c, typeof(?4) d, typeof(?5) e, typeof(?6) f, ?7 g, typeof(?8) h, ?9 i'); s.bind(1, 1).bind(2, new Int('i64', 7)).bind(3, 'x').bind(4, new Data([1])).bind(5, null).bind(6, true).bind(7, { toString: () => 'o' }).bind(8, new Data).bind(9, 12n).bind(99, 1).bind(0); text(s.exec())", `[{"a":"real","b":"integer","c":"text","d":"blob","e":"null","f":"integer","g":"o","h":"blob","i":12}]`},
		{"column affinity", "db.exec('CREATE TABLE t (n INTEGER)'); db.sql('INSERT INTO t VALUES (?)').bind(1, 5).exec(); text(db.sql('SELECT typeof(n) t FROM t').exec())", `[{"t":"integer"}]`},
		{"step", "db.exec('CREATE TABLE t (n); INSERT INTO t VALUES (1), (2)'); var s = db.sql('SELECT n, n * 2 AS d FROM t'); text([s.step(), s.column(0), s.column(1), s.column(2), s.column(-1), s.row(), s.step(), s.row(), s.step()])", `[false,1,2,"undefined","undefined",{"n":1,"d":2},false,{"n":2,"d":4},true]`},
		{"reset keeps bindings", "var s = db.sql('SELECT ? v').bind(1, 'x'); s.step(); s.reset() === s && text([s.step(), s.column(0)])", `[false,"x"]`},
		{"again with other parameters", "var s = db.sql('SELECT ? v'); text([s.bind(1, 1).exec(), s.bind(1, 2).exec()])", `[[{"v":1}],[{"v":2}]]`},
		{"no columns", "db.exec('CREATE TABLE t (n)'); var s = db.sql('DELETE FROM t'); text([s.row(), s.step(), s.exec()])", "[null,true,[]]"},
		{"first statement only", "text(db.sql('SELECT 1 a; SELECT 2 a').exec())", `[{"a":1}]`},
		{"no statement", "var s = db.sql('-- x'); text([s.row(), s.column(0), fails(() => s.step()), fails(() => s.exec()), s.reset() === s, s.bind(1, 1) === s])", `[null,"undefined","SQLITE_MISUSE","SQLITE_MISUSE",true,true]`},
		{"close", "var s = db.sql('SELECT 1'); s.step(); db.close(); db.close(); text([() => db.exec('x'), () => db.sql('x'), () => s.step(), () => s.exec(), () => s.row(), () => s.bind(1, 1), () => s.reset(), () => s.column(0)].map(fails))",
			`["Database is closed","Database is closed","Database is closed","Database is closed","Database is closed","Database is closed","Database is closed","Database is closed"]`},
		{"errors", "text([() => sqlite(), () => sqlite(1), () => sqlite('x', 'y'), () => sqlite('/nowhere/x.db'), () => sqlite('/nowhere/x.db', 1), () => db.exec('SELEC'), () => db.sql('SELECT * FROM none'), () => db.exec(1), () => db.sql(), () => db.exec('CREATE TABLE u (n UNIQUE); INSERT INTO u VALUES (1), (1)'), () => db.sql('SELECT 1').bind(), () => db.sql('SELECT 1').bind('1', 1), () => db.sql('SELECT 1').column()].map(fails))",
			`["requires 1 or more arguments","argument #1 expects a string","argument #2 expects a number","SQLite error: unable to open database file: lstat /nowhere: no such file or directory","SQLite error: unable to open database file: lstat /nowhere: no such file or directory","SQLite error: near \"SELEC\": syntax error","SQLite error: no such table: none","argument #1 expects a string","requires 1 or more arguments","SQLite error: UNIQUE constraint failed: u.n","requires 1 or more arguments","argument #1 expects a number","requires 1 or more arguments"]`},
		{"transactions", "db.exec('CREATE TABLE t (n); BEGIN; INSERT INTO t VALUES (1); ROLLBACK'); text(db.sql('SELECT count(*) n FROM t').exec())", `[{"n":0}]`},
		{"a failed statement can be used again", "db.exec('CREATE TABLE t (n UNIQUE)'); var s = db.sql('INSERT INTO t VALUES (?)'); text([s.bind(1, 1).exec(), fails(() => s.bind(1, 1).exec()), s.bind(1, 2).exec()])", `[[],"SQLite error: UNIQUE constraint failed: t.n",[]]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := scripttest.Run(t, namespaces, prelude+c.src); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// eval runs a script in a realm.
func eval(t *testing.T, r *script.Realm, src string) string {
	t.Helper()
	res, err := r.Run("/main.js", src)
	if err != nil {
		return "error: " + err.Error()
	}
	s, _ := r.ToString(res.Value)
	r.EndTurn()
	return s
}

// Files are shared with other programs, and locks of one connection are seen by another.
func TestFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	open := fmt.Sprintf("sqlite(%q)", path)
	r1, _ := scripttest.New(t, namespaces...)
	r2, _ := scripttest.New(t, namespaces...)
	eval(t, r1, "var a = "+open+"; a.exec('CREATE TABLE t (n, s); INSERT INTO t VALUES (1, \\'é\\')'); globalThis.a = a")
	if _, err := exec.LookPath("sqlite3"); err != nil {
		t.Fatal("the package sqlite3 is not installed")
	}
	cli := func(sql string) string {
		out, err := exec.Command("sqlite3", path, sql).CombinedOutput()
		if err != nil {
			t.Errorf("sqlite3: %v: %s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if got := cli("SELECT n, s, typeof(n) FROM t"); got != "1|é|integer" {
		t.Errorf("sqlite3 reads %q", got)
	}
	cli("INSERT INTO t VALUES (2.5, x'00ff')")
	if got := eval(t, r1, "var o = globalThis.a.sql('SELECT * FROM t WHERE n > 1').exec()[0]; o.n + o.s.toString('hex')"); got != "2.500ff" {
		t.Errorf("weir reads %q", got)
	}
	eval(t, r1, "globalThis.a.exec('BEGIN IMMEDIATE')")
	busy := "var b = " + open + "; b.exec('PRAGMA busy_timeout = 0'); var s = b.sql('INSERT INTO t VALUES (3, 3)'); try { s.step() } catch (e) { e.message }"
	if got := eval(t, r2, busy); got != "SQLITE_BUSY" {
		t.Errorf("while another connection writes: %q", got)
	}
	r1.Close() // as a reload does: the lock is gone with the connection
	if got := eval(t, r2, "var b = "+open+"; b.exec(\"INSERT INTO t VALUES (3, 'x')\"); b.close(); b = "+open+"; b.exec('SELECT count(*) n FROM t')[0].n"); got != "3" {
		t.Errorf("after the end of the other realm: %q", got)
	}
	if got := eval(t, r2, fmt.Sprintf("try { sqlite(%q, 1).exec('DELETE FROM t') } catch (e) { e.message }", path)); got != "SQLite error: attempt to write a readonly database" {
		t.Errorf("read-only: %q", got)
	}
}

// A statement keeps its database, whose object is gone.
func TestStatementOutlivesDatabase(t *testing.T) {
	t.Parallel()
	r, _ := scripttest.New(t, namespaces...)
	eval(t, r, "globalThis.s = sqlite(':memory:').sql('SELECT 7 n')")
	r.CollectGarbage()
	if got := eval(t, r, "globalThis.s.exec()[0].n"); got != "7" {
		t.Error(got)
	}
	before, _ := r.Live()
	eval(t, r, "globalThis.s = null")
	r.CollectGarbage()
	if after, _ := r.Live(); after >= before {
		t.Errorf("%d Go values are held, %d before", after, before)
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	h := &scripttest.Host{Files: map[string]string{}}
	r, err := script.New(h, script.Limits{Timeout: 50e6})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, n := range namespaces {
		if err := r.Install(n); err != nil {
			t.Fatal(err)
		}
	}
	src := "var db = sqlite(':memory:'); var m; try { db.exec('WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c') } catch (e) { m = e.message }; m + db.exec('SELECT 1 a')[0].a"
	if got := eval(t, r, src); got != "SQLite error: interrupted: the call took too long1" && !strings.Contains(got, "interrupted") {
		t.Error(got)
	}
}

func TestSurface(t *testing.T) {
	t.Parallel()
	scripttest.Surface(t, "05-api.tsv", []string{"sqlite", "sqlite.Database", "sqlite.Statement"}, sqlite.Namespace)
}
