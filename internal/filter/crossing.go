package filter

import (
	"errors"

	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

// crossing carries events from one thread to another. Of heads, tails and payloads only plain data gets across.
type crossing struct {
	from, to *pipeline.World
	out      func(stream.Event) // called on the thread of to

	// For the thread of from.
	flying int // events that were not taken yet
	brake  reactor.Brake

	// For the thread of to.
	tap   *reactor.Tap
	taken int // events whose taking was not reported yet
}

// maxFlying is how many events may be under way before their source is stopped.
const maxFlying = 64

func newCrossing(from, to *pipeline.World, out func(stream.Event)) *crossing {
	c := &crossing{from: from, to: to, out: out}
	c.tap = reactor.NewTap(c.report)
	return c
}

// Process implements pipeline.Input, on the thread of from.
func (c *crossing) Process(e stream.Event) {
	if c.flying++; c.flying > maxFlying {
		c.brake.Engage(c.from.Loop.CurrentTap())
	}
	p := newParcel(c.from.Realm, e)
	c.to.Post(func() {
		if c.to.Realm.Closed() {
			return
		}
		c.to.Loop.TurnFrom(c.tap, func() { c.out(p.open(c.to.Realm)) })
		if c.taken++; !c.tap.Paused() {
			c.report()
		}
	})
}

// report tells the other side what was taken.
func (c *crossing) report() {
	n := c.taken
	c.taken = 0
	c.from.Post(func() {
		if c.flying -= n; c.flying <= maxFlying/2 {
			c.brake.Release()
		}
	})
}

// parcel is an event that belongs to no realm.
type parcel struct {
	kind          stream.Kind
	bytes         []byte
	head, payload any // head is the tail in a MessageEnd
	code          stream.ErrorCode
	err           any
}

func newParcel(r *script.Realm, e stream.Event) parcel {
	defer r.Scope()()
	p := parcel{kind: e.Kind()}
	switch e := e.(type) {
	case *stream.Data:
		p.bytes = e.AppendTo(nil)
	case *stream.MessageStart:
		p.head = r.ToGo(event.Any(r, e.Head, script.Null))
	case *stream.MessageEnd:
		p.head, p.payload = r.ToGo(event.Any(r, e.Tail, script.Null)), r.ToGo(event.Any(r, e.Payload, script.Undefined))
	case *stream.StreamEnd:
		p.code = e.Code
		v := event.Any(r, e.Err, script.Undefined)
		if p.err = r.ToGo(v); r.IsError(v) {
			p.err = errors.New(r.ErrorOf(v).Error())
		}
	}
	return p
}

func (p parcel) open(r *script.Realm) stream.Event {
	switch p.kind {
	case stream.KindData:
		return stream.NewData(p.bytes)
	case stream.KindMessageStart:
		return &stream.MessageStart{Head: event.Keep(r, r.FromGo(p.head))}
	case stream.KindMessageEnd:
		return &stream.MessageEnd{Tail: event.Keep(r, r.FromGo(p.head)), Payload: event.Keep(r, r.FromGo(p.payload))}
	}
	e := &stream.StreamEnd{Code: p.code}
	if err, ok := p.err.(error); ok {
		e.Err = err
	} else {
		e.Err = event.Keep(r, r.FromGo(p.err))
	}
	return e
}
