package logs

import (
	"encoding/json"
	"testing"
	"time"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 12, 0, 0, 5e6, time.FixedZone("", 3600))
	for _, c := range []struct{ text, category, message string }{
		{"[listener] Listening on TCP port 80 at ::", "listener", "Listening on TCP port 80 at ::"},
		{"[inbound ] x", "inbound", "x"},
		{"[ 1, 2 ] is an array", "", "[ 1, 2 ] is an array"},
		{"[] x", "", "[] x"},
		{"[listener]", "", "[listener]"},
		{"two\nlines \"quoted\" <b> \x01", "", "two\nlines \"quoted\" <b> \x01"},
		{"not UTF-8: \xff", "", "not UTF-8: \ufffd"},
	} {
		line := appendJSON(nil, at, Warn, c.text)
		var got struct{ Time, Level, Category, Message string }
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if got.Category != c.category || got.Message != c.message || got.Level != "warn" || got.Time != "2026-01-31T12:00:00.005+01:00" {
			t.Errorf("%q: %+v", c.text, got)
		}
		for i, b := range line {
			if b == '\n' && i != len(line)-1 {
				t.Errorf("%q is more than a line", line)
			}
		}
	}
}

func TestJSONLogger(t *testing.T) {
	t.Parallel()
	o := DefaultOptions()
	o.Local, o.JSON = Null, true
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	l.now = func() time.Time { return time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC) }
	l.Infof("[admin] a %d", 1)
	l.Raw([]byte("b"))
	want := `{"time":"2026-01-31T12:00:00.000Z","level":"info","category":"admin","message":"a 1"}
{"time":"2026-01-31T12:00:00.000Z","level":"info","message":"b"}
`
	if got := string(l.History()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
