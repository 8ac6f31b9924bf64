package algo

import (
	"slices"
	"testing"
	"time"

	"weir/internal/script"
)

func TestQuota(t *testing.T) {
	t.Parallel()
	runCases(t, []scriptCase{
		{"consume", "var q = new algo.Quota(10); text([q.consume(4), q.consume(0), q.consume(-1), q.consume(NaN), q.current, q.consume(100), q.consume(1), q.initial])", "[4,0,0,0,6,6,0,10]"},
		{"no arguments", "var q = new algo.Quota; text([q.initial, q.current, q.consume(1)])", "[0,0,0]"},
		{"produce", "var q = new algo.Quota(1, { max: 5 }); q.produce(2); var a = q.current; q.produce(-1); q.produce(100); text([a, q.current])", "[3,5]"},
		{"produce above the maximum changes nothing", "var q = new algo.Quota(10, { max: 5 }); q.produce(1); q.current", "10"},
		{"reset", "var q = new algo.Quota(3); q.produce(5); q.reset(); var a = q.current; q.consume(2); q.reset(); text([a, q.current])", "[3,3]"},
		{"recovers at once", "var q = new algo.Quota(3, { per: 10 }); advance(7); q.consume(2); advance(9.5); var a = q.current; advance(0.5); text([a, q.current])", "[1,3]"},
		{"recovers in steps", "var q = new algo.Quota(5, { per: '1s', produce: 2 }); q.consume(5); var a = []; for (var i = 0; i < 4; i++) { advance(1); a.push(q.current) } text(a)", "[2,4,5,5]"},
		{"one timer", "var q = new algo.Quota(5, { per: 2 }); q.consume(1); advance(1); q.consume(1); advance(1); var a = q.current; q.consume(1); advance(1); text([a, q.current])", "[5,4]"},
		{"recovery does not lower", "var q = new algo.Quota(5, { per: 1 }); q.consume(1); q.produce(10); advance(1); q.current", "14"},
		{"read-only", "var q = new algo.Quota(5); q.current = 9; q.initial = 9; text([q.current, q.initial])", "[5,5]"},
		{"errors", "var q = new algo.Quota; text([() => new algo.Quota('x'), () => new algo.Quota(1, 2), () => new algo.Quota(1, { key: 1 }), () => new algo.Quota(1, { per: 'x' }), () => new algo.Quota(1, { max: NaN }), () => q.consume(), () => q.consume('1'), () => q.produce()].map(fails))",
			`["argument #1 expects a number","argument #2 expects an object","options.key expects a string","options.per expects a number","options.max expects a number","requires 1 or more arguments","argument #1 expects a number","requires 1 or more arguments"]`},
	})
}

func TestAllowance(t *testing.T) {
	t.Parallel()
	a := allowance{initial: 3, current: 8, max: 10, shared: true}
	if a.restore() || a.current != 3 {
		t.Errorf("a shared one restored from above: %v", a.current)
	}
	a.take(2)
	a.configure(allowance{initial: 7, max: 4})
	if a.initial != 7 || a.current != 4 || a.max != 4 {
		t.Errorf("grown: %+v", a)
	}
	a.configure(allowance{initial: 1, max: 10})
	if a.current != 4 || a.initial != 1 {
		t.Errorf("shrunk: %+v", a)
	}
	a = allowance{current: -1}
	if n := a.take(1); n != 0 || a.current != -1 {
		t.Errorf("took %v of a negative amount", n)
	}
}

// taker wants an amount, piece by piece.
type taker struct {
	name string
	q    *Quota
	want float64
	log  *[]string
	then func()
}

func (w *taker) QuotaAvailable() bool {
	w.want -= w.q.Consume(w.want)
	*w.log = append(*w.log, w.name)
	if w.then != nil {
		w.then()
	}
	return w.want == 0
}

func quotaOf(t *testing.T, r *script.Realm, src string) *Quota {
	t.Helper()
	res, err := r.Run("/quota.js", src)
	if err != nil {
		t.Fatal(err)
	}
	q, ok := QuotaOf(r, res.Value)
	if !ok {
		t.Fatal("no quota")
	}
	r.Hold(res.Value)
	r.Set(r.Global(), "q", res.Value)
	return q
}

