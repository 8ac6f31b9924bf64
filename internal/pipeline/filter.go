package pipeline

import (
	"fmt"

	"weir/internal/event"
	"weir/internal/logs"
	"weir/internal/script"
	"weir/internal/stream"
)

// Input takes events.
type Input interface {
	// Process handles one event. A Data may be borrowed for the current turn: Own it (stream.Own) before keeping it.
	Process(e stream.Event)
}

// InputFunc is a function as Input.
type InputFunc func(stream.Event)

// Process implements Input.
func (f InputFunc) Process(e stream.Event) { f(e) }

// Discard drops events.
var Discard Input = InputFunc(func(stream.Event) {})

// Def is a filter as declared in a layout: its parameters. It is shared by all pipelines of the layout.
type Def interface {
	// New returns a filter in its initial state. It must not touch the pipeline yet.
	New() Filter
}

// Filter is a running filter in one pipeline. Implementations embed Base.
type Filter interface {
	Input
	// Reset is called when the pipeline has ended: stop timers, close sockets, release sub-pipelines. The filter gets and
	// outputs no events afterwards.
	Reset()
	base() *Base
}

// Shutdowner is a Filter that wants to know that the world is going down.
type Shutdowner interface{ Shutdown() }

// Base is what filters have in common.
type Base struct {
	p    *Pipeline
	out  Input
	node *node
}

func (b *Base) base() *Base { return b }

var _ interface{ base() *Base } = (*Base)(nil)

// Reset implements Filter for filters that hold nothing.
func (b *Base) Reset() {}

// Output passes an event on.
func (b *Base) Output(e stream.Event) { b.out.Process(e) }

// OutputMessage passes a message on as events.
func (b *Base) OutputMessage(m *stream.Message) { m.Events(b.out.Process) }

// Out returns where Output goes: to be handed to sub-pipelines whose output is the filter's output.
func (b *Base) Out() Input { return b.out }

// Pipeline returns the pipeline the filter is in.
func (b *Base) Pipeline() *Pipeline { return b.p }

// World returns the world the filter is in.
func (b *Base) World() *World { return b.p.layout.world }

// Realm returns the realm the filter's callbacks live in.
func (b *Base) Realm() *script.Realm { return b.p.layout.world.Realm }

// Context returns the context callbacks run in.
func (b *Base) Context() *script.Context { return b.p.ctx }

// Ended reports whether the pipeline has ended: whatever comes back later (a promise, a timer) is to be ignored then.
func (b *Base) Ended() bool { return b.p.state == ended }

// Call calls a callback in the pipeline's context. If it throws, the error is logged, a StreamEnd with it is output, and
// ok is false: the event being processed is to be dropped.
func (b *Base) Call(f *script.Ref, args ...script.Value) (v script.Value, ok bool) {
	v, err := b.Realm().CallIn(b.p.ctx, f.Value(), args...)
	if err != nil {
		b.Output(b.World().Failure(err))
		return script.Undefined, false
	}
	return v, true
}

// Location returns the place in the script that declares the filter.
func (b *Base) Location() Location { return b.node.loc }

// Where returns "filter() at line L column C in FILE".
func (b *Base) Where() string {
	return fmt.Sprintf("%s() at line %d column %d in %s", b.node.name, b.node.loc.Line, b.node.loc.Column, b.node.loc.File)
}

// Fail reports that a callback gave something unusable: it logs the text with the filter's place and outputs a StreamEnd
// with an Error of it.
func (b *Base) Fail(text string) { b.Output(b.Failure(text)) }

// Warn logs what is wrong with the input, unless that happens too often.
func (b *Base) Warn(text string) {
	b.World().Log.Limitedf(logs.Warn, b.Where(), "%s: %s", b.Where(), text)
}

// Failure logs a usage error like Fail and returns the StreamEnd instead of outputting it.
func (b *Base) Failure(text string) *stream.StreamEnd {
	msg := b.Where() + ": " + text
	b.World().Log.Limitedf(logs.Error, b.Where(), "%s", msg)
	return event.Failure(b.Realm(), fmt.Errorf("%s", msg))
}

// Rejection returns the StreamEnd for a promise rejected with v. An Error is logged, as if it had been thrown.
func (b *Base) Rejection(v script.Value) *stream.StreamEnd {
	if b.Realm().IsError(v) {
		b.World().Report(b.Realm().ErrorOf(v))
	}
	if v.IsUndefined() {
		return &stream.StreamEnd{Code: stream.RuntimeError}
	}
	return event.StreamEnd(b.Realm(), v)
}

// Then calls f with the result of a promise unless the pipeline has ended by then.
func (b *Base) Then(promise script.Value, f func(ok bool, v script.Value)) {
	p := b.p
	b.Realm().Then(promise, func(ok bool, v script.Value) {
		if p.state != ended {
			f(ok, v)
		}
	})
}

// Sub makes a sub-pipeline that shares the filter's context and inherits its chain. It must be started, and released in
// Reset at the latest.
func (b *Base) Sub(l *Layout, out Input) *Pipeline {
	s := l.New(b.p.ctx, out)
	s.chain, s.depth = b.p.chain, b.p.depth+1
	return s
}

// SubClone is Sub with a context cloned from the filter's.
func (b *Base) SubClone(l *Layout, out Input) *Pipeline {
	s := l.New(b.p.ctx.Clone(), out)
	s.chain, s.depth = b.p.chain, b.p.depth+1
	return s
}

// Queue holds events for later. The zero Queue is empty.
type Queue struct{ events []stream.Event }

// Push adds an event, making it safe to keep.
func (q *Queue) Push(e stream.Event) { q.events = append(q.events, stream.Own(e)) }

// Len returns the number of events held.
func (q *Queue) Len() int { return len(q.events) }

// Bytes returns the number of bytes in the Data held.
func (q *Queue) Bytes() int {
	n := 0
	for _, e := range q.events {
		if d, ok := e.(*stream.Data); ok {
			n += d.Size()
		}
	}
	return n
}

// Pop removes and returns the first event; nil if there is none.
func (q *Queue) Pop() stream.Event {
	if len(q.events) == 0 {
		return nil
	}
	e := q.events[0]
	q.events[0] = nil
	if q.events = q.events[1:]; len(q.events) == 0 {
		q.events = nil
	}
	return e
}

// Clear drops all events.
func (q *Queue) Clear() { q.events = nil }

// Drain passes all events to f, those that are pushed meanwhile included.
func (q *Queue) Drain(f func(stream.Event)) {
	for e := q.Pop(); e != nil; e = q.Pop() {
		f(e)
	}
}
