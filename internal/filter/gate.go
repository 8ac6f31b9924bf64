package filter

import (
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

// gate holds a filter's input back while a promise that a callback returned is pending.
type gate struct {
	state gateState
	queue pipeline.Queue
	brake reactor.Brake // of strict sources
}

type gateState uint8

const (
	gateOpen     gateState = iota
	gateWaiting            // a promise is pending
	gateDraining           // what was queued is being processed
	gateShut               // a promise was rejected: nothing passes any more
)

// takes reports whether the filter must leave e alone for now: it is queued, or dropped because the gate is shut.
func (g *gate) takes(b *pipeline.Base, e stream.Event) bool {
	switch g.state {
	case gateOpen:
		return false
	case gateWaiting:
		engageStrict(b, &g.brake)
		g.queue.Push(e)
	case gateDraining:
		g.queue.Push(e)
	}
	return true
}

// engageStrict stops the source of the current turn if it is one that has to wait for promises.
func engageStrict(b *pipeline.Base, brake *reactor.Brake) {
	if t := b.World().Loop.CurrentTap(); t != nil && t.Strict {
		brake.Engage(t)
	}
}

// await closes the gate until the promise settles. If it is fulfilled, then gets the value, and the queued input goes to
// process. If it is rejected, a StreamEnd with the reason is output and the gate stays shut.
func (g *gate) await(b *pipeline.Base, promise script.Value, then func(v script.Value), process func(stream.Event)) {
	g.state = gateWaiting
	b.Then(promise, func(ok bool, v script.Value) {
		if !ok {
			g.state = gateShut
			g.clear()
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
			g.brake.Release()
			return
		}
		process(e)
	}
}

// clear drops what is queued.
func (g *gate) clear() {
	g.queue.Clear()
	g.brake.Release()
}
