package filter

import (
	"testing"

	"weir/internal/filter/filtertest"
)

func TestMux(t *testing.T) {
	t.Parallel()
	check(t, []flow{
		{"answers", `mux().to($ => $.replaceMessage(m => new Message(m.head, 'r' + m.body)))`, `S{"a":1} D"x" | D"y" E S E .`,
			`MessageStart{"a":1} Data"rxy" MessageEnd MessageStart Data"r" MessageEnd StreamEnd`, ""},
		{"only complete messages", `mux().to($ => $.handle(e => { test.log(e.type) }))`, `S D"a" | D"b" S | D"" E`,
			`MessageStart Data"ab" MessageEnd`, "MessageStart Data MessageEnd"},
		{"outside", `mux().to($ => $.handle(e => { test.log(e.type) }))`, `D"x" E .`, `StreamEnd`, ""},
		{"stream end after the answers", `mux().to($ => $.replaceMessage(m => test.wait('go', m)))`, `S D"a" E . | !go`,
			`MessageStart Data"a" MessageEnd StreamEnd`, ""},
		{"unfinished message", `mux().to($ => $.handle(e => { test.log(e.type) }))`, `S D"a" .`, `StreamEnd`, ""},
		{"start argument", `mux(() => 'key').to($ => $.onStart(k => { test.log(k); return new MessageStart }))`, `S E`, `MessageStart MessageEnd`, "key"},
		{"session ends", `mux().to($ => $.replaceMessage(m => new StreamEnd('ReadError')))`, `S E S E .`,
			`StreamEnd(ReadError) StreamEnd(ReadError) StreamEnd`, ""},
		{"session ends within an answer", `mux().to($ => $.replaceMessage(m => [new MessageStart, m.body, new StreamEnd('ReadError')]))`,
			`S D"x" E .`, `MessageStart Data"x" MessageEnd StreamEnd`, ""},
		{"session ends at its start", `mux().to($ => $.onStart(() => new StreamEnd('ReadError')))`, `S D"a" E .`,
			`StreamEnd(ReadError) StreamEnd(ReadError) StreamEnd(ReadError) StreamEnd`, ""},
		{"output outside of messages", `mux().to($ => $.replaceMessage(m => [new Data('x'), m, new Data('y'), m]))`, `S D"a" E`, `MessageStart Data"a" MessageEnd`, ""},
		{"two answers", `mux({outputCount: 2}).to($ => $.replaceMessage(m => [m, m]))`, `S E .`,
			`MessageStart MessageEnd MessageStart MessageEnd StreamEnd`, ""},
		{"no answer", `mux({outputCount: 0}).to($ => $.handleMessage(m => { test.log(m.body) }))`, `S D"a" E .`, `StreamEnd`, `Data"a"`},
		{"discarded", `mux({outputCount: e => e.head.n}).to($ => $)`, `S{"n":-1} E S{"n":1} E`, `MessageStart{"n":1} MessageEnd`, ""},
		{"count throws", `mux({outputCount: () => { throw new Error('bad') }}).to($ => $)`, `S E`, `StreamEnd(Error: bad) MessageStart MessageEnd`, ""},
		{"selector throws", `mux(() => { throw new Error('bad') }).to($ => $)`, `S E`, `StreamEnd(Error: bad) StreamEnd(Error: bad)`, ""},
		{"options by function", `mux(() => 1, () => ({outputCount: 2})).to($ => $.replaceMessage(m => [m, m]))`, `S E`,
			`MessageStart MessageEnd MessageStart MessageEnd`, ""},
		{"options no object", `mux(() => 1, () => 5).to($ => $)`, `S E .`, misuse("mux", "callback did not return an object for options"), ""},
		{"bad options", `muxQueue(() => 1, () => ({maxIdle: {}})).to($ => $)`, `S E .`, misuse("muxQueue", "options.maxIdle expects a number"), ""},
		{"released", `mux().to($ => $.replaceMessage(m => test.wait('go', m)))`, `S E | release | !go`, ``, ""},
	})
	for src, want := range map[string]string{
		`mux(1).to($ => $)`:               "argument #1 expects a function or an object",
		`mux({maxQueue: 'x'}).to($ => $)`: "options.maxQueue expects a finite number",
		`mux(() => 1, 2).to($ => $)`:      "argument #2 expects an object or a function",
		`mux()`:                           "missing .to(...) for the last filter",
	} {
		if got := filtertest.BuildError(t, "pipeline($ => $."+src+")"); got != want {
			t.Errorf("%s: got %q, want %q", src, got, want)
		}
	}
}

