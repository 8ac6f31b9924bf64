package filtertest

import (
	"strings"
	"testing"

	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

// Run is a running pipeline of a Rig. It collects what the pipeline outputs.
type Run struct {
	Pipeline *pipeline.Pipeline
	rig      *Rig
	out      []string
	bytes    []byte
	released bool
	// OnOutput, if set, sees each event before it is noted: to make a sink that does something.
	OnOutput func(e stream.Event)
}

// maxOutput is how many events a run may output between two calls of Out.
const maxOutput = 10000

// Process implements pipeline.Input.
func (run *Run) Process(e stream.Event) {
	if run.OnOutput != nil {
		run.OnOutput(e)
	}
	if len(run.out) == maxOutput {
		run.rig.T.Fatal("the pipeline outputs without end")
	}
	run.out = append(run.out, run.rig.Text(e))
	if d, ok := e.(*stream.Data); ok {
		run.bytes = d.AppendTo(run.bytes)
	}
}

// Out returns the events that came out since the last call, as text, separated by blanks.
func (run *Run) Out() string {
	s := strings.Join(run.out, " ")
	run.out, run.bytes = nil, nil
	return s
}

// Bytes returns the bytes of all Data that came out since the last call of Out.
func (run *Run) Bytes() string { return string(run.bytes) }

// Feed feeds events given in the notation of Parse, then settles. It returns the run, so that Out can follow.
//
// The bytes of each Data are borrowed for the turn and spoilt after it: a filter that keeps them without owning shows.
func (run *Run) Feed(text string) *Run {
	run.rig.T.Helper()
	run.FeedOnly(text)
	run.rig.Settle()
	return run
}

// FeedOnly is Feed without settling.
func (run *Run) FeedOnly(text string) *Run {
	r := run.rig
	r.T.Helper()
	for _, turn := range r.parse(text) {
		switch turn.do {
		case "":
			run.Turn(turn.events...)
			for _, b := range turn.buffers { // as the reactor does with its read buffer
				for i := range b {
					b[i] = 0xDB
				}
			}
		case "release":
			run.Release()
		case "settle":
			r.Settle()
		case "!", "~":
			r.settlePromise(turn.name, turn.do == "!")
		}
	}
	return run
}

// Turn feeds events in one turn.
func (run *Run) Turn(events ...stream.Event) {
	r := run.rig
	r.Loop.TurnFrom(r.Source, func() {
		for _, e := range events {
			run.Pipeline.Process(e)
		}
	})
}

// Release lets the pipeline go, in a turn of its own.
func (run *Run) Release() {
	if !run.released {
		run.released = true
		run.rig.Loop.Turn(run.Pipeline.Release)
	}
}

// Text runs src in a new rig, feeds a pipeline of it and returns what came out.
func Text(t testing.TB, src, in string, namespaces ...*script.Namespace) string {
	t.Helper()
	return New(t, src, namespaces...).Start().Feed(in).Out()
}
