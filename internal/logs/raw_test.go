package logs

import "testing"

func TestRaw(t *testing.T) {
	t.Parallel()
	l, err := New(Options{Level: Info, Local: Null, HistoryLimit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	l.Raw([]byte("a\x00b"))
	l.SetLevel(Warn, 0)
	l.Raw([]byte("dropped"))
	l.SetLevel(Info, 0)
	l.Close()
	l.Raw([]byte("late"))
	if got := string(l.History()); got != "a\x00b\n" {
		t.Errorf("got %q", got)
	}
}