// sessions makes a mux whose sessions number themselves and answer when told.
const sessions = `var n = 0; var key = () => 'k';
var mux = options => pipeline($ => $.mux(() => key(), options).to($ => $.onStart(k => { $n = ++n; test.log('open' + n); return new Data })
.onEnd(() => { test.log('close' + $n) }).handleStreamEnd(() => { test.log('end' + $n) })
.replaceMessage(m => m.body.toString() == 'wait' ? test.wait('go' + $n, new Message('r' + $n)) : new Message('r' + $n))));
var $n; `

func TestMuxSharing(t *testing.T) {
	t.Parallel()
	const one = `S D"x" E`
	expect := func(t *testing.T, what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %s, want %s", what, got, want)
		}
	}
	t.Run("one user at a time", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, sessions+`mux({})`)
		a, b := rig.Start(), rig.Start()
		a.Feed(one)
		b.Feed(one)
		expect(t, "two users", rig.Notes(), "open1 open2")
		a.Release()
		b.Release()
		rig.Start().Feed(one)
		rig.Start().Feed(one)
		expect(t, "used again", rig.Notes(), "")
		rig.Start().Feed(one)
		expect(t, "third user", rig.Notes(), "open3")
	})
	t.Run("answers in turn", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, `pipeline($ => $.mux(() => 1, {maxQueue: 3}).to($ => $.replaceMessage(m => test.wait(m.body.toString(), m))))`)
		a, b, c := rig.Start(), rig.Start(), rig.Start()
		a.Feed(`S D"a" E`)
		b.Feed(`S D"b" E S D"b2" E .`)
		c.Feed(`S D"c" E`)
		b.Release() // its answers are dropped
		a.Feed(`!a | settle | !b | settle | !b2 | settle | !c`)
		expect(t, "a", a.Out(), `MessageStart Data"a" MessageEnd`)
		expect(t, "b", b.Out(), ``)
		expect(t, "c", c.Out(), `MessageStart Data"c" MessageEnd`)
	})
	t.Run("session dies", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, sessions+`pipeline($ => $.mux(() => 1, {maxQueue: 4}).to($ => $.onStart(() => { test.log('open') })
			.replaceMessage(m => test.wait('go', [new MessageStart, new StreamEnd('ReadError')]))))`)
		a, b, idle := rig.Start(), rig.Start(), rig.Start()
		idle.Feed(`S`)
		a.Feed(one)
		b.Feed(one + ` ` + one + ` .`)
		a.Feed(`!go`)
		expect(t, "answer in progress", a.Out(), `MessageStart MessageEnd`)
		expect(t, "others", b.Out(), `StreamEnd(ReadError)`)
		expect(t, "those who wait for nothing", idle.Out(), ``)
		expect(t, "sessions", rig.Notes(), "open")
		idle.Feed(`E S E`)
		expect(t, "next one", rig.Notes(), "open")
	})
	t.Run("least used first", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, sessions+`mux({maxQueue: 2})`)
		var runs []*filtertest.Run
		for range 4 {
			runs = append(runs, rig.Start().Feed(one))
		}
		expect(t, "opened", rig.Notes(), "open1 open2")
		runs[1].Release()
		runs[2].Release()
		runs[3].Release()
		expect(t, "idle one", rig.Start().Feed(one).Out(), `MessageStart Data"r2" MessageEnd`)
	})
	t.Run("maxMessages", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, sessions+`mux({maxMessages: 2})`)
		for range 4 {
			rig.Start().Feed(one + ` | release`)
		}
		expect(t, "opened", rig.Notes(), "open1 open2")
		rig.Loop.Turn(func() { poolsOf(rig).check() })
		expect(t, "spent", rig.Notes(), "end1 close1")
	})
	t.Run("idle", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, sessions+`mux({maxIdle: 0})`)
		a := rig.Start().Feed(one)
		rig.Loop.Turn(func() { poolsOf(rig).check() })
		expect(t, "in use", rig.Notes(), "open1")
		a.Release()
		rig.Loop.Turn(func() { poolsOf(rig).check() })
		expect(t, "idle", rig.Notes(), "end1 close1")
		if len(poolsOf(rig).byKey) != 0 {
			t.Error("the empty pool is still there")
		}
		rig.Start().Feed(one + ` | release`)
		rig.Until("the idle session to be closed", func() bool { return rig.World.Live() == 0 })
	})
	t.Run("shutdown", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, sessions+`mux({})`)
		a, b := rig.Start().Feed(one), rig.Start().Feed(one)
		a.Release()
		rig.Loop.Turn(rig.World.Shutdown)
		expect(t, "idle one", rig.Notes(), "open1 open2 end1 close1")
		b.Release()
		expect(t, "busy one", rig.Notes(), "end2 close2")
	})
	t.Run("keys", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, sessions+`var o = {}, keys = ['k', 'k', null, null, 0, -0, o, o, {}, undefined, undefined, '0']; key = () => keys.shift(); mux({})`)
		for range 12 {
			rig.Start().Feed(one + ` | release`)
		}
		expect(t, "opened", rig.Notes(), "open1 open2 open3 open4 open5 open6 open7")
	})
	t.Run("weak keys", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, sessions+`var o = {}; globalThis.drop = () => { o = null; key = null }; key = () => o; mux({})`)
		rig.Start().Feed(one + ` | release`)
		rig.Loop.Turn(func() { poolsOf(rig).check() })
		expect(t, "alive", rig.Notes(), "open1")
		rig.Loop.Turn(func() {
			f, _ := rig.Realm.Get(rig.Realm.Global(), "drop")
			rig.Realm.Call(f)
		})
		rig.Realm.CollectGarbage()
		rig.Loop.Turn(func() { poolsOf(rig).check() })
		expect(t, "gone", rig.Notes(), "end1 close1")
	})
	t.Run("weak keys of a class", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, sessions+`var o = new pipeline.Hub; globalThis.drop = () => { o = new pipeline.Hub }; key = () => o; mux({})`)
		rig.Start().Feed(one + ` | release`)
		rig.Start().Feed(one + ` | release`)
		rig.Loop.Turn(func() {
			f, _ := rig.Realm.Get(rig.Realm.Global(), "drop")
			rig.Realm.Call(f)
		})
		rig.Start().Feed(one + ` | release`)
		rig.Loop.Turn(func() { poolsOf(rig).check() })
		expect(t, "a new key for an old one", rig.Notes(), "open1 open2 end1 close1")
	})
	t.Run("a pool that was empty for a while", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, sessions+`pipeline($ => $.mux(() => 1).to($ => $.onStart(() => { test.log('open') })
			.replaceMessage(m => m.body.toString() == 'die' ? new StreamEnd : m)))`)
		a, b, c := rig.Start(), rig.Start(), rig.Start()
		a.Feed(`S D"die" E`)
		b.Feed(one + ` | release`) // in another pool of the same key
		a.Feed(one)                // joins it
		c.Feed(one + ` | release`)
		a.Feed(`S D"die" E | S D"die" E`)
		expect(t, "opened", rig.Notes(), "open open open")
		a.Feed(one + ` | release`)
		expect(t, "opened by the old pool", rig.Notes(), "open")
		c = rig.Start().Feed(one)
		expect(t, "shared again", rig.Notes(), "")
		expect(t, "answer", c.Out(), `MessageStart Data"x" MessageEnd`)
	})
	t.Run("by inbound", func(t *testing.T) {
		t.Parallel()
		rig := filtertest.New(t, `pipeline($ => $.mux().to($ => $.onStart(() => { test.log('open') })))`)
		a, b := &inboundStandIn{}, &inboundStandIn{}
		for _, in := range []*inboundStandIn{a, a, b, a} {
			rig.StartIn(rig.Realm.NewContext(in)).Feed(one + ` | release`)
		}
		expect(t, "opened", rig.Notes(), "open open")
		rig.Loop.Turn(a.end)
		if n := rig.World.Live(); n != 1 {
			t.Errorf("%d sessions after a connection was closed", n)
		}
	})
}

type inboundStandIn struct{ end func() }

func (i *inboundStandIn) OnEnd(fn func()) { i.end = fn }

// poolsOf returns the pools of the mux that a rig's pipeline consists of.
func poolsOf(rig *filtertest.Rig) *pools { return &rig.Layout.Def(0).(*muxDef).pools }
