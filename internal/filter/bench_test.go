package filter

import (
	"testing"

	"weir/internal/filter/filtertest"
	"weir/internal/stream"
)

// BenchmarkFilters measures a message of three events through one filter.
func BenchmarkFilters(b *testing.B) {
	for _, c := range []struct{ name, src string }{
		{"none", `pipeline($ => $)`},
		{"handleMessageStart", `pipeline($ => $.handleMessageStart(() => {}))`},
		{"replaceMessage", `var m = new Message('x'); pipeline($ => $.replaceMessage(() => m))`},
		{"pipe", `var p = pipeline($ => $); pipeline($ => $.pipe(() => p))`},
		{"fork", `pipeline($ => $.fork().to($ => $))`},
		{"mux", `pipeline($ => $.mux().to($ => $))`},
		{"demux", `pipeline($ => $.demux().to($ => $))`},
	} {
		b.Run(c.name, func(b *testing.B) {
			rig := filtertest.New(b, c.src)
			p := rig.Layout.New(rig.Realm.NewContext(nil), discard{})
			p.Start()
			start, body, end := &stream.MessageStart{}, stream.NewString("body"), &stream.MessageEnd{}
			turn := func() {
				p.Process(start)
				p.Process(body)
				p.Process(end)
			}
			b.ReportAllocs()
			for b.Loop() {
				rig.Loop.Turn(turn)
			}
			rig.Loop.Turn(p.Release)
		})
	}
}
