package filter

import (
	"weir/internal/pipeline"
	"weir/internal/stream"
)

// rerun records a filter's input and feeds all of it to one sub-pipeline after the other.
type rerun struct {
	events  []stream.Event
	next    int // the first event the current sub-pipeline has not got
	sub     *pipeline.Pipeline
	feeding bool
	hold    func() bool // if set, says that feeding is to wait; resume goes on
}

// add records e and feeds it to the sub-pipeline, if there is one.
func (r *rerun) add(e stream.Event) {
	r.events = append(r.events, stream.Own(stream.Clone(e)))
	if r.sub != nil && !r.feeding && r.next == len(r.events)-1 {
		r.next++
		r.sub.Process(e)
	}
}

// begin starts the next sub-pipeline with everything recorded so far.
func (r *rerun) begin(sub *pipeline.Pipeline) {
	r.sub, r.next = sub, 0
	r.feeding = true
	sub.Start()
	r.feeding = false
	r.resume()
}

// resume feeds what the sub-pipeline has not got.
func (r *rerun) resume() {
	if r.feeding {
		return
	}
	r.feeding = true
	for r.sub != nil && r.next < len(r.events) && (r.hold == nil || !r.hold()) {
		r.next++
		r.sub.Process(stream.Clone(r.events[r.next-1]))
	}
	r.feeding = false
}

// end lets the sub-pipeline go.
func (r *rerun) end() {
	r.sub.Release()
	r.sub = nil
}

// reset drops everything.
func (r *rerun) reset() {
	r.end()
	r.events = nil
}
