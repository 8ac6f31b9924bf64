//go:build linux

package examples

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"weir/test/harness"
)

// Threads, each with its own connection, and sqlite3 share the database.
func TestSQLiteREST(t *testing.T) {
	t.Parallel()
	harness.Need(t, "sqlite3")
	s := newSandbox(t, "sqlite-rest")
	s.start("DB=notes.db bin/weir --threads=2 examples/sqlite-rest/main.js").WaitLog("Listening")
	url := "http://" + harness.Addr(s.ports["8000"]) + "/notes"
	sqlite3 := func(sql string) string {
		t.Helper()
		r := harness.Run(t, "sqlite3", "-cmd", ".timeout 10000", filepath.Join(s.dir, "notes.db"), sql)
		if r.Code != 0 {
			t.Errorf("sqlite3: %s", r.Stderr)
		}
		return strings.TrimSpace(r.Stdout)
	}
	const text = "Grüße 😀 \\\"'; --"
	got := harness.Curl(t, "--parallel", "--parallel-immediate", "--parallel-max", "10", "-d", fmt.Sprintf(`{"text":"%s"}`, text), url+"?[1-40]")
	if n := strings.Count(got, text); n != 40 {
		t.Errorf("%d of 40 notes were added:\n%s", n, got)
	}
	if got := sqlite3("SELECT count(*), count(DISTINCT id), min(text) = max(text), min(text) FROM notes"); got != "40|40|1|"+strings.ReplaceAll(text, `\`, "") {
		t.Errorf("sqlite3 reads %s", got)
	}
	sqlite3("UPDATE notes SET text = 'changed' WHERE id = 7; DELETE FROM notes WHERE id > 7; INSERT INTO notes VALUES (4000000000, 'far')")
	if got := harness.Curl(t, url+"/7"); got != `{"id":7,"text":"changed"}`+"\n" {
		t.Errorf("note 7: %s", got)
	}
	if got := harness.Curl(t, url); !strings.HasSuffix(got, `{"id":4000000000,"text":"far"}]`+"\n") {
		t.Errorf("all notes: %s", got)
	}
	if got := harness.Curl(t, "-X", "PUT", "-d", `{"text":"near"}`, url+"/4000000000"); got != `{"id":4000000000,"text":"near"}`+"\n" || sqlite3("SELECT text FROM notes WHERE id = 4000000000") != "near" {
		t.Errorf("a large id: %s", got)
	}
	for _, c := range []struct{ body, path, want string }{
		{"{", "", `"error":`}, {"", "", `"error":`}, {`{"text":null}`, "", `"error":"text has to be a string"`}, {"null", "", `"error":`},
		{`{"text":"x"}`, "/7", `"error":"GET, PUT or DELETE"`},
	} {
		if got := harness.Curl(t, "-w", " %{http_code}", "--data-binary", c.body, url+c.path); !strings.Contains(got, c.want) || !strings.HasSuffix(got, " 400") && !strings.HasSuffix(got, " 405") {
			t.Errorf("POST %s of %q: %s", c.path, c.body, got)
		}
	}
}
