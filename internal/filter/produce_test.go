package filter

import (
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/reactor"
	"weir/internal/stream"
)

func TestProduce(t *testing.T) {
	t.Parallel()
	check(t, []flow{
		{"events", `produce([new MessageStart, new Data('x'), new MessageEnd])`, `S D"y" E .`, `MessageStart Data"x" MessageEnd`, ""},
		{"message in an array", `produce([new Message('x'), new StreamEnd, new Data('no')])`, `.`, `MessageStart Data"x" MessageEnd StreamEnd`, ""},
		{"nothing", `produce()`, `D"x"`, ``, ""},
		{"nonsense", `produce(5)`, `D"x"`, misuse("produce", "production is not an event"), ""},
		{"function", `produce((n => () => n < 3 ? new Data('' + n++) : new StreamEnd)(0))`, `D"x" D"y"`, `Data"0" Data"1" Data"2" StreamEnd`, ""},
		{"arguments", `produce((...a) => (test.log(a.length), new StreamEnd))`, `D"x"`, `StreamEnd`, "0"},
		{"nothing in between", `produce((n => () => n++ < 2500 ? null : n == 2502 ? undefined : new StreamEnd)(0))`, `D"x"`, `StreamEnd`, ""},
		{"promises", `produce((n => () => n++ ? new StreamEnd : test.wait('go', new Data('x')))(0))`, `D"x" | D"y" | !go`, `Data"x" StreamEnd`, ""},
		{"rejected", `produce(() => test.wait('go', 'why'))`, `D"x" | ~go | D"y"`, `StreamEnd(why)`, ""},
		{"promise of nonsense", `produce(() => test.wait('go', 1))`, `D"x" | !go`, misuse("produce", "production is not an event"), ""},
		{"nonsense from a function", `produce(() => 1)`, `D"x"`, misuse("produce", "production is not an event"), ""},
		{"throw", `produce(() => { throw new Error('bad') })`, `D"x" D"y"`, `StreamEnd(Error: bad)`, ""},
		{"never", `produce(() => test.never())`, `D"x"`, ``, ""},
		{"released", `produce(() => test.wait('go', new Data('x')))`, `D"x" | release | !go`, ``, ""},
	})
}

// A production without end gives way to others, and to back-pressure.
func TestProduceWithoutEnd(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `pipeline($ => $.produce(() => new Data('x')))`)
	run := rig.Start()
	var brake reactor.Brake
	n := 0
	run.OnOutput = func(stream.Event) {
		if n++; n%100 == 0 {
			brake.Engage(rig.Loop.CurrentTap())
		}
	}
	run.FeedOnly(`D""`)
	// The first turn was that of the input, the second one its own: each stops where it is told to.
	for want := 200; want <= 500; want += 100 {
		if n != want {
			t.Fatalf("%d events, want %d", n, want)
		}
		rig.Loop.Turn(brake.Release)
		rig.Until("more", func() bool { return n == want+100 })
	}
	run.Release()
}
