package algo

import (
	"sync"
	"testing"
	"time"

	"weir/internal/script"
	"weir/internal/script/scripttest"
)

// fakeClock is an event loop that stands still until the test moves it. It can be used from any goroutine.
type fakeClock struct {
	mu     sync.Mutex
	now    time.Time
	timers []*fakeTimer
	posted []func()
}

type fakeTimer struct {
	at time.Time
	fn func() // nil once stopped
}

func newFakeClock() *fakeClock { return &fakeClock{now: time.Unix(1000, 0)} }

func (f *fakeClock) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fakeClock) AfterFunc(d time.Duration, fn func()) func() {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := &fakeTimer{f.now.Add(d), fn}
	f.timers = append(f.timers, t)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		t.fn = nil
	}
}

func (f *fakeClock) Post(fn func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.posted = append(f.posted, fn)
}

// run runs what was posted, and what is posted by that.
func (f *fakeClock) run() (n int) {
	for {
		f.mu.Lock()
		fns := f.posted
		f.posted = nil
		f.mu.Unlock()
		if len(fns) == 0 {
			return n
		}
		for _, fn := range fns {
			fn()
			n++
		}
	}
}

// advance moves the time on and runs the timers that are due, in order.
func (f *fakeClock) advance(d time.Duration) {
	f.mu.Lock()
	end := f.now.Add(d)
	f.mu.Unlock()
	for {
		f.mu.Lock()
		var next *fakeTimer
		for _, t := range f.timers {
			if t.fn != nil && !t.at.After(end) && (next == nil || t.at.Before(next.at)) {
				next = t
			}
		}
		if next == nil {
			f.now = end
			f.mu.Unlock()
			return
		}
		f.now = next.at
		fn := next.fn
		next.fn = nil
		f.mu.Unlock()
		fn()
		f.run()
	}
}

// newRealm returns a realm with algo, on a fake clock that scripts move with advance(seconds).
func newRealm(t testing.TB) (*script.Realm, *fakeClock) {
	r, _ := scripttest.New(t)
	clock := newFakeClock()
	r.SetOwner(clock)
	if err := r.Install(Namespace); err != nil {
		t.Fatal(err)
	}
	err := r.Install(&script.Namespace{Methods: []script.Method{
		{Name: "advance", Fn: func(c *script.Call) (script.Value, error) {
			s, err := c.Number(0)
			clock.advance(script.ToDuration(s))
			return script.Undefined, err
		}},
		{Name: "gc", Fn: func(c *script.Call) (script.Value, error) {
			c.CollectGarbage()
			return script.Undefined, nil
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return r, clock
}

// prelude has what the scripts of the tests use.
const prelude = `
	function fails(f) { try { f(); return 'no error' } catch (e) { return e.message } };
	function text(v) { return JSON.stringify(v, (k, x) => x === undefined ? 'undefined' : typeof x === 'number' && !isFinite(x) ? String(x) : x) };
`

// eval runs a script and returns its completion value as text.
func eval(t testing.TB, r *script.Realm, src string) string {
	t.Helper()
	res, err := r.Run("/main.js", prelude+src)
	if err != nil {
		return "error: " + err.Error()
	}
	s, err := r.ToString(res.Value)
	if err != nil {
		return "error: " + err.Error()
	}
	r.EndTurn()
	return s
}

// scriptCase is a script with the text of its completion value.
type scriptCase struct{ name, src, want string }

func runCases(t *testing.T, cases []scriptCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, _ := newRealm(t)
			if got := eval(t, r, c.src); got != c.want {
				t.Errorf("%s\ngot  %s\nwant %s", c.src, got, c.want)
			}
		})
	}
}
