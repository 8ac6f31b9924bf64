//go:build linux

package test

import (
	"fmt"
	"strings"
	"testing"

	"weir/test/harness"
)

// adminCurl asks the admin service and returns the body, a line break, and the status.
func adminCurl(t *testing.T, port int, path string, args ...string) string {
	t.Helper()
	return harness.Curl(t, append(args, "-w", "\n%{http_code}", "http://"+harness.Addr(port)+path)...)
}

// Everything that can be asked without a repo, of a program on two threads.
func TestAdminService(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	harness.Start(t, harness.Config{
		Flags: []string{"--threads=2", fmt.Sprintf("--admin-port=%d", ports[1])},
		Script: fmt.Sprintf(`pipy()
			.listen(%d).demuxHTTP().to($ => $.replaceMessage(() => new Message('hi')))
			.admin('/admin/ping').replaceMessage(() => new Message('pong ' + __thread.id + '\n'))`, ports[0]),
		Listen: ports[:1],
	})
	for _, c := range []struct{ path, args, want string }{
		{"/healthz", "", "ok\n\n200"},
		{"/status", "", `"t":"joint","st":"demux","ot":"subs"`},
		{"/status?x=1", "", "\n404"},
		{"/status", "-XPOST", "\n405"},
		{"/dump", "", `{"pools":{`},
		{"/dump/inbound+nothing", "", "Unknown dump item: nothing\n\n200"},
		{"/dump/inbound", "", "INBOUND  IP"},
		{"/log", "", "Listening on TCP port"},
		{"/log/none", "", "\n404"},
		{"/metrics", "", "# TYPE process_cpu_seconds_total counter"},
		{"/metrics", "-HAccept:application/openmetrics-text;version=1.0.0", "# EOF"},
		{"/options", "", "--threads=2 --log-level=info"},
		{"/options", "-d--log-level=wrong", "unknown log level: wrong\n\n400"},
		{"/options", "-d--log-level=warn", "--log-level=warn"},
		{"/api/v1/files", "", `"readOnly":false}`},
		{"/api/v1/files/none", "", "\n404"},
		{"/api/v1/files/../../../etc/passwd", "--path-as-is", "\n404"},
		{"/api/v1/files", "-XPATCH", "Invalid JSON\n400"},
		{"/api/v1/program", "", "/\n200"},
		{"/api/v1/program", "-d/none", "Codebase not found: /none\n400"},
		{"/api/v1/metrics/none", "", `"metrics":[]}`},
		{"/api/v1/metrics/none/", "", "\n404"},
		{"/api/v1/log//pipy_log", "", "\n405"},
		{"/api/v1/graph", "-dpipy().listen(80).demuxHTTP().to($=>$.dummy())", `{"roots":[0],"nodes":[{"name":"Listen 0.0.0.0:80","t":"root","c":[1]},` +
			`{"name":"demuxHTTP","t":"joint","st":"demux","ot":"subs","p":0,"c":[2]},{"name":"","t":"pipeline","p":1,"c":[3]},` +
			`{"name":"dummy","t":"filter","p":2}]}` + "\n200"},
		{"/api/v1/graph", "-d(((", "\n400"},
		{"/admin/ping?x", "", "pong 0\npong 1\n\n200"},
		{"/admin/none", "", "\n404"},
		{"/log/pipy_admin_log", "", "400 POST /api/v1/program undefined"},
		{"/", "", "/ui/app.js"},
		{"/none", "", "\n404"},
		{"/status", "-HHost:stranger.example", "\n403"},
		{"/api/v1/program", "-XDELETE -HOrigin:http://stranger.example", "\n403"},
	} {
		if got := adminCurl(t, ports[1], c.path, strings.Fields(c.args)...); !strings.Contains(got, c.want) {
			t.Errorf("%s %s: got\n%s\nwant %s", c.args, c.path, got, c.want)
		}
	}
	if got := harness.Curl(t, "http://"+harness.Addr(ports[0])); got != "hi" {
		t.Errorf("the program answers %q", got)
	}
	if got := adminCurl(t, ports[1], "/api/v1/program", "-XDELETE"); got != "\n204" {
		t.Errorf("stop: %q", got)
	}
	if got := adminCurl(t, ports[1], "/api/v1/program"); got != "\n200" {
		t.Errorf("stopped: %q", got)
	}
	if got := adminCurl(t, ports[1], "/api/v1/program", "-d/"); got != "\n201" {
		t.Errorf("start: %q", got)
	}
	if got := harness.Curl(t, "http://"+harness.Addr(ports[0])); got != "hi" {
		t.Errorf("the program that was started again answers %q", got)
	}
}

// Tokens decide who may do what.
func TestAdminTokens(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	harness.Start(t, harness.Config{
		Flags:  []string{fmt.Sprintf("--admin-port=%d", ports[1]), "--admin-token=secret", "--admin-read-token=look"},
		Script: fmt.Sprintf(`pipy.listen(%d, $ => $.serveHTTP(() => new Message('hi')))`, ports[0]),
		Listen: ports[:1],
	})
	for _, c := range []struct{ path, args, want string }{
		{"/status", "", "401"},
		{"/status", "-HAuthorization:Bearer\twrong", "401"},
		{"/status", "-uany:wrong", "401"},
		{"/status", "-uany:look", "200"},
		{"/status", "--oauth2-bearer look", "200"},
		{"/healthz", "", "200"},
		{"/api/v1/program", "-uany:look -XDELETE", "403"},
		{"/admin/x", "-uany:look", "403"},
		{"/api/v1/program", "-uany:secret -XDELETE", "204"},
	} {
		if got := adminCurl(t, ports[1], c.path, strings.Fields(c.args)...); !strings.HasSuffix(got, "\n"+c.want) {
			t.Errorf("%s %s: got\n%s\nwant %s", c.args, c.path, got, c.want)
		}
	}
	if got := adminCurl(t, ports[1], "/options", "-uany:secret"); strings.Contains(got, "secret") || strings.Contains(got, "look") {
		t.Errorf("options show a token: %s", got)
	}
}
