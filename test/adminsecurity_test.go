//go:build linux

package test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/test/harness"
)

// Who gets in over TLS, and who over mutual TLS, with curl and with openssl.
func TestAdminTLS(t *testing.T) {
	t.Parallel()
	harness.Need(t, "curl", "openssl")
	certs := certificates().write(t)
	ports := harness.Ports(t, 4)
	own := func(name string) []string {
		return []string{"--admin-tls-cert=" + certs + "/" + name + ".crt", "--admin-tls-key=" + certs + "/" + name + ".key"}
	}
	for i, flags := range [][]string{
		own("server"),
		append(own("server"), "--admin-tls-trusted="+certs+"/ca.crt"),
		own("expired"),
		own("stranger"),
	} {
		harness.Start(t, harness.Config{Flags: append([]string{"repo", fmt.Sprintf("--admin-port=%d", ports[i])}, flags...), Listen: ports[i : i+1]})
	}
	for _, c := range []struct {
		name   string
		port   int
		client string // certificate of the client, "" for none
		ca     string
		want   bool
	}{
		{"TLS", ports[0], "", "ca", true},
		{"TLS, with a certificate that nobody asks for", ports[0], "stranger", "ca", true},
		{"TLS, to a client of another authority", ports[0], "", "other", false},
		{"TLS with an expired certificate", ports[2], "", "ca", false},
		{"TLS with another authority's certificate", ports[3], "", "ca", false},
		{"mutual TLS", ports[1], "client", "ca", true},
		{"mutual TLS without a certificate", ports[1], "", "ca", false},
		{"mutual TLS with another authority's certificate", ports[1], "stranger", "ca", false},
		{"mutual TLS with an expired certificate", ports[1], "expired", "ca", false},
	} {
		curl := []string{"-s", "--noproxy", "*", "-m", "20", "--cacert", certs + "/" + c.ca + ".crt", "https://" + harness.Addr(c.port) + "/api/v1/repo", "-w%{http_code}"}
		openssl := []string{"s_client", "-connect", harness.Addr(c.port), "-CAfile", certs + "/" + c.ca + ".crt", "-verify_return_error", "-quiet"}
		if c.client != "" {
			cert, key := certs+"/"+c.client+".crt", certs+"/"+c.client+".key"
			curl = append(curl, "--cert", cert, "--key", key)
			openssl = append(openssl, "-cert", cert, "-key", key)
		}
		if r := harness.Run(t, "curl", curl...); (r.Code == 0 && r.Stdout == "200") != c.want {
			t.Errorf("%s: curl: exit code %d, %q", c.name, r.Code, r.Stdout)
		}
		for _, version := range []string{"-tls1_2", "-tls1_3"} {
			r := harness.RunInput(t, "GET /api/v1/repo HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", "openssl", append(openssl, version)...)
			if strings.HasPrefix(r.Stdout, "HTTP/1.1 200 ") != c.want {
				t.Errorf("%s: openssl %s: exit code %d, %q\n%s", c.name, version, r.Code, r.Stdout, r.Stderr)
			}
		}
	}
	r := harness.Run(t, "openssl", "s_client", "-connect", harness.Addr(ports[0]), "-CAfile", certs+"/ca.crt", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
	if r.Code == 0 || !strings.Contains(r.Stderr, "alert protocol version") {
		t.Errorf("TLS 1.1: exit code %d\n%s", r.Code, r.Stderr)
	}
}

// The kinds of tokens, from the one that may do least.
var adminRoles = []string{"reader", "writer", "admin"}

// adminRights tells which token the requests of a row of weir api need.
func adminRights(row string) string {
	method, path, _ := strings.Cut(row, " ")
	switch {
	case path == "/healthz":
		return ""
	case path == "/api/v1/dump-store":
		return "writer"
	case strings.HasPrefix(path, "/admin/"):
		return "admin"
	case method == "GET" || method == "HEAD" || method == "WS" || row == "POST /api/v1/graph" || row == "POST /repo/<codebase>/":
		return "reader"
	case strings.HasPrefix(path, "/api/v1/repo/") || strings.HasPrefix(path, "/api/v1/repo-files/"):
		return "writer"
	}
	return "admin"
}

// Every endpoint there is, with every kind of token.
func TestAdminRoles(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	dir := t.TempDir()
	flags := []string{"repo", fmt.Sprintf("--admin-port=%d", ports[0]), "--init-repo=" + dir, "--init-code=x"}
	for option, token := range map[string]string{"--admin-token": "admin", "--admin-write-token": "writer", "--admin-read-token": "reader"} {
		harness.WriteFile(t, dir+"/.tokens/"+token, "token-"+token+"\n")
		flags = append(flags, option+"=@"+dir+"/.tokens/"+token)
	}
	harness.WriteFile(t, dir+"/x/main.js", serving(ports[1], "hi"))
	harness.Start(t, harness.Config{Flags: flags, Listen: ports})
	ask := func(row, authorization string) int {
		method, path, _ := strings.Cut(row, " ")
		path, _, _ = strings.Cut(path, " ")
		path = strings.NewReplacer("<codebase>", "x", "<file>", "main.js", "<path>", "x", "<prefix>", "x", "<uuid>", "u1", "<name>", "pipy_log",
			"<class>", "Message", "<lang>", "en", "<page>", "intro").Replace(path)
		upgrade := ""
		switch method {
		case "ANY":
			method = http.MethodPut
		case "WS":
			method = http.MethodGet
			upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		}
		if authorization != "" {
			authorization = "authorization: " + authorization + "\r\n"
		}
		c := harness.Dial(t, ports[0])
		defer c.Close()
		c.Send(method + " " + path + " HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n" + upgrade + authorization + "\r\n")
		res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%s: %v", row, err)
		}
		defer res.Body.Close()
		if res.StatusCode == http.StatusUnauthorized && len(res.Header["Www-Authenticate"]) != 2 {
			t.Errorf("%s: %v", row, res.Header)
		}
		return res.StatusCode
	}
	basic := func(token string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte("any:"+token)) }
	rows := adminEndpoints(t)
	if len(rows) < 50 {
		t.Fatalf("only %d endpoints", len(rows))
	}
	for _, row := range append(rows, "POST /", "DELETE /none", "PUT /api/v1/repo/x", "OPTIONS /status") {
		needed := slices.Index(adminRoles, adminRights(row))
		for _, c := range []struct {
			authorization string
			role          int // -1: nobody
		}{
			{"", -1}, {"Bearer wrong", -1}, {"Bearer", -1}, {"Bearer token-admi", -1}, {"Bearer token-adminx", -1}, {basic("wrong"), -1}, {"Digest token-admin", -1},
			{"Bearer token-reader", 0}, {basic("token-reader"), 0}, {"Bearer token-writer", 1}, {basic("token-writer"), 1},
			{"bearer token-admin", 2}, {basic("token-admin"), 2},
		} {
			status := ask(row, c.authorization)
			refused := status == http.StatusUnauthorized || status == http.StatusForbidden
			switch {
			case c.role >= needed && refused, c.role < needed && !refused,
				refused && (c.role == -1) != (status == http.StatusUnauthorized):
				t.Errorf("%s with %q: status %d, needs %q", row, c.authorization, status, adminRights(row))
			}
		}
	}
}

