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
	open  gathering
	index int
	file  *pipeline.FileSource // the body of a replacement that is read while it is output
}

func (f *replaceMessage) Process(e stream.Event) {
	if !f.gate.takes(&f.Base, e) {
		f.see(e)
	}
}

func (f *replaceMessage) see(e stream.Event) {
	if f.open.start == nil {
		if x, ok := e.(*stream.MessageStart); ok {
			f.open.start = x
			if !f.def.body {
				return
			}
		}
		f.Output(e)
		return
	}
	switch x := e.(type) {
	case *stream.MessageStart:
		return
	case *stream.Data:
		f.open.body.add(f.Realm(), x, f.def.limit)
		return
	}
	if f.open.refused(e) {
		f.Output(e)
		return
	}
	with := f.def.with
	if !with.IsFunction() {
		f.open.drop()
		f.emit(with.Static(), e)
		return
	}
	r := f.Realm()
	subject := f.open.endForScript(r, e, f.def.body)
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
	if m, ok := event.MessageOf(f.Realm(), v); ok && m.Source != nil && !f.def.body {
		f.pour(m)
		return
	}
	if f.def.with.emit(&f.Base, v) && f.def.body {
		f.Output(e)
	}
}

// pour outputs a message whose body is read meanwhile; input waits until it is out.
func (f *replaceMessage) pour(m *stream.Message) {
	f.gate.hold()
	f.file = pour(f.World().Loop, m, func(e stream.Event) {
		f.Output(e)
		if e.Kind() != stream.KindData && !f.Ended() {
			f.file = nil
			f.gate.open(f.see)
		}
	})
	if file := f.file; file != nil {
		f.Output(&stream.MessageStart{Head: m.Head})
		file.Start() // does nothing if that has ended f
	}
}

func (f *replaceMessage) Reset() {
	if f.file != nil {
		f.file.Close()
		f.file = nil
	}
	f.gate.clear()
	f.open.drop()
}
