//go:build linux

package test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"weir/test/harness"
)

// Levels, topics and categories, as text and as JSON.
func TestLogLines(t *testing.T) {
	t.Parallel()
	const script = `
		console.debug('of', 'the script')
		console.info('a "quoted"\nline')
		console.warn('careful')
		console.error('bad \u00e9')
		pipy.listen(PORT, $=>$.replaceData(() => { throw new Error('in a filter') }))`
	type line struct{ Time, Level, Category, Message string }
	for _, c := range []struct {
		level      string
		have, lack []line
	}{
		{"info", []line{
			{Level: "info", Message: "a \"quoted\"\nline"}, {Level: "warn", Message: "careful"}, {Level: "error", Message: "bad é"},
			{Level: "info", Category: "listener", Message: "Listening on TCP port PORT at 0.0.0.0"},
		}, []line{{Level: "debug", Message: "of the script"}}},
		{"warn", []line{{Level: "warn", Message: "careful"}, {Level: "error", Message: "bad é"}},
			[]line{{Level: "info", Category: "listener", Message: "Listening on TCP port PORT at 0.0.0.0"}, {Level: "debug", Message: "of the script"}}},
		{"error", []line{{Level: "error", Message: "bad é"}}, []line{{Level: "warn", Message: "careful"}}},
		{"debug:user", []line{{Level: "debug", Message: "of the script"}, {Level: "warn", Message: "careful"}},
			[]line{{Level: "debug", Category: "thread", Message: "Thread 0 started"}}},
		{"debug", []line{{Level: "debug", Message: "of the script"}, {Level: "debug", Category: "thread", Message: "Thread 0 started"}}, nil},
	} {
		t.Run(c.level, func(t *testing.T) {
			t.Parallel()
			port := harness.Port(t)
			number := fmt.Sprint(port)
			w := harness.Spawn(t, harness.Config{Flags: []string{"--log-format=json", "--log-level=" + c.level},
				Script: strings.Replace(script, "PORT", number, 1)})
			harness.Eventually(t, "the port", func() bool { return listening(port) })
			harness.Exchange(t, port, "x")
			w.WaitLog("in a filter")
			w.Stop()
			var got []line
			for text := range strings.Lines(w.Stderr.String()) {
				var l line
				d := json.NewDecoder(strings.NewReader(text))
				d.DisallowUnknownFields()
				if err := d.Decode(&l); err != nil {
					t.Fatalf("%v: %s", err, text)
				}
				if _, err := time.Parse("2006-01-02T15:04:05.000Z07:00", l.Time); err != nil {
					t.Error(err)
				}
				l.Time = ""
				got = append(got, l)
			}
			for _, l := range c.have {
				l.Message = strings.Replace(l.Message, "PORT", number, 1)
				if !slices.Contains(got, l) {
					t.Errorf("%+v is missing in\n%s", l, w.Stderr.String())
				}
			}
			for _, l := range c.lack {
				l.Message = strings.Replace(l.Message, "PORT", number, 1)
				if slices.Contains(got, l) {
					t.Errorf("%+v is written", l)
				}
			}
		})
	}
}

// The log file is put aside by size, and only the latest ones are kept; nothing of them is lost or torn.
func TestLogFileRotates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	harness.Run(t, harness.Binary(t), "--log-file="+filepath.Join(dir, "weir.log"), "--log-file-max-size=2k", "--log-file-max-count=3", "--log-local=null",
		"-e", "for (var i = 0; i < 500; i++) console.log('line', i);\nvoid 0")
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(names, func(a, b string) int { // that of now, which has the plain name, is the last
		switch {
		case filepath.Base(a) == "weir.log":
			return 1
		case filepath.Base(b) == "weir.log":
			return -1
		}
		return strings.Compare(a, b)
	})
	if len(names) != 4 {
		t.Fatalf("files %q", names)
	}
	var all strings.Builder
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil || len(text) > 2048 {
			t.Errorf("%s has %d bytes: %v", name, len(text), err)
		}
		all.Write(text)
	}
	lines := strings.Split(strings.TrimSuffix(all.String(), "\n"), "\n")
	for i, l := range lines {
		if want := fmt.Sprintf("[INF] line %d", 500-len(lines)+i); !strings.HasSuffix(l, want) {
			t.Fatalf("line %d of %d is %q, want %q", i, len(lines), l, want)
		}
	}
}