// adminEndpoints lists the requests of weir api.
func adminEndpoints(t *testing.T) (rows []string) {
	t.Helper()
	for line := range strings.Lines(harness.Run(t, harness.Binary(t), "api").Stdout) {
		f := strings.Split(line, "\t")
		if row, ok := strings.CutPrefix(f[0], "http:"); ok && f[1] == "endpoint" {
			rows = append(rows, row)
		}
	}
	return rows
}

// Clients that send their requests slowly lose their connections, and hold up nobody.
func TestAdminSlowClients(t *testing.T) {
	t.Parallel()
	certs := certificates().write(t)
	ports := harness.Ports(t, 2)
	harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", ports[0])}, Listen: ports[:1]})
	harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", ports[1]),
		"--admin-tls-cert=" + certs + "/server.crt", "--admin-tls-key=" + certs + "/server.key"}, Listen: ports[1:]})
	for _, c := range []struct {
		name  string
		port  int
		begin string
		drip  string
	}{
		{"silence", ports[0], "", ""},
		{"a head", ports[0], "GET /status HTTP/1.1\r\nhost: localhost\r\n", "x: y\r\n"},
		{"the head of a link", ports[0], "GET /repo/x/u HTTP/1.1\r\n", "x: y\r\n"},
		{"a preface of HTTP/2", ports[0], "PRI * HTTP/2.0\r\n", ""},
		{"a body", ports[0], "POST /api/v1/graph HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n", "x"},
		{"a body in chunks", ports[0], "POST /api/v1/repo-files/x/f HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
		{"silence instead of a handshake", ports[1], "", ""},
		{"a handshake", ports[1], "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			const clients = 20
			closed := make(chan error, clients)
			for range clients {
				go func() { closed <- dripFeed(c.port, c.begin, c.drip) }()
			}
			args := []string{"--cacert", certs + "/ca.crt", "-w%{http_code}", "-o/dev/null", "http://" + harness.Addr(c.port) + "/status"}
			if c.port == ports[1] {
				args[len(args)-1] = "https://" + harness.Addr(c.port) + "/status"
			}
			for left := clients; left > 0; {
				if got := harness.Curl(t, args...); got != "200" {
					t.Fatalf("meanwhile others get %s", got)
				}
				select {
				case err := <-closed:
					if err != nil {
						t.Error(err)
					}
					left--
				case <-time.After(500 * time.Millisecond):
				}
			}
		})
	}
}

