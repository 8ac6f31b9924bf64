package logs

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestHistory(t *testing.T) {
	t.Parallel()
	h := NewHistory(10)
	for _, step := range []struct{ add, want string }{
		{"abc\n", "abc\n"},
		{"de\n", "abc\nde\n"},
		{"f\n", "abc\nde\nf\n"},
		{"g\n", "de\nf\ng\n"},
		{"12345678901\n", "de\nf\ng\n"}, // larger than the history
		{"123456789\n", "123456789\n"},
		{"x", "x"},
		{"y\n", "xy\n"},
		{"123456789\n", "123456789\n"},
	} {
		h.Append([]byte(step.add))
		if got := string(h.Bytes()); got != step.want {
			t.Fatalf("after %q: %q, want %q", step.add, got, step.want)
		}
	}
}

func TestNoHistory(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{0, -1} {
		h := NewHistory(limit)
		h.Append([]byte("x\n"))
		h.Append(nil)
		if len(h.Bytes()) != 0 {
			t.Errorf("limit %d keeps %q", limit, h.Bytes())
		}
	}
}

// The ring must behave like a list of lines.
func TestHistoryAgainstModel(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	const limit = 20_000
	h := NewHistory(limit)
	var model []string
	size := 0
	for i := range 3000 {
		line := strings.Repeat(string(rune('a'+i%26)), random.IntN(200)) + "\n"
		h.Append([]byte(line))
		model = append(model, line)
		size += len(line)
		for size > limit {
			size -= len(model[0])
			model = model[1:]
		}
		if i%100 == 0 {
			if got := string(h.Bytes()); got != strings.Join(model, "") {
				t.Fatalf("after %d lines the content differs", i)
			}
		}
	}
	if len(h.ring) > limit {
		t.Errorf("ring has %d bytes", len(h.ring))
	}
}
