package logs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

var moment = time.Date(2026, 1, 31, 23, 5, 9, 7e6, time.Local)

// recorder keeps every write apart.
type recorder struct{ writes []string }

func (r *recorder) Write(p []byte) (int, error) {
	r.writes = append(r.writes, string(p))
	return len(p), nil
}

func newTest(t *testing.T, options Options) (*Logger, *recorder) {
	t.Helper()
	l, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	r := &recorder{}
	l.local = r
	l.now = func() time.Time { return moment }
	return l, r
}

func TestLineFormat(t *testing.T) {
	t.Parallel()
	l, r := newTest(t, Options{Level: Debug, Topics: AllTopics, HistoryLimit: 1000})
	l.Debugf(TCP, "[inbound ] %s", "a")
	l.Infof("b")
	l.Warnf("c %d", 1)
	l.Errorf("d")
	l.Print(Info, "100% e\nf")
	want := []string{
		"2026-01-31 23:05:09.007 [DBG] [inbound ] a\n",
		"2026-01-31 23:05:09.007 [INF] b\n",
		"2026-01-31 23:05:09.007 [WRN] c 1\n",
		"2026-01-31 23:05:09.007 [ERR] d\n",
		"2026-01-31 23:05:09.007 [INF] 100% e\nf\n",
	}
	if strings.Join(r.writes, "|") != strings.Join(want, "|") {
		t.Errorf("writes %q, want %q", r.writes, want)
	}
	if got := string(l.History()); got != strings.Join(want, "") {
		t.Errorf("history %q", got)
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ level, want string }{
		{"error", "e E"},
		{"warn", "w e W E"},
		{"info", "i w e I W E"},
		{"debug:tcp", "tcp i w e I W E"},
		{"debug:user", "i w e D I W E"},
		{"debug", "tcp udp i w e D I W E"},
	} {
		level, topics, err := ParseLevel(c.level)
		if err != nil {
			t.Fatal(err)
		}
		l, r := newTest(t, Options{Level: level, Topics: topics})
		l.Debugf(TCP, "tcp")
		l.Debugf(UDP, "udp")
		l.Infof("i")
		l.Warnf("w")
		l.Errorf("e")
		l.Print(Debug, "D")
		l.Print(Info, "I")
		l.Print(Warn, "W")
		l.Print(Error, "E")
		var got []string
		for _, w := range r.writes {
			got = append(got, strings.TrimSpace(w[len("2026-01-31 23:05:09.007 [INF] "):]))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", c.level, got, c.want)
		}
	}
}