// dripFeed sends something, and then more from time to time, until the server closes the connection.
func dripFeed(port int, begin, drip string) error {
	c, err := net.Dial("tcp", harness.Addr(port))
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(3 * time.Minute)) // the longest limit is a minute
	if _, err := io.WriteString(c, begin); err != nil {
		return err
	}
	gone := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, c)
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			gone <- fmt.Errorf("the connection stays open: %w", err)
			return
		}
		gone <- nil // in order, or reset
	}()
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-gone:
			return err
		case <-tick.C:
			_, _ = io.WriteString(c, drip) // an error is seen by the reader
		}
	}
}

// Bodies that are too large are refused, with a length and without one.
func TestAdminBodyLimits(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 4)
	harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", ports[0])}, Listen: ports[:1]})
	harness.Start(t, harness.Config{Flags: []string{fmt.Sprintf("--admin-port=%d", ports[1])}, Listen: ports[1:3],
		Script: fmt.Sprintf(`pipy().listen(%d).dummy().admin('/admin/x').replaceMessage(new Message('x'))`, ports[2])})
	if got := adminCurl(t, ports[0], "/api/v1/repo/x", "-d{}"); got != "\n201" {
		t.Fatal(got)
	}
	if got := adminCurl(t, ports[0], "/api/v1/repo/x", "-XPATCH", `-d{"version":1}`); got != "\n201" {
		t.Fatal(got)
	}
	dir := t.TempDir()
	sized := func(n int64) string {
		name := fmt.Sprintf("%s/%d", dir, n)
		harness.WriteFile(t, name, "")
		if err := os.Truncate(name, n); err != nil { // it takes no room
			t.Fatal(err)
		}
		return name
	}
	const mib = 1 << 20
	for _, c := range []struct {
		method, path string
		port         int
		limit        int64
	}{
		{"POST", "/options", ports[1], mib},
		{"POST", "/api/v1/graph", ports[1], mib},
		{"PATCH", "/api/v1/files", ports[1], mib},
		{"POST", "/api/v1/files/big", ports[1], 64 * mib},
		{"PATCH", "/api/v1/files/big", ports[1], 64 * mib},
		{"POST", "/api/v1/program", ports[1], mib},
		{"PATCH", "/api/v1/program", ports[1], mib},
		{"PUT", "/admin/x", ports[1], 64 * mib},
		{"POST", "/api/v1/repo/y", ports[0], mib},
		{"PATCH", "/api/v1/repo/x", ports[0], mib},
		{"POST", "/api/v1/repo-files/x/big", ports[0], 64 * mib},
		{"PATCH", "/api/v1/repo-files/x/big", ports[0], 64 * mib},
		{"POST", "/repo/x/", ports[0], 8 * mib},
	} {
		for _, header := range []string{"x: y", "transfer-encoding: chunked"} {
			args := []string{"-s", "--noproxy", "*", "-m", "60", "-X" + c.method, "-Hexpect:", "-H" + header, "-o/dev/null", "-w%{http_code}", "http://" + harness.Addr(c.port) + c.path, "--data-binary"}
			if r := harness.Run(t, "curl", append(args, "@"+sized(c.limit+1))...); r.Stdout != "413" {
				t.Errorf("%s %s, %s, one byte too many: status %s", c.method, c.path, header, r.Stdout)
			}
			if r := harness.Run(t, "curl", append(args, "@"+sized(c.limit))...); r.Code != 0 || r.Stdout == "413" || strings.HasPrefix(r.Stdout, "5") {
				t.Errorf("%s %s, %s, no byte too many: status %s, exit code %d", c.method, c.path, header, r.Stdout, r.Code)
			}
		}
	}
}