func TestWaiters(t *testing.T) {
	t.Parallel()
	r, clock := newRealm(t)
	q := quotaOf(t, r, "new algo.Quota(0)")
	var log []string
	a := &taker{name: "a", q: q, want: 3, log: &log}
	b := &taker{name: "b", q: q, want: 1, log: &log}
	c := &taker{name: "c", q: q, want: 1, log: &log}
	d := &taker{name: "d", q: q, want: 5, log: &log}
	for _, w := range []*taker{a, b, c, d, a} {
		q.Wait(w)
	}
	expect := func(want ...string) {
		t.Helper()
		if !slices.Equal(log, want) {
			t.Errorf("called %v, want %v", log, want)
		}
		log = nil
	}
	q.Produce(2)
	expect("a")
	q.Cancel(c)
	q.Produce(2)
	expect("a", "b")
	d.then = func() { d.then = nil; q.Produce(1) } // an increase while it is served
	q.Produce(1)
	expect("d", "d")
	q.Produce(10)
	expect("d")
	if q.Current() != 7 {
		t.Errorf("%v left", q.Current())
	}
	q.Produce(1)
	expect()
	if n := clock.run(); n != 0 {
		t.Errorf("%d tasks posted", n)
	}
}

func TestWaitersAfterRecovery(t *testing.T) {
	t.Parallel()
	r, clock := newRealm(t)
	q := quotaOf(t, r, "new algo.Quota(2, { per: 1 })")
	var log []string
	a := &taker{name: "a", q: q, want: 5, log: &log}
	a.QuotaAvailable()
	q.Wait(a)
	clock.advance(time.Second)
	clock.advance(time.Second)
	if !slices.Equal(log, []string{"a", "a", "a"}) || a.want != 0 || q.Current() != 1 {
		t.Errorf("%v, %v wanted, %v left", log, a.want, q.Current())
	}
}

func TestSharedQuota(t *testing.T) {
	t.Parallel()
	r1, clock1 := newRealm(t)
	r2, clock2 := newRealm(t)
	q1 := quotaOf(t, r1, "new algo.Quota(10, { key: 'TestSharedQuota' })")
	q1.Consume(8)
	q2 := quotaOf(t, r2, "new algo.Quota(12, { key: 'TestSharedQuota', max: 20 })")
	if q1.Current() != 4 || q1.Initial() != 12 {
		t.Errorf("%v of %v", q1.Current(), q1.Initial())
	}
	q2.Reset()
	if q2.Current() != 4 {
		t.Error("reset changed a shared quota")
	}
	q2.Consume(4)

	var log []string
	a := &taker{name: "a", q: q1, want: 2, log: &log}
	b := &taker{name: "b", q: q2, want: 2, log: &log}
	c := &taker{name: "c", q: q1, want: 2, log: &log}
	q1.Wait(a)
	q2.Wait(b)
	q1.Wait(c)
	q2.Produce(5)
	if len(log) != 0 {
		t.Error("waiters were called at once")
	}
	if n := clock2.run(); n != 0 {
		t.Error("the second was served before the first")
	}
	clock1.run()
	clock2.run()
	clock1.run()
	if !slices.Equal(log, []string{"a", "b", "c"}) || c.want != 1 {
		t.Errorf("%v, c wants %v", log, c.want)
	}
	q1.Produce(1)
	clock1.run()
	if c.want != 0 {
		t.Error("c was forgotten")
	}

	// The turn of a worker that ends is the next one's.
	log, a.want, b.want = nil, 2, 2
	q1.Wait(a)
	q2.Wait(b)
	q2.Produce(2)
	r1.Close()
	clock1.run()
	clock2.run()
	if !slices.Equal(log, []string{"b"}) {
		t.Errorf("after a realm was closed: %v", log)
	}
	r2.Close()
	if sharedCounters.byKey["TestSharedQuota"] != nil {
		t.Error("the counter outlived its quotas")
	}
}

func TestSharedQuotaAvailableBeforeWait(t *testing.T) {
	t.Parallel()
	r, clock := newRealm(t)
	q := quotaOf(t, r, "new algo.Quota(5, { key: 'TestSharedQuotaAvailableBeforeWait' })")
	var log []string
	q.Wait(&taker{name: "a", q: q, want: 2, log: &log})
	clock.run()
	if len(log) != 1 || q.Current() != 3 {
		t.Errorf("%v, %v left", log, q.Current())
	}
}

func TestSharedQuotaEndsWithItsObjects(t *testing.T) {
	t.Parallel()
	r, _ := newRealm(t)
	got := eval(t, r, `
		var make = () => new algo.Quota(5, { key: 'TestSharedQuotaEnds' });
		make().consume(3);
		gc();
		make().current`)
	if got != "5" {
		t.Errorf("%s left", got)
	}
}
