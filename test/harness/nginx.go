//go:build linux

package harness

import (
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"weir/test/harness/proc"
)

// StartNginx runs nginx in the foreground with a folder of its own, on one free port, until the end of the test.
// server holds the directives of its server block, for example `location / { return 200 "hi\n"; }`;
// files are served below @ROOT@ in it.
func StartNginx(t testing.TB, server string, files map[string]string) (port int) {
	t.Helper()
	return startNginx(t, "", server, files)
}

// StartNginxHTTP2 is StartNginx for a server that speaks HTTP/2 alone, over TCP.
func StartNginxHTTP2(t testing.TB, server string, files map[string]string) (port int) {
	t.Helper()
	return startNginx(t, " http2", server, files)
}

func startNginx(t testing.TB, flags, server string, files map[string]string) (port int) {
	t.Helper()
	Need(t, "nginx")
	port = Port(t)
	dir := t.TempDir()
	for name, text := range files {
		WriteFile(t, filepath.Join(dir, "www", name), text)
	}
	WriteFile(t, filepath.Join(dir, "tmp", ".keep"), "")
	server = strings.ReplaceAll(server, "@ROOT@", filepath.Join(dir, "www"))
	conf := filepath.Join(dir, "nginx.conf")
	WriteFile(t, conf, `
daemon off; master_process off; pid nginx.pid; error_log stderr;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path tmp/body; proxy_temp_path tmp/proxy; fastcgi_temp_path tmp/fastcgi;
  uwsgi_temp_path tmp/uwsgi; scgi_temp_path tmp/scgi;
  keepalive_requests 1000000;
  server { listen 127.0.0.1:`+strconv.Itoa(port)+flags+`; `+server+` }
}
`)
	p, err := proc.Start(proc.Command{Name: "nginx", Args: []string{"-p", dir, "-c", conf}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(syscall.SIGTERM, Patience); err != nil {
			t.Error(err)
		}
	})
	WaitPort(t, p, port)
	return port
}

// WaitPort waits until the process accepts TCP connections on a port. Its end before that fails the test.
func WaitPort(t testing.TB, p *proc.Process, port int) {
	t.Helper()
	Eventually(t, "port "+strconv.Itoa(port)+" accepts connections", func() bool {
		select {
		case <-p.Exited():
			t.Fatalf("ended with code %d\n%s%s", p.ExitCode(), p.Stdout.String(), p.Stderr.String())
		default:
		}
		c, err := net.DialTimeout("tcp", Addr(port), Patience)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}
