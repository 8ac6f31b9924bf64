//go:build linux

package test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// startPHP runs php-fpm with the given files; it returns the port and the folder of the files.
func startPHP(t *testing.T, files map[string]string) (port int, root string) {
	t.Helper()
	port = harness.Port(t)
	dir := t.TempDir()
	root = filepath.Join(dir, "www")
	for name, text := range files {
		harness.WriteFile(t, filepath.Join(root, name), text)
	}
	conf := filepath.Join(dir, "fpm.conf")
	harness.WriteFile(t, conf, fmt.Sprintf("[global]\nerror_log = %s/log\n[www]\nlisten = 127.0.0.1:%d\npm = static\npm.max_children = 3\n"+
		"user = %d\ngroup = %d\n", dir, port, os.Getuid(), os.Getgid()))
	harness.StartPeer(t, proc.Command{Name: phpFPM(t), Args: []string{"-n", "-F", "-R", "-y", conf}}, port)
	return port, root
}

// phpFPM is the name of php-fpm, which has its version in it.
func phpFPM(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"php-fpm", "php-fpm8.2", "php-fpm8.3", "php-fpm8.4"} {
		if _, err := exec.LookPath(name); err == nil {
			return name
		}
	}
	harness.Need(t, "php-fpm")
	return ""
}

// TestFastCGIClient sends requests to php-fpm.
func TestFastCGIClient(t *testing.T) {
	t.Parallel()
	php, root := startPHP(t, map[string]string{
		"echo.php": `<?php header('X-Method: ' . $_SERVER['REQUEST_METHOD']); echo hash('sha256', file_get_contents('php://input')), ' ', $_SERVER['QUERY_STRING'];`,
		"big.php":  `<?php for ($i = 0; $i < 20000; $i++) echo '0123456789';`,
		"log.php":  `<?php error_log('to stderr'); echo 'logged';`,
	})
	port := harness.Port(t)
	harness.Start(t, harness.Config{Listen: []int{port}, Script: fmt.Sprintf(`
		var $keep, $tail
		pipy.listen(%d, $=>$.demuxHTTP().to($=>$
			.replaceMessage(req => {
				var url = new URL(req.head.path, 'http://x/')
				$keep = url.searchParams.get('keep') == '1'
				return new Message({ keepAlive: $keep, params: {
					SCRIPT_FILENAME: '%s' + url.pathname, REQUEST_METHOD: req.head.method, QUERY_STRING: url.search.substring(1),
					CONTENT_LENGTH: req.body.size, SCRIPT_NAME: url.pathname, REQUEST_URI: req.head.path,
				}}, req.body)
			})
			.muxFastCGI(() => $keep ? 'keep' : 'once').to($=>$.connect('127.0.0.1:%d'))
			.replaceMessage(res => {
				var text = res.body.toString()
				var n = text.indexOf('\r\n\r\n')
				var headers = { tail: JSON.stringify(res.tail), stderr: res.tail.stderr.toString() }
				text.substring(0, n).split('\r\n').forEach(line => headers[line.split(': ')[0].toLowerCase()] = line.split(': ')[1])
				return new Message({ status: 200, headers }, text.substring(n + 4))
			})
		))
	`, port, root, php)})
	body := strings.Repeat("abcdefgh", 30000)
	sum := sha256.Sum256([]byte(body))
	for _, keep := range []string{"keep=0", "keep=1", "keep=1"} {
		file := filepath.Join(t.TempDir(), "body")
		harness.WriteFile(t, file, body)
		got := harness.Curl(t, "--fail", "-i", "--data-binary", "@"+file, fmt.Sprintf("http://%s/echo.php?%s", harness.Addr(port), keep))
		for _, want := range []string{hex.EncodeToString(sum[:]) + " " + keep, "x-method: POST", `tail: {"appStatus":0,"protocolStatus":0`} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %s\nlacks %s", keep, got, want)
			}
		}
		if got := harness.Curl(t, "--fail", fmt.Sprintf("http://%s/big.php?%s", harness.Addr(port), keep)); got != strings.Repeat("0123456789", 20000) {
			t.Errorf("%s: big.php gave %d bytes", keep, len(got))
		}
	}
	if got := harness.Curl(t, "-i", fmt.Sprintf("http://%s/log.php", harness.Addr(port))); !strings.Contains(got, "to stderr") || !strings.HasSuffix(got, "logged") {
		t.Errorf("log.php: %s", got)
	}
	if got := harness.Curl(t, "-i", fmt.Sprintf("http://%s/missing.php", harness.Addr(port))); !strings.Contains(got, "status: 404 Not Found") {
		t.Errorf("missing.php: %s", got)
	}
}

