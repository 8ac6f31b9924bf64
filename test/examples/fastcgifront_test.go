//go:build linux

package examples

import (
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// Large bodies pass in both directions, what PHP logs is logged, and what is no response becomes one.
func TestFastCGIFront(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, "fastcgi-front")
	www := filepath.Join(s.example, "www")
	for name, text := range map[string]string{
		"echo.php":     `<?php echo file_get_contents('php://input');`,
		"log.php":      `<?php error_log('trouble ahead'); echo 'ok';`,
		"location.php": `<?php header('Location: /elsewhere');`,
		"header.php":   `<?php echo json_encode([$_SERVER['HTTP_PROXY'] ?? null, $_SERVER['HTTP_X_NAME'] ?? null]);`,
		"large.php":    `<?php header('X-Large: ' . str_repeat('x', 70000)); echo 'never seen';`,
		"a.php.bak":    `<?php secret`,
		".hidden":      `secret`,
	} {
		harness.WriteFile(t, filepath.Join(www, name), text)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(s.example, "php-fpm.conf")
	harness.WriteFile(t, conf, strings.Replace(s.read("php-fpm.conf"), "USER", me.Username, 1))
	names, _ := filepath.Glob("/usr/sbin/php-fpm*")
	if len(names) == 0 {
		harness.Need(t, "php-fpm")
	}
	php, err := proc.Start(proc.Command{Name: names[len(names)-1], Args: []string{"-n", "-F", "-R", "-y", conf}})
	if err != nil {
		t.Fatal(err)
	}
	stop := func() {
		if err := php.Stop(syscall.SIGTERM, harness.Patience); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	harness.WaitPort(t, php, s.ports["8081"])
	w := s.start("bin/weir examples/fastcgi-front/main.js")
	w.WaitLog("Listening")

	url := "http://" + harness.Addr(s.ports["8000"])
	body := strings.Repeat("0123456789abcdef", 1<<16)
	file := filepath.Join(s.dir, "body")
	harness.WriteFile(t, file, body)
	if got := harness.Curl(t, "-H", "Expect:", "--data-binary", "@"+file, url+"/echo.php"); got != body {
		t.Errorf("%d bytes come back, sent were %d", len(got), len(body))
	}
	for _, c := range []struct {
		path string
		args []string
		want []string
	}{
		{"/echo.php", []string{"-H", "Transfer-Encoding: chunked", "-d", "x"}, []string{"HTTP/1.1 411 "}},
		{"/log.php", nil, []string{"HTTP/1.1 200 ", "\r\n\r\nok"}},
		{"/location.php", nil, []string{"HTTP/1.1 302 ", "location: /elsewhere\r\n"}},
		{"/header.php", []string{"-H", "Proxy: evil", "-H", "X_Name: evil", "-H", "X-Name: good"}, []string{`[null,"good"]`}},
		{"/large.php", nil, []string{"HTTP/1.1 502 "}},
		{"/a.php.bak", nil, []string{"HTTP/1.1 404 "}},
		{"/.hidden", nil, []string{"HTTP/1.1 404 "}},
		{"/%2e%2e/main.js", []string{"--path-as-is"}, []string{"HTTP/1.1 404 "}},
		{"/x%00.php", nil, []string{"HTTP/1.1 400 "}},
		{"/x%zz.php", nil, []string{"HTTP/1.1 400 "}},
	} {
		got := harness.Curl(t, append(append([]string{"-i"}, c.args...), url+c.path)...)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: got %.300s\nwant %s", c.path, got, want)
			}
		}
	}
	w.WaitLog("/log.php: PHP message: trouble ahead")
	stop()
	if got := harness.Curl(t, "-i", url+"/"); !strings.Contains(got, "HTTP/1.1 502 ") {
		t.Errorf("without PHP: %s", got)
	}
}
