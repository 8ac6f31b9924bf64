package filter

import (
	"testing"

	"weir/internal/api/algo"
	"weir/internal/filter/filtertest"
	"weir/internal/script"
)

var _ quota = (*algo.Quota)(nil)

func TestThrottle(t *testing.T) {
	t.Parallel()
	misused := func(filter string) string {
		return misuse(filter, "function did not return an object of type algo.Quota")
	}
	checkPrograms(t, []program{
		{"data", `pipeline($ => $.throttleDataRate(new algo.Quota(5)))`, `S D"abc" D"" D"defg" E .`, `MessageStart Data"abc" Data"de"`, ""},
		{"data by and by", `var q = new algo.Quota(2); pipeline($ => $.throttleDataRate(q).handleStreamEnd(() => { test.log(q.current) }))`,
			`D"abcde" .`, `Data"ab"`, ""},
		{"data recovers", `pipeline($ => $.throttleDataRate(new algo.Quota(4, {per: 0.01})))`, `S D"abcdefghij" E .`,
			`MessageStart Data"abcd" Data"efgh" Data"ij" MessageEnd StreamEnd`, ""},
		{"more while it is output", `var q = new algo.Quota(2); pipeline($ => $.throttleDataRate(q).handleData(() => { q.produce(1) }))`, `D"abcde"`,
			`Data"ab" Data"c" Data"d" Data"e"`, ""},
		{"nothing affordable", `pipeline($ => $.throttleDataRate(new algo.Quota(0)))`, `D"abc"`, `Data""`, ""},
		{"fractions", `pipeline($ => $.throttleDataRate(new algo.Quota(1.5, {per: 0.01})))`, `D"abc"`, `Data"a" Data"bc"`, ""},
		{"messages", `pipeline($ => $.throttleMessageRate(new algo.Quota(2)))`, `S D"a" E S E . S D"b"`,
			`MessageStart Data"a" MessageEnd MessageStart MessageEnd StreamEnd`, ""},
		{"messages for a fraction", `pipeline($ => $.throttleMessageRate(new algo.Quota(0.5)))`, `S E S`, `MessageStart MessageEnd`, ""},
		{"messages recover", `pipeline($ => $.throttleMessageRate(() => new algo.Quota(1, {per: 0.01})))`, `S D"a" E S D"b" E .`,
			`MessageStart Data"a" MessageEnd MessageStart Data"b" MessageEnd StreamEnd`, ""},
		{"function once", `var q = new algo.Quota(9); pipeline($ => $.throttleDataRate(() => { test.log('asked'); return q }))`, `D"a" D"b"`,
			`Data"a" Data"b"`, "asked"},
		{"throw", `var n = 0; pipeline($ => $.throttleDataRate(() => { if (!n++) throw new Error('bad'); return new algo.Quota(9) }))`, `D"a" D"b"`,
			`StreamEnd(Error: bad) Data"b"`, ""},
		{"no quota", `pipeline($ => $.throttleMessageRate(() => 1))`, `D"a"`, misused("throttleMessageRate"), ""},
		{"released", `var q = new algo.Quota(0, {per: 0.01}); pipeline($ => $.throttleMessageRate(q))`, `S D"a" | release`, ``, ""},
	}, algo.Namespace)
	for src, want := range map[string]string{
		`throttleDataRate()`:                            "throttle filter expects an algo.Quota or a function returning that",
		`throttleConcurrency({})`:                       "throttle filter expects an algo.Quota or a function returning that",
		`throttleMessageRate(() => 1, {blockInput: 2})`: "options.blockInput expects a boolean",
	} {
		if got := filtertest.BuildError(t, "pipeline($ => $."+src+")", algo.Namespace); got != want {
			t.Errorf("%s: got %q, want %q", src, got, want)
		}
	}
}

// produce calls the script's function give(n).
func produce(rig *filtertest.Rig, n int) {
	rig.Loop.Turn(func() {
		f, _ := rig.Realm.Get(rig.Realm.Global(), "give")
		rig.Realm.Call(f, script.Int(n))
	})
}

func TestThrottleQueues(t *testing.T) {
	t.Parallel()
	t.Run("first come first served", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, `var q = new algo.Quota(0); globalThis.give = n => q.produce(n); pipeline($ => $.throttleMessageRate(q))`, algo.Namespace)
		a, b := rig.Start(), rig.Start()
		a.Feed(`S E S E`)
		b.Feed(`S E`)
		a.Feed(`.`)
		produce(rig, 1)
		if got := a.Out() + b.Out(); got != `MessageStart MessageEnd` {
			t.Errorf("one: %s", got)
		}
		produce(rig, 2)
		if got := a.Out(); got != `MessageStart MessageEnd StreamEnd` {
			t.Errorf("a: %s", got)
		}
		if got := b.Out(); got != `MessageStart MessageEnd` {
			t.Errorf("b: %s", got)
		}
	})
	t.Run("back-pressure", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, `var q = new algo.Quota(0); globalThis.give = n => q.produce(n); pipeline($ => $.throttleDataRate(q))`, algo.Namespace)
		a := rig.Start().Feed(`D"abc"`)
		if !rig.Source.Paused() {
			t.Error("not paused")
		}
		produce(rig, 2)
		if !rig.Source.Paused() {
			t.Error("resumed too early")
		}
		produce(rig, 5)
		if got := a.Bytes(); got != "abc" || rig.Source.Paused() {
			t.Errorf("%s, paused: %v", got, rig.Source.Paused())
		}
		a.Feed(`D"0123456789" | release`)
		if rig.Source.Paused() {
			t.Error("paused by a filter that is gone")
		}
	})
	t.Run("no back-pressure", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, `pipeline($ => $.throttleDataRate(new algo.Quota(0), {blockInput: false}))`, algo.Namespace)
		if rig.Start().Feed(`D"abc"`); rig.Source.Paused() {
			t.Error("paused")
		}
	})
	t.Run("concurrency", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, `var q = new algo.Quota(1); pipeline($ => $.throttleConcurrency(q))`, algo.Namespace)
		a, b, c := rig.Start(), rig.Start(), rig.Start()
		if got := a.Feed(`D"a" | D"b" .`).Out(); got != `Data"a" Data"b" StreamEnd` {
			t.Errorf("first: %s", got)
		}
		b.Feed(`D"b"`)
		c.Feed(`D"c" .`)
		if got := b.Out() + c.Out(); got != "" {
			t.Errorf("too many: %s", got)
		}
		b.Release() // had nothing to give back
		if got := c.Out(); got != "" {
			t.Errorf("too early: %s", got)
		}
		a.Release()
		rig.Settle()
		if got := c.Out(); got != `Data"c" StreamEnd` {
			t.Errorf("after the first: %s", got)
		}
	})
}
