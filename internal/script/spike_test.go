package script

import (
	"runtime"
	"sync"
	"testing"

	"github.com/grafana/sobek"
)

// The figures behind the choice of the engine (docs/decisions): callbacks that build a small object, on one and on two
// goroutines, in this package's realms and in sobek's.

const spikeSource = `(path => { var head = { status: 200, headers: { 'x-path': path } }; return head.headers['x-path'].length })`

const spikeCalls = 20000

func spikeRealm(b *testing.B) func() {
	r, _ := newRealm(b, nil, Limits{})
	res, err := r.Run("/main.js", spikeSource)
	if err != nil {
		b.Fatal(err)
	}
	f := r.Hold(res.Value)
	return func() {
		for range spikeCalls {
			r.Call(f.Value(), r.String("/index.html"))
			r.EndTurn()
		}
	}
}

func spikeSobek(b *testing.B) func() {
	vm := sobek.New()
	v, err := vm.RunString(spikeSource)
	if err != nil {
		b.Fatal(err)
	}
	f, _ := sobek.AssertFunction(v)
	return func() {
		for range spikeCalls {
			f(sobek.Undefined(), vm.ToValue("/index.html"))
		}
	}
}

func BenchmarkSpike(b *testing.B) {
	for _, e := range []struct {
		name string
		make func(*testing.B) func()
	}{{"weir", spikeRealm}, {"sobek", spikeSobek}} {
		for _, n := range []int{1, 2} {
			b.Run(e.name+"/workers="+string(rune('0'+n)), func(b *testing.B) {
				runs := make([]func(), n)
				for i := range runs {
					runs[i] = e.make(b)
				}
				runtime.GC()
				b.ResetTimer()
				for b.Loop() {
					var wg sync.WaitGroup
					for _, run := range runs {
						wg.Go(run)
					}
					wg.Wait()
				}
				b.ReportMetric(float64(b.N*n*spikeCalls)/b.Elapsed().Seconds(), "calls/s")
			})
		}
	}
}
