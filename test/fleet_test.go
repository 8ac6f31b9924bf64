//go:build linux

package test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"weir/test/harness"
)

// peakRSS is the most memory in bytes that a process has had resident.
func peakRSS(t *testing.T, pid int) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		t.Fatalf("no peak in\n%s", b)
	}
	kb, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

// follower is what an instance is to its repo: it waits for versions, reports, and holds a link.
type follower struct {
	url, uuid string
	client    *http.Client
	versions  chan<- string
}

func (f *follower) do(ctx context.Context, method, body string, headers map[string]string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, f.url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := f.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res, err
}

func (f *follower) report(ctx context.Context, version string) error {
	res, err := f.do(ctx, http.MethodPost, fmt.Sprintf(`{"timestamp":1,"since":1,"uuid":%q,"name":"n","ip":"127.0.0.1","version":%q,"modules":{},`+
		`"metrics":{"version":1,"roots":[{"k":"hits","t":"Counter","l":"path","v":1,"s":[{"k":"/x","v":2}]}]},"logs":["pipy_log"]}`, f.uuid, version), nil)
	if err == nil && res.StatusCode != http.StatusPartialContent {
		err = fmt.Errorf("report: status %d", res.StatusCode)
	}
	return err
}

// follow tells of each version until the context ends, and reports every five seconds, as instances do.
func (f *follower) follow(ctx context.Context) error {
	link, _, err := websocket.Dial(ctx, f.url+f.uuid, &websocket.DialOptions{HTTPClient: f.client})
	if err != nil {
		return err
	}
	defer link.CloseNow()
	if err := link.Write(ctx, websocket.MessageText, nil); err != nil {
		return err
	}
	link.CloseRead(ctx)
	if err := f.report(ctx, ""); err != nil {
		return err
	}
	var reports sync.WaitGroup
	defer reports.Wait()
	failed := make(chan error, 1)
	reports.Go(func() {
		tick := time.NewTicker(5 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := f.report(ctx, ""); err != nil && ctx.Err() == nil {
					failed <- err
					return
				}
			}
		}
	})
	for known := ""; ; {
		headers := map[string]string{}
		if known != "" {
			headers = map[string]string{"If-None-Match": known, "Prefer": "wait=30"}
		}
		res, err := f.do(ctx, http.MethodGet, "", headers)
		if ctx.Err() != nil {
			select {
			case err := <-failed:
				return err
			default:
				return nil
			}
		}
		if err != nil {
			return err
		}
		if tag := res.Header.Get("Etag"); res.StatusCode == http.StatusOK && tag != known {
			known = tag
			f.versions <- tag
		}
	}
}

