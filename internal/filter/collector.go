package filter

import (
	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

// collector gathers the body of a message. Bytes that arrive in the turn the message ends in are not copied; what must
// outlive the turn is copied once, at its end.
type collector struct {
	kept    *stream.Data // from earlier turns
	fresh   stream.Data  // from the current turn, possibly borrowed
	pending bool         // registered for the end of the turn
	size    int64
}

// unlimited is the limit of what has none.
const unlimited = -1

// add appends a copy of d, as far as the limit allows.
func (c *collector) add(r *script.Realm, d *stream.Data, limit int64) {
	if limit >= 0 && c.size+int64(d.Size()) > limit {
		d = d.Clone().Shift(int(limit - c.size))
	}
	if d.Empty() {
		return
	}
	c.size += int64(d.Size())
	c.fresh.Push(d)
	if !c.pending {
		c.pending = true
		r.AtTurnEnd(c)
	}
}

// TurnEnd implements script.TurnEnder.
func (c *collector) TurnEnd() {
	c.pending = false
	if c.fresh.Empty() {
		return
	}
	if c.kept == nil {
		c.kept = new(stream.Data)
	}
	c.kept.PushOwned(&c.fresh)
	c.fresh.Clear()
}

// take returns what was gathered, never nil, and begins anew. The Data may be borrowed for the current turn.
func (c *collector) take() *stream.Data {
	d := new(stream.Data)
	c.takeTo(d)
	return d
}

// takeTo is take into an empty Data.
func (c *collector) takeTo(d *stream.Data) {
	d.Push(c.kept)
	d.Push(&c.fresh)
	c.reset()
}

// reset drops what was gathered.
func (c *collector) reset() {
	c.fresh.Clear()
	c.kept, c.size = nil, 0
}

// gathering is a message being collected.
type gathering struct {
	start *stream.MessageStart // nil outside of a message
	body  collector
}

// end returns the message that e ends.
func (g *gathering) end(e stream.Event) *stream.Message {
	w := new(struct { // one allocation
		message stream.Message
		body    stream.Data
	})
	m := &w.message
	g.body.takeTo(&w.body)
	m.Head, m.Body = g.start.Head, &w.body
	if x, ok := e.(*stream.MessageEnd); ok {
		m.Tail, m.Payload = x.Tail, x.Payload
	}
	g.start = nil
	return m
}

// endForScript is end for a callback that gets the message, or only its body.
func (g *gathering) endForScript(r *script.Realm, e stream.Event, bodyOnly bool) script.Value {
	if !bodyOnly {
		return event.NewMessage(r, g.end(e))
	}
	g.start = nil
	return event.NewData(r, g.body.take())
}

// refused drops the message if e says that it cannot be read.
func (g *gathering) refused(e stream.Event) bool {
	end, ok := e.(*stream.StreamEnd)
	if !ok || end.Refusal == 0 {
		return false
	}
	g.drop()
	return true
}

// drop forgets the message.
func (g *gathering) drop() {
	g.start = nil
	g.body.reset()
}

// limitOption reads an option that is a number of bytes, negative for no limit, which is the default.
func limitOption(b *pipeline.Build, arg int, name string) (int64, error) {
	o, err := options(b, arg)
	if err != nil {
		return 0, err
	}
	v := o.Value(name)
	if f, ok := b.NumberOf(v); v.IsUndefined() || ok && f < 0 {
		return unlimited, o.Err()
	}
	return o.Size(name, 0), o.Err()
}

// options reads the argument with the options, which may be missing.
func options(b *pipeline.Build, arg int) (*script.Options, error) {
	v := b.Arg(arg)
	if !v.IsNullish() && !v.IsObject() {
		return nil, script.ArgError(arg, "an object")
	}
	return b.Options(v), nil
}
