package algo

import (
	"errors"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
)

func newQueue(weights string, fresh bool) (*queue[string], map[string]*queued[string]) {
	q, by := &queue[string]{}, map[string]*queued[string]{}
	var list []*queued[string]
	for i, w := range weights {
		t := &queued[string]{value: string(rune('A' + i)), weight: float64(w - '0')}
		by[t.value] = t
		list = append(list, t)
	}
	q.provision(list, fresh)
	return q, by
}

func picks(q *queue[string], n int, accept func(string) (bool, error)) string {
	var b strings.Builder
	for range n {
		t, err := q.pick(accept)
		switch {
		case err != nil:
			b.WriteByte('!')
		case t == nil:
			b.WriteByte('-')
		default:
			b.WriteString(t.value)
		}
	}
	return b.String()
}

func TestQueue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ weights, want string }{
		{"111", "ABCABCABC"},
		{"21", "ABAABAABA"},
		{"31", "AABAAABAAABA"},
		{"12", "BABBABBAB"},
		{"101", "ACACAC"},
		{"0", "--"},
		{"", "--"},
	} {
		q, _ := newQueue(c.weights, true)
		if got := picks(q, len(c.want), nil); got != c.want {
			t.Errorf("%s: %s, want %s", c.weights, got, c.want)
		}
	}
}

func TestQueueAccept(t *testing.T) {
	t.Parallel()
	q, _ := newQueue("111", true)
	notA := func(s string) (bool, error) { return s != "A", nil }
	if got := picks(q, 4, notA); got != "BCBC" {
		t.Error(got)
	}
	if got := picks(q, 4, nil); got != "AABC" {
		t.Errorf("after a break: %s", got)
	}
	if got := picks(q, 1, func(string) (bool, error) { return false, nil }); got != "-" {
		t.Error(got)
	}
	if got := picks(q, 1, func(string) (bool, error) { return true, errors.New("no") }); got != "!" {
		t.Error(got)
	}
	if got := picks(q, 1, func(string) (bool, error) { q.provision(nil, true); return true, nil }); got != "-" {
		t.Errorf("picked a target that was taken away: %s", got)
	}
}

func TestQueueRelease(t *testing.T) {
	t.Parallel()
	q, by := newQueue("31", false)
	if got := picks(q, 5, nil); got != "ABAAB" {
		t.Error(got)
	}
	q.release(by["B"])
	if got := picks(q, 2, nil); got != "AB" {
		t.Error(got)
	}
	for range 4 {
		q.release(by["A"])
	}
	q.release(by["B"])
	q.release(by["B"])
	if by["A"].load != 0 || by["B"].load != 0 {
		t.Errorf("loads %v, %v after everything was released", by["A"].load, by["B"].load)
	}
	q.release(&queued[string]{value: "X", step: 1})
}

func TestQueueKeepsLoad(t *testing.T) {
	t.Parallel()
	q, by := newQueue("11", false)
	picks(q, 10, nil)
	c := &queued[string]{value: "C", weight: 1}
	q.provision([]*queued[string]{by["A"], by["B"], c}, false)
	if got := picks(q, 6, nil); got != "CCCCCA" {
		t.Error(got)
	}
}

// Whatever happens, the order is by load and shares follow the weights.
func TestQueueShares(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	q, by := newQueue("1234567", true)
	count := map[string]int{}
	for range 28 * 100 {
		x, _ := q.pick(nil)
		count[x.value]++
		if rnd.IntN(4) == 0 {
			q.pick(nil)
			q.release(by["C"])
			q.release(by["C"])
			q.charge(q.index(by["C"]))
		}
		if !sort.SliceIsSorted(q.order, func(i, j int) bool { return q.order[i].load < q.order[j].load }) {
			t.Fatal("not in order")
		}
	}
	if count["G"] < 6*count["A"] || count["G"] > 8*count["A"] {
		t.Errorf("%v", count)
	}
}
