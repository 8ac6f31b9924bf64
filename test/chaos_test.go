//go:build linux

package test

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"weir/test/harness"
)

// repoClient publishes the codebase /x of a repo.
type repoClient struct {
	t    *testing.T
	port int
}

func (r repoClient) url() string { return "http://" + harness.Addr(r.port) + "/repo/x/" }

// send makes a request, again and again while the repo cannot do what it asks for at the moment.
func (r repoClient) send(method, path, body string) {
	r.t.Helper()
	harness.Eventually(r.t, method+" "+path, func() bool {
		req, err := http.NewRequest(method, "http://"+harness.Addr(r.port)+path, strings.NewReader(body))
		if err != nil {
			r.t.Fatal(err)
		}
		req.Close = true // the repo may be another one by the next request
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			r.t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusCreated && res.StatusCode != http.StatusServiceUnavailable {
			r.t.Fatalf("%s %s: status %d, %s", method, path, res.StatusCode, text)
		}
		return res.StatusCode == http.StatusCreated
	})
}

// upload stores files that instances do not see before commit.
func (r repoClient) upload(files map[string]string) {
	r.t.Helper()
	for path, content := range files {
		r.send("POST", "/api/v1/repo-files/x"+path, content)
	}
}

func (r repoClient) commit(version string) {
	r.t.Helper()
	r.send("PATCH", "/api/v1/repo/x", fmt.Sprintf(`{"version":%q}`, version))
}

// twoPorts is proxyVersion on two ports.
func twoPorts(a, b, upstream int, version string) map[string]string {
	files := proxyVersion(a, upstream, version)
	files["/main.js"] += "\n" + strings.Replace(strings.TrimSpace(strings.SplitN(files["/main.js"], "\n", 3)[2]), strconv.Itoa(a), strconv.Itoa(b), 1)
	return files
}

// Updates move from one port to another and back. A port that stays never refuses anybody. One that is given up answers every
// request of those who got a connection. A new one is there as soon as the new version is.
func TestChaosPortMoves(t *testing.T) {
	t.Parallel()
	up := harness.StartUpstream(t, "up")
	ports := harness.Ports(t, 3)
	steady, moving := ports[0], ports[1:]
	s := startCodebase(t, true, twoPorts(steady, moving[0], up.Port, "0"))
	startInstance(t, s.url(), steady, "--threads=2")
	l := startLoad(t, steady, 2)
	l.awaitVersion("0")
	at := func(port int) []*httpLoad {
		return []*httpLoad{
			(&httpLoad{t: t, port: port, leaving: true}).start(2),
			(&httpLoad{t: t, port: port, leaving: true, anew: true}).start(2),
		}
	}
	loads := at(moving[0])
	for i := 1; i <= 10; i++ {
		version := strconv.Itoa(i)
		for _, l := range loads {
			harness.Eventually(t, "load on the port that moves", func() bool { return l.requests.Load() > 0 })
		}
		s.publish(twoPorts(steady, moving[i%2], up.Port, version))
		l.awaitVersion(version)
		next := at(moving[i%2])
		for _, l := range loads {
			l.awaitEnd()
			l.stop()
		}
		for _, l := range next {
			l.awaitVersion(version)
		}
		loads = next
	}
	for _, l := range loads {
		l.stop()
	}
	l.stop()
}

// A repo is killed while an instance downloads a new version, which it gets when the repo is back.
func TestChaosRepoKilled(t *testing.T) {
	t.Parallel()
	up := harness.StartUpstream(t, "up")
	ports := harness.Ports(t, 2)
	r := repoClient{t, ports[0]}
	// A download of many files takes long enough for the repo to be killed in the middle of it.
	codebases, store := t.TempDir(), t.TempDir()
	for path, content := range proxyVersion(ports[1], up.Port, "1") {
		harness.WriteFile(t, filepath.Join(codebases, "x", path), content)
	}
	for i := range 2000 {
		harness.WriteFile(t, filepath.Join(codebases, fmt.Sprintf("x/filler/%04d", i)), "filler")
	}
	start := func() *harness.Weir {
		return harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", r.port), "--init-repo=" + codebases, store},
			Listen: ports[:1]})
	}
	repo := start()
	w, _ := startInstance(t, r.url(), ports[1], "--threads=2", "--repo-poll=100ms")
	l := startLoad(t, ports[1], 4)
	l.awaitVersion("1")
	cut := regexp.MustCompile(`GET \S+/filler/\d+ -> (502|the answer breaks off)`)
	for i, interrupted := 2, 0; interrupted < 2; i++ {
		if i > 20 {
			t.Fatal("the repo was never killed in the middle of a download")
		}
		version := strconv.Itoa(i)
		r.upload(proxyVersion(ports[1], up.Port, version))
		before := len(w.Stderr.String())
		since := func() string { return w.Stderr.String()[before:] }
		r.commit(version)
		harness.Eventually(t, "the download", func() bool { return strings.Contains(since(), "/filler/0010 -> ") })
		if err := repo.Process.Stop(syscall.SIGKILL, harness.Patience); err != nil {
			t.Fatal(err)
		}
		harness.Eventually(t, "the instance misses the repo", func() bool { return strings.Contains(since(), " -> 502") })
		if cut.MatchString(since()) {
			interrupted++
			if got := l.last.Load(); got == version+"/"+version {
				t.Errorf("version %s runs although its download was interrupted", version)
			}
		}
		repo = start()
		l.awaitVersion(version)
	}
	l.stop()
}

// The leader of the etcd that two nodes of a repo share is stopped, and goes on later. Instances that follow either node get
// every version, also one that is committed meanwhile.
func TestChaosEtcdLeaderStops(t *testing.T) {
	t.Parallel()
	cluster := harness.StartEtcd(t)
	up := harness.StartUpstream(t, "up")
	ports := harness.Ports(t, 4)
	var nodes []repoClient
	for _, port := range ports[:2] {
		harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", port), "--store=" + cluster.Store("chaos")},
			Listen: []int{port}})
		nodes = append(nodes, repoClient{t, port})
	}
	files := func(version string) map[string]string {
		files := proxyVersion(0, up.Port, version)
		// Each instance has its own port.
		files["/main.js"] = strings.Replace(files["/main.js"], "pipy.listen(0,", "pipy.listen(Number(pipy.argv[1]),", 1)
		return files
	}
	nodes[0].send("POST", "/api/v1/repo/x", "{}")
	nodes[0].upload(files("1"))
	nodes[0].commit("1")
	var loads []*httpLoad
	for i, n := range nodes {
		port := ports[2+i]
		harness.Start(t, harness.Config{Flags: []string{"--no-cache", "--repo-poll=200ms", n.url()}, Args: []string{strconv.Itoa(port)}, Listen: []int{port}})
		loads = append(loads, startLoad(t, port, 2))
	}
	arrives := func(version string) {
		t.Helper()
		for _, l := range loads {
			l.awaitVersion(version)
		}
	}
	arrives("1")
	version := 1
	publish := func(n repoClient) {
		t.Helper()
		version++
		n.upload(files(strconv.Itoa(version)))
		n.commit(strconv.Itoa(version))
		arrives(strconv.Itoa(version))
	}
	for range 2 {
		leader := cluster.Leader(t)
		t.Cleanup(func() { _ = leader.Signal(syscall.SIGCONT) }) // whatever fails before it is
		if err := leader.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		publish(nodes[1])
		if err := leader.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		publish(nodes[0])
	}
	for _, l := range loads {
		l.stop()
	}
}
