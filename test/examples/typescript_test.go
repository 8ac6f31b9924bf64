//go:build linux

package examples

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"weir/test/harness"
)

// Requests that wait at the same time keep their own user, on two connections as on one.
func TestTypeScriptUserPerRequest(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, "typescript")
	s.start("bin/weir examples/typescript/main.ts").WaitLog("Listening")
	port := s.ports["8000"]
	request := func(user string) string {
		body := `{"title":"x"}`
		return fmt.Sprintf("POST /tasks HTTP/1.1\r\nHost: x\r\nx-user: %s\r\nContent-Length: %d\r\n\r\n%s", user, len(body), body)
	}
	expect := func(c *harness.Conn, user string) {
		t.Helper()
		if res, body := c.ReadResponse(http.MethodPost); res.StatusCode != http.StatusCreated || !strings.Contains(body, `"user":"`+user+`"`) {
			t.Errorf("%s gets %s: %s", user, res.Status, body)
		}
	}
	a, b := harness.Dial(t, port), harness.Dial(t, port)
	a.Send(request("ann") + request("eve"))
	b.Send(request("bob"))
	expect(b, "bob")
	expect(a, "ann")
	expect(a, "eve")
}
