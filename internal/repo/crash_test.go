package repo

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// crashDir tells the test binary to be the process that is killed.
const crashDir = "WEIR_TEST_REPO_CRASH"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := writeUntilKilled(dir); err != nil {
			fmt.Println("error", err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const crashWriters = 1000

// writeUntilKilled has a thousand codebases edited and committed at the same time, and prints each commit that has succeeded.
func writeUntilKilled(dir string) error {
	s, err := Open(dir, StoreOptions{})
	if err != nil {
		return err
	}
	r, err := New(s, Options{})
	if err != nil {
		return err
	}
	ctx := context.Background()
	failed := make(chan error)
	var out sync.Mutex
	for i := range crashWriters {
		go func() {
			path := "/c" + strconv.Itoa(i)
			err := r.Create(ctx, path, Create{})
			for v := 1; err == nil; v++ {
				content := []byte(strconv.Itoa(v))
				for _, file := range []string{"/x", "/y"} {
					if err == nil {
						err = r.SetFile(ctx, path+file, content)
					}
				}
				if err == nil {
					err = r.Commit(ctx, path, Commit{Version: strconv.Itoa(v)})
				}
				if err == nil {
					out.Lock()
					_, err = fmt.Println(i, v)
					out.Unlock()
				}
			}
			failed <- err
		}()
	}
	return <-failed
}

// A process is killed in the midst of a thousand commits. Each that it has acknowledged is there, and none by half.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[string]int{}
	lines := 0
	for scanner := bufio.NewScanner(out); scanner.Scan(); lines++ {
		codebase, version, _ := strings.Cut(scanner.Text(), " ")
		v, err := strconv.Atoi(version)
		if err != nil {
			t.Fatalf("the process says %q", scanner.Text())
		}
		acknowledged["/c"+codebase] = v
		if lines == 3*crashWriters/2 {
			// What it has printed until it dies is read on.
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed
	if lines <= crashWriters {
		t.Fatalf("it ended after %d commits", lines)
	}
	r, err := New(open(t, dir), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	ahead := 0
	for path, v := range acknowledged {
		manifest, err := r.published(t.Context(), path+"/")
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		is, err := strconv.Atoi(manifest.tag)
		if err != nil || is < v {
			t.Errorf("%s has version %q, %d was acknowledged", path, manifest.tag, v)
		}
		if is > v {
			ahead++
		}
		if m := string(manifest.content); m != "/main.js\n/x\n/y" {
			t.Errorf("%s has the manifest %q", path, m)
		}
		for _, file := range []string{"/x", "/y"} {
			if doc, err := r.published(t.Context(), path+file); err != nil || string(doc.content) != manifest.tag || doc.tag != manifest.tag {
				t.Errorf("%s%s of version %s: %v %v", path, file, manifest.tag, doc, err)
			}
		}
		info, err := r.Info(t.Context(), path)
		if err != nil || info.Version != manifest.tag {
			t.Errorf("%s is %v %v, published is %s", path, info, err, manifest.tag)
		}
	}
	t.Logf("%d commits of %d codebases were acknowledged, %d more had been made", lines, len(acknowledged), ahead)
	if err := r.Sweep(t.Context(), 0); err != nil {
		t.Errorf("after that: %v", err)
	}
}

// The leader of an etcd stops, and later goes on. Other members take over: commits succeed, and reach those who wait at
// another node.
func TestEtcdLeaderStops(t *testing.T) {
	t.Parallel()
	c := etcdCluster(t)
	one, two := serve(t, open(t, c.spec("r")), Options{}), serve(t, open(t, c.spec("r")), Options{})
	one.publish("/a", "0")
	leader := c.members[c.leader(t)].Process
	commit := func(n *node, version string) {
		t.Helper()
		until(t, "version "+version+" is committed", func() bool {
			return n.send("PATCH", "/api/v1/repo/a", `{"version":"`+version+`"}`).status == 201
		})
	}
	follow := func(n *node, version string) {
		t.Helper()
		until(t, "version "+version+" is served", func() bool {
			res := n.send("GET", "/repo/a/", "", "If-None-Match: "+version, "Prefer: wait=5")
			return res.header.Get("Etag") == version
		})
	}
	if err := leader.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	commit(one, "1")
	follow(two, "1")
	commit(two, "2")
	if err := leader.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	follow(one, "2")

	// The watches have survived all that: a link gets the reload of the other node's commit.
	a := one.link("/repo/a/ua")
	one.waitForLinks(1)
	commit(two, "3")
	for {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		_, got, err := a.conn.Read(ctx)
		cancel()
		if err != nil {
			t.Fatalf("no reload: %v", err)
		}
		if string(got) == "reload" {
			break
		}
	}
}
