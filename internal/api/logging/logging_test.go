package logging_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/api/json"
	"weir/internal/api/lang"
	"weir/internal/api/logging"
	"weir/internal/event"
	"weir/internal/logs/target"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

var namespaces = []*script.Namespace{lang.Namespace, event.Namespace, json.Namespace, logging.Namespace}

func TestRecords(t *testing.T) {
	t.Parallel()
	for i, c := range []struct{ class, args, want string }{
		{"TextLogger", "'a', 1, true, undefined", "a 1 true undefined"},
		{"TextLogger", "'x', { a: [1] }, null, [1, 2]", `x [object Object]:{"a":[1]} null:null 1,2:[1,2]`},
		{"TextLogger", "() => 1", "() => 1"},
		{"TextLogger", "", ""},
		{"TextLogger", "'a\\nb'", "a\nb"},
		{"JSONLogger", "{ a: 1, b: ['x', null] }", `{"a":1,"b":["x",null]}`},
		{"JSONLogger", "1, 'x', undefined, null", `1"x"null`},
		{"BinaryLogger", "new Data([1, 2]), 'é', [65, 66.9, 300, -1], 12", "\x01\x02éAB\x2c\xff12"},
	} {
		name := fmt.Sprint(t.Name(), i)
		got := scripttest.Run(t, namespaces, fmt.Sprintf("var l = new logging.%s(%q); String(l.log(%s))", c.class, name, c.args))
		if text := string(target.History(name).Bytes()); text != c.want+"\n" || got != "undefined" {
			t.Errorf("%s(%s): %q, returned %s", c.class, c.args, text, got)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{"new logging.TextLogger", "requires 1 or more arguments"},
		{"new logging.TextLogger(1)", "argument #1 expects a string"},
		{"l.toFile()", "requires 1 or more arguments"},
		{"l.toFile(1)", "argument #1 expects a string"},
		{"l.toFile('x', 1)", "argument #2 expects an object"},
		{"l.toFile('x', { maxFileSize: 'x' })", "options.maxFileSize expects a number"},
		{"l.toFile('x', { rotateInterval: '1h' })", "options.rotateInterval expects a number"},
		{"l.toFile('x', { append: 1 })", "options.append expects a boolean"},
		{"l.toSyslog('LOUD')", "argument #1 has an invalid enum value"},
		{"l.toSyslog(1)", "argument #1 expects a string"},
		{"l.toHTTP('nowhere')", "invalid URL: nowhere: it has to begin with http:// or https:// and a host"},
		{"l.toHTTP('http://x', { method: 1 })", "options.method expects a string"},
		{"l.toHTTP('http://x', { headers: 1 })", "options.headers expects an object"},
		{"l.toHTTP('http://x', { batch: 1 })", "options.batch expects an object"},
		{"l.toHTTP('http://x', { batch: { timeout: 'x' } })", "options.batch.timeout expects a number"},
		{"l.toHTTP('https://x', { tls: 1 })", "options.tls expects an object"},
		{"l.toHTTP('https://x', { tls: { minVersion: 'SSL3' } })", "options.tls.minVersion expects one of TLS1, TLS1.1, TLS1.2, TLS1.3"},
		{"l.toHTTP('https://x', { tls: { trusted: ['x'] } })", "options.tls.trusted[0] expects a crypto.Certificate or PEM text"},
		{"l.toHTTP('https://x', { tls: { certificate: {} } })", "options.tls.certificate expects an object with cert and key, of crypto or as PEM text"},
		{"l.toHTTP('https://x', { tls: { verify: 'maybe' } })", "options.tls.verify expects one of system"},
		{"l.log({ toString() { throw new Error('mine') } })", "mine"},
		{"l.toStdout() === l && l.toStderr() === l && l.toFile('-') === l && l.toSyslog() === l", "true"},
	} {
		got := scripttest.Run(t, namespaces, "var l = new logging.TextLogger('errors'); try { "+c.src+" } catch (e) { e.message }")
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.src, got, c.want)
		}
	}
}

func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timeout waiting for: %s", what)
		}
	}
}

func TestToFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	// Two realms, as two workers have.
	for i := range 2 {
		src := fmt.Sprintf("new logging.JSONLogger('f').toFile(%q, { maxFileSize: '1k' }).log({ n: %d })", path, i)
		if got := scripttest.Run(t, namespaces, src); strings.HasPrefix(got, "error") {
			t.Fatal(got)
		}
	}
	eventually(t, "two records in the file", func() bool {
		text, _ := os.ReadFile(path)
		return string(text) == "{\"n\":0}\n{\"n\":1}\n"
	})
}

func TestToHTTPOverTLS(t *testing.T) {
	t.Parallel()
	bodies := make(chan string, 10)
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		bodies <- string(b)
	}))
	defer s.Close()
	s.Config.ErrorLog = nil
	root := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	log := func(name, options string) {
		t.Helper()
		src := fmt.Sprintf("new logging.TextLogger(%q).toHTTP(%q, { tls: %s }).log(%q)", name, s.URL, options, name)
		if got := scripttest.Run(t, namespaces, src); strings.HasPrefix(got, "error") {
			t.Fatal(got)
		}
	}
	for _, tls := range []string{"{}", fmt.Sprintf("{ trusted: [%q], sni: 'x' }", root),
		fmt.Sprintf("{ trusted: [{ toPEM: () => new Data(%q) }] }", root)} {
		log("trusting", tls)
		select {
		case got := <-bodies:
			if got != "trusting" {
				t.Errorf("got %q", got)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("no record with %s", tls)
		}
	}
}

func TestSurface(t *testing.T) {
	t.Parallel()
	scripttest.Surface(t, "05-api.tsv", []string{"logging", "logging.Logger"}, logging.Namespace)
}