// traversals are ways of writing a path that could lead out of the one before it.
func traversals(name string) (paths []string) {
	for _, up := range []string{"../", "%2e%2e/", "%2E./", ".%2e/", "..%2f", "%2e%2e%2f", "..%5c", `..\`, "%2e%2e%5c", "%252e%252e/", "%252e%252e%252f",
		"....//", "..;/", "%c0%ae%c0%ae/", "..%c0%af", "%u002e%u002e/", "..%00/", "/../", "./../", "x/../../"} {
		for _, depth := range []int{1, 3} {
			paths = append(paths, strings.Repeat(up, depth)+name)
		}
	}
	return append(paths, "%00", "%00/../"+name, "main.js%00", "main.js%00/../../"+name, "../"+name+"%00.js", "link/"+name, "./link/"+name, "link%2f"+name)
}

// No path leads out of the folders of programs and of pages.
func TestAdminTraversal(t *testing.T) {
	t.Parallel()
	const canary = "canary-3b1f"
	dir := t.TempDir()
	harness.WriteFile(t, dir+"/outside.txt", canary)
	harness.WriteFile(t, dir+"/away/outside.txt", canary)
	for _, folder := range []string{"code", "gui", "init/x"} {
		harness.WriteFile(t, dir+"/a/"+folder+"/main.js", "pipy.listen(0, $ => $.dummy())")
		harness.WriteFile(t, dir+"/a/"+folder+"/index.html", "page")
		if err := os.Symlink(dir+"/away", dir+"/a/"+folder+"/link"); err != nil {
			t.Fatal(err)
		}
	}
	ports := harness.Ports(t, 2)
	harness.WriteFile(t, dir+"/a/code/main.js", fmt.Sprintf("pipy.listen(%d, $ => $.dummy())", harness.Port(t)))
	harness.Start(t, harness.Config{Flags: []string{fmt.Sprintf("--admin-port=%d", ports[0]), "--admin-gui=" + dir + "/a/gui"}, Path: dir + "/a/code/main.js", Listen: ports[:1]})
	store := t.TempDir()
	harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", ports[1]), "--admin-gui=" + dir + "/a/gui", store}, Listen: ports[1:]})
	for _, args := range [][]string{{"/api/v1/repo/x", "-d{}"}, {"/api/v1/repo/x", "-XPATCH", `-d{"version":1}`}} {
		if got := adminCurl(t, ports[1], args[0], args[1:]...); got != "\n201" {
			t.Fatal(got)
		}
	}
	before := filesBelow(t, dir, dir+"/a/code")
	for _, c := range []struct {
		port   int
		prefix string
	}{
		{ports[0], "/"}, {ports[0], "/ui/"}, {ports[0], "/home/"}, {ports[0], "/docs/"}, {ports[0], "/docs/en/"}, {ports[0], "/api/v1/files/"}, {ports[0], "/api/v1/files//"},
		{ports[0], "/log/"}, {ports[0], "/dump/"}, {ports[0], "/dump/objects/"}, {ports[0], "/api/v1/metrics/"}, {ports[0], "/admin/"},
		{ports[1], "/"}, {ports[1], "/repo/"}, {ports[1], "/repo/x/"}, {ports[1], "/api/v1/repo/"}, {ports[1], "/api/v1/repo/x/"},
		{ports[1], "/api/v1/repo-files/"}, {ports[1], "/api/v1/repo-files/x/"},
	} {
		for _, path := range traversals("outside.txt") {
			// A link in the folder of a program is followed when it is read: scripts see what it leads to as well.
			followed := strings.HasPrefix(c.prefix, "/api/v1/files/") && strings.Contains(path, "link")
			for _, method := range []string{"GET", "POST", "PATCH", "DELETE"} {
				conn := harness.Dial(t, c.port)
				conn.Send(method + " " + c.prefix + path + " HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 4\r\n\r\nevil")
				answer := conn.ReadAll()
				conn.Close()
				if !strings.HasPrefix(answer, "HTTP/1.1 ") || strings.Contains(answer, canary) && !followed {
					t.Errorf("%s %s%s: %q", method, c.prefix, path, answer)
				}
			}
		}
	}
	if after := filesBelow(t, dir, dir+"/a/code"); !slices.Equal(after, before) {
		t.Errorf("files outside have changed:\n%v\nbefore\n%v", after, before)
	}
	if files := filesBelow(t, store, ""); len(files) != 1 {
		t.Errorf("files of the store: %v", files)
	}
}

// filesBelow lists files with what is in them, those below one folder left out.
func filesBelow(t *testing.T, dir, without string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == without:
			return fs.SkipDir
		case d.Type().IsRegular():
			text, err := os.ReadFile(path)
			files = append(files, path+" "+string(text[:min(len(text), 100)]))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Tokens, passwords and keys show up nowhere: not in logs of any level, nor in whatever can be asked for.
func TestAdminKeepsSecrets(t *testing.T) {
	t.Parallel()
	certs := certificates().write(t)
	dir := t.TempDir()
	ports := harness.Ports(t, 4)
	secrets := []string{}
	secret := func(name string) string {
		s := "s3cret-" + name
		secrets = append(secrets, s, base64.StdEncoding.EncodeToString([]byte("any:"+s)))
		harness.WriteFile(t, dir+"/"+name, s+"\n")
		return "=@" + dir + "/" + name
	}
	for _, key := range []string{"server.key", "client.key"} {
		secrets = append(secrets, strings.Split(certificates().files[key], "\n")[1])
	}
	own := []string{"--admin-tls-cert=" + certs + "/server.crt", "--admin-tls-key=" + certs + "/server.key", "--admin-tls-trusted=" + certs + "/ca.crt"}
	common := []string{"--log-level=debug", "--no-cache"}
	repo := harness.Start(t, harness.Config{Flags: append(append([]string{"repo", fmt.Sprintf("--admin-port=%d", ports[0]), "--admin-log-file=" + dir + "/audit",
		"--log-file=" + dir + "/repo.log", "--admin-token" + secret("admin"), "--admin-write-token" + secret("writer"), "--admin-read-token" + secret("reader")},
		common...), own...), Listen: ports[:1]})
	ask := func(port int, path string, args ...string) string {
		scheme := "https://"
		if port == ports[2] {
			scheme = "http://"
		}
		return harness.Curl(t, append(args, "--cacert", certs+"/ca.crt", "--cert", certs+"/client.crt", "--key", certs+"/client.key", scheme+harness.Addr(port)+path)...)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: certificates().pool("ca"),
		Certificates: []tls.Certificate{certificates().identity("client")}}}}
	defer client.CloseIdleConnections()
	fetch := func(port int, method, path, token string) string {
		scheme, body := "https://", "{}"
		if port == ports[2] {
			scheme = "http://"
		}
		if path == "/options" {
			body = "--log-level=debug"
		}
		r, err := http.NewRequest(method, scheme+harness.Addr(port)+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("any", token)
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Errorf("%s %s: %v", method, path, err)
		}
		return fmt.Sprint(res.Header) + string(text)
	}
	script := fmt.Sprintf(`pipy().listen(%d).demuxHTTP().to($=>$.replaceMessage(new Message('hi')))
		.admin('/admin/x').replaceMessage(() => new Message('x'))`, ports[1])
	ask(ports[0], "/api/v1/repo/x", "-uany:s3cret-admin", "-d{}")
	ask(ports[0], "/api/v1/repo-files/x/main.js", "-uany:s3cret-writer", "--data-binary", script)
	ask(ports[0], "/api/v1/repo/x", "--oauth2-bearer", "s3cret-writer", "-XPATCH", `-d{"version":1}`)
	identity := []string{"--tls-cert=" + certs + "/client.crt", "--tls-key=" + certs + "/client.key", "--tls-trusted=" + certs + "/ca.crt"}
	url := "https://" + harness.Addr(ports[0])
	edge := harness.Start(t, harness.Config{Flags: append(append([]string{fmt.Sprintf("--admin-port=%d", ports[3]), "--repo-token=@" + dir + "/reader", "--instance-uuid=u1",
		"--admin-token" + secret("edge"), "--log-file=" + dir + "/edge.log", url + "/repo/x/"}, append(common, identity...)...), own...), Listen: []int{ports[1], ports[3]}})
	proxy := harness.Start(t, harness.Config{Flags: append([]string{fmt.Sprintf("--admin-port=%d", ports[2]), "--repo-token=@" + dir + "/admin", url, "--log-level=debug"}, identity...), Listen: ports[2:3]})
	reported := func() bool {
		return strings.Contains(ask(ports[0], "/api/v1/repo/x", "-uany:s3cret-reader"), `"instances":{"1":`)
	}
	harness.Eventually(t, "a report", reported)

	secrets = append(secrets, "s3cret-wrong", "s3cret-query")
	seen := map[string]string{}
	for _, row := range append(adminEndpoints(t), "POST /none", "GET /none") {
		method, path, _ := strings.Cut(row, " ")
		path, accept, _ := strings.Cut(path, " ")
		path = strings.NewReplacer("<codebase>", "x", "<file>", "main.js", "<path>", "x", "<prefix>", "x", "<uuid>", "u1", "<name>", "pipy_log",
			"<class>", "Message", "<lang>", "en", "<page>", "intro").Replace(path)
		if accept != "" || method == "WS" || method == "HEAD" {
			continue
		}
		if method == "ANY" {
			method = "POST"
		}
		ends := map[string]struct {
			port  int
			token string
		}{"repo": {ports[0], "s3cret-admin"}, "edge": {ports[3], "s3cret-edge"}, "proxy": {ports[2], ""}}
		for name, end := range ends {
			if method != "DELETE" {
				seen[name+" "+row] = fetch(end.port, method, path, end.token)
			}
			seen[name+" wrong "+row] = fetch(end.port, method, path, "s3cret-wrong")
			// Some answers say what was asked for.
			fetch(end.port, method, path+"?token=s3cret-query&access_token=s3cret-query", end.token)
		}
	}
	// Once more what may have remembered something of the above.
	for _, path := range []string{"/log", "/log/pipy_admin_log", "/dump", "/metrics", "/status", "/options", "/api/v1/repo/x", "/api/v1/metrics"} {
		seen["repo after "+path] = ask(ports[0], path, "-uany:s3cret-admin")
		seen["edge after "+path] = ask(ports[3], path, "-uany:s3cret-edge")
	}
	if !strings.Contains(seen["repo after /log/pipy_admin_log"], " POST /api/v1/program?... ") {
		t.Errorf("the log of changes does not tell of a query:\n%s", seen["repo after /log/pipy_admin_log"])
	}
	for name, w := range map[string]*harness.Weir{"repo": repo, "edge": edge, "proxy": proxy} {
		w.Stop()
		seen["standard error of "+name], seen["standard output of "+name] = w.Stderr.String(), w.Stdout.String()
	}
	for _, file := range []string{"audit", "repo.log", "edge.log"} {
		text, err := os.ReadFile(dir + "/" + file)
		if err != nil || len(text) == 0 {
			t.Errorf("%s: %d bytes, %v", file, len(text), err)
		}
		seen[file] = string(text)
	}
	for where, text := range seen {
		for _, s := range secrets {
			if i := strings.Index(text, s); i >= 0 {
				t.Errorf("%s: %s is shown: …%s…", where, s, text[max(0, i-100):min(len(text), i+100)])
			}
		}
	}
}