func TestSetLevel(t *testing.T) {
	t.Parallel()
	l, r := newTest(t, Options{Level: Error, Topics: AllTopics})
	if l.Enabled(Warn) || l.DebugEnabled(TCP) {
		t.Error("level error lets too much through")
	}
	l.SetLevel(Debug, UDP)
	if !l.DebugEnabled(UDP|TCP) || l.DebugEnabled(TCP) {
		t.Error("wrong topics")
	}
	l.Infof("now")
	if len(r.writes) != 1 {
		t.Errorf("writes %q", r.writes)
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	l, r := newTest(t, DefaultOptions())
	l.Infof("%s", strings.Repeat("x", 1000))
	l.Infof("%s", strings.Repeat("x", 1001))
	l.Infof("%s", "x"+strings.Repeat("世", 1000))
	l.Print(Info, strings.Repeat("x", 200_000))
	const head = len("2026-01-31 23:05:09.007 [INF] ") + 1
	for i, want := range []int{1000, 1003, 1003, 200_000} {
		if got := len(r.writes[i]) - head; got != want || !utf8.ValidString(r.writes[i]) {
			t.Errorf("message %d has %d bytes, want %d", i, got, want)
		}
	}
	if cap(l.buffer) > 64<<10 {
		t.Error("the buffer of a huge line is kept")
	}
}

func TestNothingWhenOff(t *testing.T) {
	l, _ := newTest(t, Options{Level: Error})
	if n := testing.AllocsPerRun(100, func() {
		l.Infof("constant")
		if l.DebugEnabled(TCP) {
			t.Fail()
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestLogFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "weir.log")
	l, _ := newTest(t, Options{Level: Info, File: path})
	l.Infof("one")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	l.Infof("two")
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	l.Infof("three")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l.Infof("late")
	if got := texts(t, path+".1"); got != "one two" {
		t.Errorf("old file %q", got)
	}
	if got := texts(t, path); got != "three" {
		t.Errorf("new file %q", got)
	}
}

func texts(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for line := range strings.Lines(string(content)) {
		_, text, _ := strings.Cut(line, "] ")
		words = append(words, strings.TrimSuffix(text, "\n"))
	}
	return strings.Join(words, " ")
}

func TestLocalOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "weir.log")
	l, r := newTest(t, Options{Level: Info, LocalOnly: true, File: path, HistoryLimit: 1000})
	l.Infof("x")
	if _, err := os.Stat(path); err == nil {
		t.Error("file was made")
	}
	if len(l.History()) > 0 || len(r.writes) != 1 {
		t.Errorf("history %q, writes %q", l.History(), r.writes)
	}
	if err := l.Reopen(); err != nil {
		t.Error(err)
	}
}

func TestNullOutput(t *testing.T) {
	t.Parallel()
	l, err := New(Options{Level: Info, Local: Null, HistoryLimit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	l.Infof("x")
	if l.local != nil || !bytes.HasSuffix(l.History(), []byte("[INF] x\n")) {
		t.Errorf("local %v, history %q", l.local, l.History())
	}
}

func TestCannotOpenLogFile(t *testing.T) {
	t.Parallel()
	_, err := New(Options{File: t.TempDir()})
	if err == nil || !strings.HasPrefix(err.Error(), "cannot open log file: ") {
		t.Error(err)
	}
}

// A file that cannot be written is mentioned once, and again after it has worked in between.
func TestFailingFile(t *testing.T) {
	t.Parallel()
	l, r := newTest(t, Options{Level: Info, File: filepath.Join(t.TempDir(), "weir.log"), HistoryLimit: 1000})
	l.file.Close()
	l.Infof("one")
	l.Infof("two")
	got := strings.Join(r.writes, "")
	if strings.Count(got, "[ERR] cannot write log file: ") != 1 || !strings.HasSuffix(got, "[INF] two\n") {
		t.Errorf("writes %q", r.writes)
	}
	if h := string(l.History()); strings.Contains(h, "ERR") || !strings.Contains(h, "[INF] one\n") {
		t.Errorf("history %q", h)
	}
}

func TestConcurrentLines(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "weir.log")
	l, r := newTest(t, Options{Level: Info, File: path, HistoryLimit: 500})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				l.Infof("%s", strings.Repeat(fmt.Sprint(i), 40))
				l.SetLevel(Info, 0)
				_ = l.History()
			}
		})
	}
	wg.Wait()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole := regexp.MustCompile(`^2026-01-31 23:05:09\.007 \[INF\] (0+|1+|2+|3+|4+|5+|6+|7+)$`)
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	for _, line := range lines {
		if !whole.MatchString(line) {
			t.Fatalf("line %q", line)
		}
	}
	if len(lines) != 400 || len(r.writes) != 400 {
		t.Errorf("%d lines in the file, %d writes, want 400", len(lines), len(r.writes))
	}
}

func TestDefault(t *testing.T) {
	l, r := newTest(t, DefaultOptions())
	defer SetDefault(SetDefault(l))
	Infof("a")
	Warnf("b")
	Errorf("c")
	Debugf(TCP, "no")
	Print(Info, "d")
	if len(r.writes) != 4 || Default() != l || DebugEnabled(TCP) {
		t.Errorf("writes %q", r.writes)
	}
}
