package filter

import (
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

// gate holds a filter's input back while a promise that a callback returned is pending.
type gate struct {
	state gateState
	queue pipeline.Queue
}

type gateState uint8

const (
	gateOpen     gateState = iota
	gateWaiting            // a promise is pending
	gateDraining           // what was queued is being processed
	gateShut               // a promise was rejected: nothing passes any more
)

// takes reports whether the filter must leave e alone for now: it is queued, or dropped because the gate is shut.
func (g *gate) takes(e stream.Event) bool {
	switch g.state {
	case gateOpen:
		return false
	case gateWaiting, gateDraining:
		g.queue.Push(e)
	}
	return true
}

// await closes the gate until the promise settles. If it is fulfilled, then gets the value, and the queued input goes to
// process. If it is rejected, a StreamEnd with the reason is output and the gate stays shut.
func (g *gate) await(b *pipeline.Base, promise script.Value, then func(v script.Value), process func(stream.Event)) {
	g.state = gateWaiting
	b.Then(promise, func(ok bool, v script.Value) {
		if !ok {
			g.state = gateShut
			g.queue.Clear()
			b.Output(b.Rejection(v))
			return
		}
		g.state = gateDraining
		then(v)
		g.drain(process)
	})
}

// hold closes the gate until open.
func (g *gate) hold() { g.state = gateWaiting }

// open opens a gate that hold closed: the queued input goes to process.
func (g *gate) open(process func(stream.Event)) {
	g.state = gateDraining
	g.drain(process)
}

func (g *gate) drain(process func(stream.Event)) {
	for g.state == gateDraining {
		e := g.queue.Pop()
		if e == nil {
			g.state = gateOpen
			return
		}
		process(e)
	}
}

// clear drops what is queued, when the pipeline has ended.
func (g *gate) clear() { g.queue.Clear() }
