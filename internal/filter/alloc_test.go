package filter

import (
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/stream"
)

// TestAllocations guards the hot paths: what a filter allocates for each event or message besides the events themselves.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	start, end := &stream.MessageStart{}, &stream.MessageEnd{}
	body := stream.NewString("body")
	for _, c := range []struct {
		name, src string
		most      float64 // per message
	}{
		{"handleMessageStart", `pipeline($ => $.handleMessageStart(() => {}))`, 0},
		{"handleData", `pipeline($ => $.handleData(() => {}))`, 0},
		{"handleMessage", `pipeline($ => $.handleMessage(() => {}))`, 3},                            // Message, Data, its slices
		{"replaceMessage", `var m = new Message('x'); pipeline($ => $.replaceMessage(() => m))`, 5}, // and two events
		{"replaceMessage static", `pipeline($ => $.replaceMessage(new Message('x')))`, 4},           // Data, its slices, two events
		{"pipe", `var p = pipeline($ => $); pipeline($ => $.pipe(() => p))`, 0},
		{"fork", `pipeline($ => $.fork().to($ => $))`, 3}, // the copies
		{"wait", `pipeline($ => $.wait(() => true))`, 0},
		{"dummy", `pipeline($ => $.dummy())`, 0},
		{"mux", `pipeline($ => $.mux().to($ => $))`, 2}, // body
	} {
		rig := filtertest.New(t, c.src)
		p := rig.Layout.New(rig.Realm.NewContext(nil), discard{})
		p.Start()
		turn := func() {
			p.Process(start)
			p.Process(body)
			p.Process(end)
		}
		rig.Loop.Turn(turn)
		if got := testing.AllocsPerRun(200, func() { rig.Loop.Turn(turn) }); got > c.most {
			t.Errorf("%s: %v allocations per message, want at most %v", c.name, got, c.most)
		}
		rig.Loop.Turn(p.Release)
	}
}

type discard struct{}

func (discard) Process(stream.Event) {}
