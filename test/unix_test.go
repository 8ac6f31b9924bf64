//go:build linux

package test

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/test/harness"
)

// unixAsk sends text to a Unix socket, ends the stream, and returns the whole answer.
func unixAsk(t *testing.T, path, text string) string {
	t.Helper()
	c, err := net.DialTimeout("unix", path, harness.Patience)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(harness.Patience))
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.UnixConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestUnixSocketFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stale, busy, plain := filepath.Join(dir, "stale"), filepath.Join(dir, "busy"), filepath.Join(dir, "plain")
	// What a process that died left behind is replaced; what is in use, and what is no socket, is not touched.
	for _, path := range []string{stale, busy} {
		ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		ln.SetUnlinkOnClose(false)
		if path == stale {
			ln.Close()
		} else {
			defer ln.Close()
		}
	}
	harness.WriteFile(t, plain, "text")
	w := harness.Spawn(t, harness.Config{Script: fmt.Sprintf(`
		for (var path of [%q, %q, '/nowhere/x', %q]) {
			try { pipy.listen('unix:' + path, $=>$) } catch (e) { console.error(e.message) }
		}
		for (var mode of ['9', 'rw', 0, -1, 0o7777, 1.5, {}]) {
			try { pipy.listen('unix:' + %q, { mode }, $=>$) } catch (e) { console.error(mode, e.message) }
		}
		pipy.listen('unix:' + %q, { mode: 0o606 }, $=>$.replaceData(d => d))
		pipy.listen(0 || 'unix:' + %q, { mode: '660' }, $=>$.replaceData(d => d))
	`, busy, plain, strings.Repeat("long", 30), stale, stale, filepath.Join(dir, "new"))})
	w.WaitLog("Listening on Unix socket " + stale)
	w.WaitLog("Listening on Unix socket " + filepath.Join(dir, "new"))
	for _, want := range []string{
		"unable to listen on " + busy, "unable to listen on " + plain, "unable to listen on /nowhere/x", "must have 1 to 107 bytes",
		`9 options.mode expects permissions such as 0o660 or "660"`, "rw options.mode", "0 options.mode", "-1 options.mode", "4095 options.mode",
		"1.5 options.mode", "{  } options.mode",
	} {
		if !strings.Contains(w.Stderr.String(), want) {
			t.Errorf("no %q in\n%s", want, w.Stderr.String())
		}
	}
	for path, mode := range map[string]os.FileMode{stale: 0o606, filepath.Join(dir, "new"): 0o660} {
		st, err := os.Stat(path)
		if err != nil || st.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, st.Mode(), err)
		}
		if got := unixAsk(t, path, "hello"); got != "hello" {
			t.Errorf("%s: %q", path, got)
		}
	}
	// A file that is somebody else's by now stays.
	other := filepath.Join(dir, "new")
	os.Remove(other)
	harness.WriteFile(t, other, "not a socket")
	w.Stop()
	if _, err := os.Lstat(stale); err == nil {
		t.Error("the socket file is left behind")
	}
	if b, _ := os.ReadFile(other); string(b) != "not a socket" {
		t.Error("somebody else's file is gone")
	}
	if b, _ := os.ReadFile(plain); string(b) != "text" {
		t.Error("the plain file was touched")
	}
}

// Threads share the socket, a reload keeps it and can change its mode, and a script can close it.
func TestUnixSocketLife(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	program := func(version int) string {
		return fmt.Sprintf(`pipy.listen('unix:%s', { mode: 0o60%d }, $=>$.replaceData(d => {
			if (d.toString() === 'close') pipy.listen('unix:%s', null)
			return new Data('%d from ' + pipy.thread.id)
		}))`, path, version, path, version)
	}
	w := harness.Spawn(t, harness.Config{Flags: []string{"--threads=2", "--watch"}, Script: program(1)})
	w.WaitLog("Listening on Unix socket " + path)
	seen := map[string]bool{}
	harness.Eventually(t, "both threads to get a connection", func() bool {
		seen[unixAsk(t, path, "x")] = true
		return seen["1 from 0"] && seen["1 from 1"]
	})
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	harness.WriteFile(t, filepath.Join(w.Dir, "main.js"), program(2))
	harness.Eventually(t, "the new version", func() bool { return strings.HasPrefix(unixAsk(t, path, "x"), "2 ") })
	after, err := os.Stat(path)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the socket was made anew: %v", err)
	}
	harness.Eventually(t, "the new mode", func() bool {
		st, err := os.Stat(path)
		return err == nil && st.Mode().Perm() == 0o602
	})
	// Each thread closes its own; with the last one the file goes.
	for range 2 {
		harness.Eventually(t, "a thread to close", func() bool {
			c, err := net.Dial("unix", path)
			if err != nil {
				return true
			}
			defer c.Close()
			io.WriteString(c, "close")
			_ = c.SetDeadline(time.Now().Add(harness.Patience))
			_, err = c.Read(make([]byte, 100))
			return err == nil
		})
	}
	harness.Eventually(t, "the file to go", func() bool {
		if c, err := net.Dial("unix", path); err == nil {
			io.WriteString(c, "close")
			c.Close()
		}
		_, err := os.Lstat(path)
		return err != nil
	})
}

func TestUnixSocketObjects(t *testing.T) {
	t.Parallel()
	harness.Need(t, "socat")
	path := filepath.Join(t.TempDir(), "s")
	name := fmt.Sprintf("@weir-test-%d", os.Getpid())
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			var $ib, $ob
			var tell = $=>$.onStart(ib => { $ib = ib }).replaceData(() => new Data(
				[$ib.localAddress, $ib.localPort, $ib.remoteAddress, $ib.remotePort, JSON.stringify($ib.destinationAddress), JSON.stringify($ib.peerCredentials)].join(' ')))
			pipy.listen('unix:%s', tell)
			pipy.listen('unix:%s', tell)
			pipy.listen(%d, $=>$
				.connect('unix:%s', { onState: ob => { $ob = ob; console.log('state', ob.state, ob.remoteAddress, ob.remotePort) } }))
			pipy.listen('unix:%s.none', $=>$.connect('unix:/nowhere').replaceStreamEnd(e => [new Data('' + e.error), new StreamEnd]))
		`, path, name, port, path, path),
		Listen: []int{port},
	})
	me := fmt.Sprintf(`{"pid":%d,"uid":%d,"gid":%d}`, os.Getpid(), os.Getuid(), os.Getgid())
	if got, want := unixAsk(t, path, "?"), `unix:`+path+` 0 unix: 0 "" `+me; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := unixAsk(t, name, "?"), `unix:`+name+` 0 unix: 0 "" `+me; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := harness.Exchange(t, port, "?"); !strings.Contains(got, fmt.Sprintf(`{"pid":%d,`, w.PID)) {
		t.Errorf("by connect: %s", got)
	}
	w.WaitLog("state connected unix:" + path + " 0")
	if got := unixAsk(t, path+".none", "?"); got != "ConnectionRefused" {
		t.Errorf("connect to nowhere: %s", got)
	}
	r := harness.RunInput(t, "?", "socat", "-t5", "-", "UNIX-CONNECT:"+path)
	if !strings.HasPrefix(r.Stdout, "unix:"+path) || strings.Contains(r.Stdout, me) {
		t.Errorf("socat: %s%s", r.Stdout, r.Stderr)
	}
	r = harness.RunInput(t, "?", "socat", "-t5", "-", "ABSTRACT-CONNECT:"+name[1:])
	if !strings.HasPrefix(r.Stdout, "unix:"+name) {
		t.Errorf("socat: %s%s", r.Stdout, r.Stderr)
	}
}
