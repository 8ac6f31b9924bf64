//go:build linux

package test

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"weir/test/harness"
)

// serving is a program that answers HTTP requests on a port with a text.
func serving(port int, text string) string {
	return fmt.Sprintf(`pipy.listen(%d, $=>$.serveHTTP(() => new Message('%s')))`, port, text)
}

// From an empty repo in a directory to an instance that follows it, and back after the repo was away.
func TestRepo(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	dir := t.TempDir()
	repo := func() *harness.Weir {
		return harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", ports[0]), dir}, Listen: ports[:1]})
	}
	w := repo()
	ask := func(want, path string, args ...string) {
		t.Helper()
		if got := adminCurl(t, ports[0], path, args...); !strings.Contains(got, want) {
			t.Fatalf("%s %v: got\n%s\nwant %s", path, args, got, want)
		}
	}
	ask("\n201", "/api/v1/repo/x", "-d{}")
	ask("Codebase already exists\n400", "/api/v1/repo/x", "-d{}")
	ask("\n404", "/repo/x/")
	ask("\n201", "/api/v1/repo-files/x/main.js", "-d"+serving(ports[1], "one"))
	ask("\n201", "/api/v1/repo/x", "-XPATCH", `-d{"version":1}`)
	ask("/main.js\n200", "/repo/x/")
	ask("\n201", "/api/v1/repo/y", `-d{"base":"/x","version":1}`)
	ask("\n404", "/repo/y/") // not published
	ask("\n201", "/api/v1/repo/y", "-XPATCH", `-d{"version":1}`)
	ask("/main.js\n200", "/repo/y/")

	harness.Start(t, harness.Config{Flags: []string{"--cache=" + t.TempDir(), "--instance-name=edge", "--instance-uuid=u1",
		"http://" + harness.Addr(ports[0]) + "/repo/x/"}, Listen: ports[1:]})
	served := func(want string) {
		t.Helper()
		harness.Eventually(t, "the instance serves "+want, func() bool {
			return harness.Curl(t, "http://"+harness.Addr(ports[1])) == want
		})
	}
	served("one")
	ask("\n201", "/api/v1/repo-files/x/main.js", "-d"+serving(ports[1], "two"))
	ask("\n201", "/api/v1/repo/x", "-XPATCH", `-d{"version":2}`)
	served("two")
	ask(`"version":"2"`, "/api/v1/repo/y")
	harness.Eventually(t, "the report of the instance", func() bool {
		got := adminCurl(t, ports[0], "/api/v1/repo/x")
		return strings.Contains(got, `"name":"edge"`) && strings.Contains(got, `"instances":{"1":`)
	})
	ask(`instance="edge"`, "/metrics")
	ask(`"metrics":[`, "/api/v1/metrics/u1/")
	harness.Eventually(t, "the log of the instance", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		c, _, err := websocket.Dial(ctx, "ws://"+harness.Addr(ports[0])+"/api/v1/log/u1/pipy_log", nil)
		if err != nil {
			return false
		}
		defer c.CloseNow()
		c.SetReadLimit(-1)
		if c.Write(ctx, websocket.MessageText, []byte("watch\n")) != nil {
			return false
		}
		_, history, err := c.Read(ctx)
		return err == nil && strings.Contains(string(history), "Codebase reloaded on thread 0")
	})

	// Killed in the middle of it, the repo has all it had, and the instance finds it again.
	if err := w.Process.Stop(syscall.SIGKILL, harness.Patience); err != nil {
		t.Fatal(err)
	}
	served("two")
	repo()
	ask("/x\n/y", "/api/v1/repo")
	ask("\n201", "/api/v1/repo-files/x/main.js", "-d"+serving(ports[1], "three"))
	ask("\n201", "/api/v1/repo/x", "-XPATCH", `-d{"version":3}`)
	served("three")
}

