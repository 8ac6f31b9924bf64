package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"weir/internal/api/httpapi"
	"weir/internal/filter/filtertest"
)

// The TLS options are those of connectTLS; nothing is added to them.
func TestAgentTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Proto+" "+r.Host+" "+r.TLS.ServerName)
	}))
	defer server.Close()
	host := server.Listener.Addr().String()
	r := filtertest.Empty(t, httpapi.Namespace)
	err := r.Load(fmt.Sprintf(`
		const agent = new http.Agent(%q, {tls: {sni: 'example.com'}})
		agent.request('GET', '/').then(r => test.log(r.head.status, r.body.toString(), 'done'))`, host))
	if err != nil && strings.Contains(err.Error(), "unknown filter: connectTLS") {
		t.Skip("connectTLS is not there yet")
	}
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	r.Until("the responses", func() bool { got += r.Notes() + " "; return strings.Contains(got, "done") })
	if want := fmt.Sprintf("200 HTTP/1.1 %s example.com done", host); strings.TrimSpace(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