// Targets that take nothing hold nobody up: requests are answered, and what cannot be delivered is counted.
func TestLogTargetsNeverBlock(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 3)
	// One server takes connections and never answers, one is down, and of a pipe nobody reads.
	stalled, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stalled.Close()
	fifo := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(fifo, os.O_RDWR, 0) // so that it can be opened
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	slow, down := "http://"+stalled.Addr().String()+"/slow", "http://"+harness.Addr(ports[2])+"/down"
	w := harness.Start(t, harness.Config{
		Flags: []string{"--threads=2", fmt.Sprintf("--admin-port=%d", ports[1])},
		Script: fmt.Sprintf(`
			var l = new logging.JSONLogger('app')
				.toHTTP('%s', { bufferLimit: 10000 }).toHTTP('%s', { bufferLimit: 10000 }).toFile('%s').toFile('/nowhere/app.log')
			pipy.listen(%d, $=>$.serveHTTP(req => (l.log({ path: req.head.path, text: 'x'.repeat(20000) }), new Message('ok'))))`,
			slow, down, fifo, ports[0]),
		Listen: ports[:2],
	})
	l := startLoad(t, ports[0], 4)
	dropped := func(target string) float64 {
		return number(scrape(t, ports[1]), "weir_log_dropped_records", "logger=app", "target="+target)
	}
	for _, target := range []string{slow, down, fifo, "/nowhere/app.log"} {
		harness.Eventually(t, "lost records of "+target, func() bool { return dropped(target) > 10 })
	}
	before := l.requests.Load()
	harness.Eventually(t, "requests after that", func() bool { return l.requests.Load() > before+100 })
	l.stop()
	if code := w.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	w.WaitLog("[logging] Records for " + fifo + " are lost: it does not take them")
}

// Batches over HTTP arrive complete and in order.
func TestLogHTTPBatches(t *testing.T) {
	t.Parallel()
	type record struct{ I int }
	var mu sync.Mutex
	var got []record
	var batches, largest int
	up := harness.StartUpstreamHandler(t, "logs", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var batch []record
		if err := json.Unmarshal(body, &batch); err != nil || r.Method != "PUT" || r.RequestURI != "/in?x=1" || r.Header.Get("x-key") != "k" {
			t.Errorf("%s %s %v: %v in %.200s", r.Method, r.RequestURI, r.Header, err, body)
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, batch...)
		batches, largest = batches+1, max(largest, len(batch))
	}))
	r := weir(t, "-e", fmt.Sprintf(`
		var l = new logging.JSONLogger('app').toHTTP('http://127.0.0.1:%d/in?x=1', { method: 'PUT', headers: { 'x-key': 'k' },
			batch: { size: 100, prefix: '[', separator: ',', postfix: ']' } });
		for (var i = 0; i < 5000; i++) l.log({ i });
		void 0`, up.Port))
	if r.Code != 0 {
		t.Errorf("exit code %d\n%s", r.Code, r.Stderr)
	}
	mu.Lock()
	defer mu.Unlock()
	for i, record := range got {
		if record.I != i {
			t.Fatalf("record %d is number %d", i, record.I)
		}
	}
	if len(got) != 5000 || largest > 100 || batches < 50 {
		t.Errorf("%d records in %d batches of %d at most", len(got), batches, largest)
	}
}

// A real syslog gets the records, with their priorities.
func TestLogSyslog(t *testing.T) {
	t.Parallel()
	harness.Need(t, "unshare", "mount", "busybox")
	if os.Getuid() != 0 {
		t.Skip("mounting needs root")
	}
	dev, dir := t.TempDir(), t.TempDir()
	out := filepath.Join(dir, "messages")
	if text, err := exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", dev).CombinedOutput(); err != nil {
		t.Skipf("no private mount: %v: %s", err, text)
	}
	script := filepath.Join(dir, "main.js")
	harness.WriteFile(t, script, `
		new logging.TextLogger('plain').toSyslog().log('hello', { a: 1 })
		new logging.TextLogger('bad').toSyslog('ERR').log('an\terror')
		new logging.JSONLogger('json').toSyslog('DEBUG').log({ n: 1 })
		void 0`)
	// The daemon listens on /dev/log: in a directory for devices of its own.
	const setup = `mount -t tmpfs tmpfs "$1" && for f in null zero random urandom; do touch "$1/$f" && mount --bind /dev/$f "$1/$f"; done &&
		mount --rbind "$1" /dev && { busybox syslogd -n -O "$2" & daemon=$!; } &&
		until test -S /dev/log; do sleep 0.01; done && "$3" "$4"; code=$?
		until grep -q user.debug "$2" || test $code != 0; do sleep 0.01; done; kill $daemon; exit $code`
	r := harness.Run(t, "unshare", "-m", "sh", "-c", setup, "sh", dev, out, harness.Binary(t), script)
	text, err := os.ReadFile(out)
	if err != nil || r.Code != 0 {
		t.Fatalf("exit code %d, %v\n%s%s", r.Code, err, r.Stdout, r.Stderr)
	}
	for _, want := range []string{"user.info weir[", "]: hello [object Object]:{\"a\":1}\n", "user.err weir[", "]: an", "error\n", "user.debug weir[", "]: {\"n\":1}\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