// A thousand instances follow a codebase: a commit reaches all within two seconds, at the cost of less than a core and
// 200 MiB; one of them hears of a commit within 200 ms.
func TestFleet(t *testing.T) {
	const count = 1000
	harness.OpenFileLimit(t, 10*count)
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", port), t.TempDir()}, Listen: []int{port}})
	api := "http://" + harness.Addr(port)
	transport := &http.Transport{MaxIdleConnsPerHost: 2 * count}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	send := func(method, path, body string) {
		t.Helper()
		req, err := http.NewRequest(method, api+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusCreated {
			t.Fatalf("%s %s: status %d", method, path, res.StatusCode)
		}
	}
	commit := func(version int) time.Time {
		t.Helper()
		start := time.Now()
		send("PATCH", "/api/v1/repo/x", fmt.Sprintf(`{"version":%d}`, version))
		return start
	}
	send("POST", "/api/v1/repo/x", "{}")
	commit(1)
	await := func(versions <-chan string, n, version int) {
		t.Helper()
		want := strconv.Itoa(version)
		deadline := time.After(harness.Patience)
		for got := 0; got < n; {
			select {
			case v := <-versions:
				if v != want {
					t.Fatalf("version %s, want %s", v, want)
				}
				got++
			case <-deadline:
				t.Fatalf("version %s has reached %d of %d", want, got, n)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var fleet sync.WaitGroup
	defer fleet.Wait()
	defer cancel()
	join := func(name string, versions chan<- string) {
		f := &follower{url: api + "/repo/x/", uuid: name, client: client, versions: versions}
		fleet.Go(func() {
			if err := f.follow(ctx); err != nil && ctx.Err() == nil {
				t.Errorf("instance %s: %v", name, err)
			}
		})
	}
	version := 1

	one := make(chan string, 1)
	join("one", one)
	await(one, 1, version)
	var latencies []time.Duration
	for range 9 {
		version++
		start := commit(version)
		await(one, 1, version)
		latencies = append(latencies, time.Since(start))
	}
	slices.Sort(latencies)
	t.Logf("a commit reaches one instance in %v (median; %v to %v)", latencies[4], latencies[0], latencies[8])
	if latencies[4] > 200*time.Millisecond {
		t.Errorf("the median of %v is more than 200 ms", latencies)
	}

	all := make(chan string, count)
	for i := range count {
		join(strconv.Itoa(i), all)
	}
	await(all, count, version)
	began, used := time.Now(), harness.CPU(t, w.PID)
	for range 3 {
		version++
		start := commit(version)
		await(all, count, version)
		await(one, 1, version)
		took := time.Since(start)
		t.Logf("a commit reaches %d instances in %v", count, took)
		if took > 2*time.Second {
			t.Errorf("a commit took %v to reach all, more than 2 s", took)
		}
	}
	// Reports of all are part of the cost.
	tick := time.NewTimer(5*time.Second - time.Since(began)%(5*time.Second))
	<-tick.C
	wall, cpu, rss := time.Since(began), harness.CPU(t, w.PID)-used, peakRSS(t, w.PID)
	t.Logf("the repo: %v CPU in %v (%.2f cores), peak %d MiB", cpu, wall, cpu.Seconds()/wall.Seconds(), rss>>20)
	if cpu >= wall {
		t.Errorf("the repo used %v CPU in %v", cpu, wall)
	}
	if rss >= 200<<20 {
		t.Errorf("the repo had %d MiB", rss>>20)
	}
}

// A linked instance that also waits for new versions loads each once, and again when the same is committed again.
func TestOneReloadPerCommit(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", ports[0])}, Listen: ports[:1]})
	ask := func(path string, args ...string) {
		t.Helper()
		if got := adminCurl(t, ports[0], path, args...); got != "\n201" {
			t.Fatalf("%s %v: %s", path, args, got)
		}
	}
	ask("/api/v1/repo/x", "-d{}")
	publish := func(version int) string {
		t.Helper()
		text := "v" + strconv.Itoa(version)
		ask("/api/v1/repo-files/x/main.js", "-d"+serving(ports[1], text))
		ask("/api/v1/repo/x", "-XPATCH", fmt.Sprintf(`-d{"version":%d}`, version))
		return text
	}
	publish(1)
	w := harness.Start(t, harness.Config{Flags: []string{"--no-cache", "http://" + harness.Addr(ports[0]) + "/repo/x/"}, Listen: ports[1:]})
	harness.Eventually(t, "the link", func() bool {
		return strings.Contains(adminCurl(t, ports[0], "/api/v1/repo/x"), `"instances":{"1":`)
	})
	reloads := func() int { return strings.Count(w.Stderr.String(), "Codebase reloaded on thread 0") }
	const commits = 10
	for version := 2; version <= 1+commits; version++ {
		want := publish(version)
		harness.Eventually(t, "version "+want, func() bool { return harness.Curl(t, "http://"+harness.Addr(ports[1])) == want })
	}
	w.Signal(syscall.SIGHUP) // always one more; whatever was demanded before has been met with it
	harness.Eventually(t, "the reload by signal", func() bool { return reloads() > commits })
	if n := reloads(); n != commits+1 {
		t.Errorf("%d reloads for %d commits and a signal", n, commits)
	}
	ask("/api/v1/repo-files/x/main.js", "-d"+serving(ports[1], "again"))
	harness.Eventually(t, "other files under the same version", func() bool {
		ask("/api/v1/repo/x", "-XPATCH", fmt.Sprintf(`-d{"version":%d}`, 1+commits)) // the link may not be open yet
		return harness.Curl(t, "http://"+harness.Addr(ports[1])) == "again"
	})
}

// adminCertificates makes a CA, and certificates for 127.0.0.1 and for a client, in a folder.
func adminCertificates(t *testing.T) (dir string) {
	t.Helper()
	harness.Need(t, "openssl")
	dir = t.TempDir()
	openssl := func(args ...string) {
		t.Helper()
		if r := harness.Run(t, "openssl", args...); r.Code != 0 {
			t.Fatalf("openssl %q: %s", args, r.Stderr)
		}
	}
	openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=ca", "-days", "2",
		"-keyout", dir+"/ca.key", "-out", dir+"/ca.pem")
	for _, name := range []string{"server", "client"} {
		openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN="+name, "-days", "2",
			"-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE",
			"-CA", dir+"/ca.pem", "-CAkey", dir+"/ca.key", "-keyout", dir+"/"+name+".key", "-out", dir+"/"+name+".pem")
	}
	return dir
}

// One SIGINT ends a repo at once, whoever waits for it; SIGTSTP does nothing to it.
func TestRepoInterrupted(t *testing.T) {
	t.Parallel()
	certs := adminCertificates(t)
	tlsFlags := []string{"--admin-tls-cert=" + certs + "/server.pem", "--admin-tls-key=" + certs + "/server.key"}
	for _, c := range []struct {
		name          string
		flags, remote []string
		scheme        string
	}{
		{"plain", nil, nil, "http"},
		{"TLS", tlsFlags, nil, "https"},
		{"mutual TLS", append(slices.Clone(tlsFlags), "--admin-tls-trusted="+certs+"/ca.pem"),
			[]string{"--tls-cert=" + certs + "/client.pem", "--tls-key=" + certs + "/client.key"}, "https"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ports := harness.Ports(t, 3)
			dir := t.TempDir()
			harness.WriteFile(t, dir+"/x/main.js", serving(ports[1], "hi"))
			harness.WriteFile(t, dir+"/own/main.js", serving(ports[2], "own"))
			w := harness.Start(t, harness.Config{Flags: append([]string{"repo", fmt.Sprintf("--admin-port=%d", ports[0]),
				"--init-repo=" + dir, "--init-code=own"}, c.flags...), Listen: []int{ports[0], ports[2]}})
			url := c.scheme + "://" + harness.Addr(ports[0])
			curl := func(path string, args ...string) string {
				return harness.Curl(t, append(args, "--cacert", certs+"/ca.pem", "--cert", certs+"/client.pem", "--key", certs+"/client.key", url+path)...)
			}
			flags := append([]string{"--no-cache", "--tls-trusted=" + certs + "/ca.pem"}, c.remote...)
			edge := harness.Start(t, harness.Config{Flags: append(flags, url+"/repo/x/"), Listen: ports[1:2]})
			harness.Eventually(t, "the report of the instance", func() bool { return strings.Contains(curl("/api/v1/repo/x"), `"instances":{"1":`) })
			silent := harness.Dial(t, ports[0]) // sends nothing, no handshake either
			w.Signal(syscall.SIGTSTP)
			if got := curl("/api/v1/repo"); got != "/own\n/x" {
				t.Errorf("after SIGTSTP: %q", got)
			}
			if code := w.Stop(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			silent.ReadAll()
			if got := harness.Curl(t, "http://"+harness.Addr(ports[1])); got != "hi" {
				t.Errorf("the instance answers %q without the repo", got)
			}
			if code := edge.Stop(); code != 0 {
				t.Errorf("exit code %d of the instance", code)
			}
		})
	}
}
