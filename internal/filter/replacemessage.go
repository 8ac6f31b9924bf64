package filter

import (
	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	for _, body := range []bool{false, true} {
		name := "replaceMessage"
		if body {
			name = "replaceMessageBody"
		}
		pipeline.Register(pipeline.Spec{
			Name: name, Length: 1,
			Sig:  name + "(replacement?: EventsLike | fn(subject, index) -> EventsLike|Promise, options?) (L,N)",
			Rows: []script.Row{{Path: "option:" + name + ".bufferLimit", Kind: "option", Signature: "binary size = -1"}},
			Build: func(b *pipeline.Build) (pipeline.Def, error) {
				with, err := newReplacement(b)
				if err != nil {
					return nil, err
				}
				limit, err := limitOption(b, 1, "bufferLimit")
				return &replaceMessageDef{with, body, limit}, err
			},
		})
	}
}

type replaceMessageDef struct {
	with  replacement
	body  bool // replace the body only
	limit int64
}

func (d *replaceMessageDef) New() pipeline.Filter { return &replaceMessage{def: d} }

// replaceMessage puts other events in place of whole messages, or of their bodies. Outside of messages everything passes.
type replaceMessage struct {
	pipeline.Base
	def   *replaceMessageDef
	gate  gate
	start *stream.MessageStart // of the open message
	body  collector
	index int
}

func (f *replaceMessage) Process(e stream.Event) {
	if !f.gate.takes(e) {
		f.see(e)
	}
}

func (f *replaceMessage) see(e stream.Event) {
	if f.start == nil {
		if x, ok := e.(*stream.MessageStart); ok {
			f.start = x
			if !f.def.body {
				return
			}
		}
		f.Output(e)
		return
	}
	var tail, payload any
	switch x := e.(type) {
	case *stream.MessageStart:
		return
	case *stream.Data:
		f.body.add(f.Realm(), x, f.def.limit)
		return
	case *stream.MessageEnd:
		tail, payload = x.Tail, x.Payload
	}
	body, start := f.body.take(), f.start
	f.start = nil
	with := f.def.with
	if !with.IsFunction() {
		f.emit(with.Static(), e)
		return
	}
	r := f.Realm()
	var subject script.Value
	if f.def.body {
		subject = event.NewData(r, body)
	} else {
		subject = event.NewMessage(r, &stream.Message{Head: start.Head, Body: body, Tail: tail, Payload: payload})
	}
	f.index++
	v, ok := with.Value(&f.Base, subject, script.Int(f.index-1))
	if !ok {
		return
	}
	if r.IsPromise(v) {
		f.wait(v, e)
		return
	}
	f.emit(v, e)
}

func (f *replaceMessage) wait(promise script.Value, e stream.Event) {
	f.gate.await(&f.Base, promise, func(v script.Value) { f.emit(v, e) }, f.see)
}

// emit outputs the replacement; after that of a body, the event that ended the message.
func (f *replaceMessage) emit(v script.Value, e stream.Event) {
	if f.def.with.emit(&f.Base, v) && f.def.body {
		f.Output(e)
	}
}

func (f *replaceMessage) Reset() {
	f.gate.clear()
	f.body.reset()
}