// A server that is not there, or goes away in the middle of a response, makes an error for the client.
func TestFastCGIServerGone(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	go func() {
		for {
			c, err := silent.Accept()
			if err != nil {
				return
			}
			_ = c.(*net.TCPConn).SetLinger(0)
			_, _ = c.Read(make([]byte, 1))
			c.Close()
		}
	}()
	ports := harness.Ports(t, 2)
	nobody := harness.Port(t)
	script := ""
	for i, server := range []string{harness.Addr(nobody), silent.Addr().String()} {
		script += fmt.Sprintf(`
			pipy.listen(%d, $=>$.demuxHTTP().to($=>$
				.replaceMessage(req => new Message({ params: { REQUEST_METHOD: req.head.method } }, req.body))
				.muxFastCGI(() => 'one').to($=>$.connect('%s'))
				.replaceMessage(res => new Message({ status: 200 }, res.body))
			))
		`, ports[i], server)
	}
	harness.Start(t, harness.Config{Listen: ports, Script: script})
	for i, port := range ports {
		for range 2 {
			got := harness.Curl(t, "-i", "-d", "body", fmt.Sprintf("http://%s/", harness.Addr(port)))
			if !strings.HasPrefix(got, "HTTP/1.1 502 ") {
				t.Errorf("server %d: got %q", i, got)
			}
		}
	}
}

// TestFastCGIServer answers the requests of nginx.
func TestFastCGIServer(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	harness.Start(t, harness.Config{Listen: []int{port}, Script: fmt.Sprintf(`
		pipy.listen(%d, $=>$.demuxFastCGI().to($=>$
			.replaceMessage(req => {
				var p = req.head.params
				return new Message(null, new Data('Status: 201 Created\r\nContent-Type: text/plain\r\nX-Keep: ' + req.head.keepAlive + '\r\n\r\n' +
					p.REQUEST_METHOD + ' ' + p.SCRIPT_NAME + '?' + p.QUERY_STRING + ' ' + p.HTTP_X_LONG.length + ' ').push(req.body))
			})
		))
	`, port)})
	long := strings.Repeat("x", 3000)
	body := strings.Repeat("0123456789abcdef", 20000)
	file := filepath.Join(t.TempDir(), "body")
	harness.WriteFile(t, file, body)
	for _, keep := range []string{"on", "off"} {
		// nginx cannot keep connections to FastCGI servers without an upstream block; the flag is sent nevertheless.
		nginx := harness.StartNginx(t, fmt.Sprintf("client_max_body_size 0; location / { fastcgi_pass 127.0.0.1:%d; include /etc/nginx/fastcgi_params; fastcgi_keep_conn %s; }", port, keep), nil)
		for range 3 {
			got := harness.Curl(t, "-i", "-H", "Expect:", "-H", "X-Long: "+long, "--data-binary", "@"+file, fmt.Sprintf("http://%s/a/b?c=d", harness.Addr(nginx)))
			if !strings.HasPrefix(got, "HTTP/1.1 201 Created") || !strings.HasSuffix(got, "POST /a/b?c=d 3000 "+body) ||
				!strings.Contains(got, fmt.Sprintf("X-Keep: %v\r\n", keep == "on")) {
				t.Fatalf("fastcgi_keep_conn %s: %d bytes %.600s", keep, len(got), got)
			}
		}
	}
}