// A repo in memory that runs one of its own codebases, with tokens for three kinds of users.
func TestRepoProgram(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	dir := t.TempDir()
	harness.WriteFile(t, dir+"/one/main.js", serving(ports[1], "one"))
	harness.WriteFile(t, dir+"/two/main.js", serving(ports[1], "two"))
	harness.Start(t, harness.Config{Flags: []string{fmt.Sprintf("--admin-port=%d", ports[0]), "--init-repo=" + dir, "--init-code=one",
		"--admin-token=all", "--admin-write-token=write", "--admin-read-token=read"}, Listen: ports})
	for _, c := range []struct{ user, path, args, want string }{
		{"none", "/api/v1/repo", "", "\n401"},
		{"read", "/api/v1/repo", "", "/one\n/two\n200"},
		{"read", "/repo/one/", "", "/main.js\n200"},
		{"read", "/repo/one/", `-d{"uuid":"u"}`, "\n201"},
		{"read", "/api/v1/repo/three", "-d{}", "\n403"},
		{"write", "/api/v1/repo/three", "-d{}", "\n201"},
		{"write", "/api/v1/repo/three", "-XDELETE", "\n204"},
		{"write", "/api/v1/program", "-d/two", "\n403"},
		{"all", "/api/v1/program", "", "/one\n200"},
		{"all", "/api/v1/program", "-XPATCH -d/none", "Codebase not found: /none\n400"},
		{"all", "/api/v1/program", "-XPATCH -d/two", "\n201"},
	} {
		if got := adminCurl(t, ports[0], c.path, append(strings.Fields(c.args), "-uany:"+c.user)...); !strings.Contains(got, c.want) {
			t.Errorf("%s %s %s: got\n%s\nwant %s", c.user, c.args, c.path, got, c.want)
		}
	}
	harness.Eventually(t, "the other codebase", func() bool { return harness.Curl(t, "http://"+harness.Addr(ports[1])) == "two" })
	for _, c := range []struct{ args, want string }{
		{"-XDELETE", "\n204"}, {"", "\n200"}, {"-d/one", "\n201"}, {"", "/one\n200"},
	} {
		if got := adminCurl(t, ports[0], "/api/v1/program", append(strings.Fields(c.args), "-uany:all")...); got != c.want {
			t.Errorf("program %s: %q, want %q", c.args, got, c.want)
		}
	}
	if got := harness.Curl(t, "http://"+harness.Addr(ports[1])); got != "one" {
		t.Errorf("the program answers %q", got)
	}
}

// Strangers are not let in by accident.
func TestRepoNeedsToken(t *testing.T) {
	t.Parallel()
	w := harness.Spawn(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=0.0.0.0:%d", harness.Port(t))}})
	if w.WaitExit() != 255 || !strings.Contains(w.Stderr.String(), "--admin-token=@FILE") {
		t.Errorf("exit code %d", w.ExitCode())
	}
}

// The interface and the API of another process, through a third.
func TestAdminProxy(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	harness.Start(t, harness.Config{Flags: []string{"repo", fmt.Sprintf("--admin-port=%d", ports[0]), "--admin-token=s3cret"}, Listen: ports[:1]})
	harness.Start(t, harness.Config{Flags: []string{fmt.Sprintf("--admin-port=%d", ports[1]), "--repo-token=s3cret", "http://" + harness.Addr(ports[0])}, Listen: ports[1:]})
	for _, c := range []struct{ path, args, want string }{
		{"/", "", "/ui/app.js"},
		{"/api/v1/repo/x", "-d{}", "\n201"},
		{"/api/v1/repo", "", "/x\n200"},
		{"/metrics", "", "process_cpu_seconds_total"},
		{"/repo/x/", "-HAccept:text/html", "/ui/app.js"},
		{"/status", "", "\n404"},
		{"/status", "-XPOST", "\n405"},
	} {
		if got := adminCurl(t, ports[1], c.path, strings.Fields(c.args)...); !strings.Contains(got, c.want) {
			t.Errorf("%s %s: got\n%s\nwant %s", c.args, c.path, got, c.want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+harness.Addr(ports[1])+"/api/v1/log//pipy_log", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(ctx, websocket.MessageText, []byte("watch\n")); err != nil {
		t.Fatal(err)
	}
	if _, history, err := c.Read(ctx); err != nil || !strings.Contains(string(history), "Starting admin service") {
		t.Errorf("log: %v\n%s", err, history)
	}
}

// The admin service opens and closes at a signal, whether a program runs or not.
func TestAdminToggle(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	w := harness.Start(t, harness.Config{Flags: []string{fmt.Sprintf("--admin-port=%d", ports[1]), "--admin-port-off"},
		Script: serving(ports[0], "hi"), Listen: ports[:1]})
	w.Signal(syscall.SIGTSTP)
	w.WaitLog(fmt.Sprintf("Listening on TCP port %d at", ports[1]))
	if got := adminCurl(t, ports[1], "/api/v1/program", "-XDELETE"); got != "\n204" {
		t.Errorf("stop: %q", got)
	}
	w.Signal(syscall.SIGTSTP)
	w.WaitLog(fmt.Sprintf("Admin service stopped on port %d", ports[1]))
	if code := w.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A remote program that has nothing left to do stays to be looked at, and started again.
func TestRemoteProgramEnds(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	s := startCodebase(t, false, map[string]string{"/main.js": "println('done')"})
	w := harness.Start(t, harness.Config{Flags: []string{"--no-reload", "--no-cache", fmt.Sprintf("--admin-port=%d", port), s.url()}, Listen: []int{port}})
	harness.Eventually(t, "the end of the program", func() bool {
		return strings.Contains(w.Stdout.String(), "done") && adminCurl(t, port, "/api/v1/program") == "\n200"
	})
	if got := adminCurl(t, port, "/api/v1/program", "-d/"); got != "\n201" {
		t.Errorf("start: %q", got)
	}
	harness.Eventually(t, "the second run", func() bool { return strings.Count(w.Stdout.String(), "done") == 2 })
	if code := w.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
