package filter

import (
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	for _, body := range []bool{false, true} {
		name, subject := "handleMessage", "message"
		if body {
			name, subject = "handleMessageBody", "data"
		}
		pipeline.Register(pipeline.Spec{
			Name: name, Length: 1,
			Sig:  name + "(fn(" + subject + ", index), options?) (L,N)",
			Rows: []script.Row{{Path: "option:" + name + ".bufferLimit", Kind: "option", Signature: "binary size = -1"}},
			Build: func(b *pipeline.Build) (pipeline.Def, error) {
				fn, err := b.FunctionArg(0)
				if err != nil {
					return nil, err
				}
				limit, err := limitOption(b, 1, "bufferLimit")
				return &handleMessageDef{fn, body, limit}, err
			},
		})
	}
}

type handleMessageDef struct {
	fn    *script.Ref
	body  bool // show the body only
	limit int64
}

func (d *handleMessageDef) New() pipeline.Filter { return &handleMessage{def: d} }

// handleMessage shows whole messages, or their bodies, to a callback. Everything but the end of a message passes at once.
type handleMessage struct {
	pipeline.Base
	def   *handleMessageDef
	gate  gate
	open  gathering
	index int
}

func (f *handleMessage) Process(e stream.Event) {
	if !f.gate.takes(&f.Base, e) {
		f.see(e)
	}
}

func (f *handleMessage) see(e stream.Event) {
	switch x := e.(type) {
	case *stream.MessageStart:
		if f.open.start == nil || !f.def.body {
			f.open.body.reset()
		}
		f.open.start = x
		f.Output(e)
		return
	case *stream.Data:
		if f.open.start != nil {
			f.open.body.add(f.Realm(), x, f.def.limit)
		}
		f.Output(e)
		return
	}
	if f.open.start == nil || f.open.refused(e) {
		f.Output(e)
		return
	}
	r := f.Realm()
	defer r.Scope()() // the message goes at once, unless the script has it: there may be many in a turn
	subject := f.open.endForScript(r, e, f.def.body)
	f.index++
	v, ok := f.Call(f.def.fn, subject, script.Int(f.index-1))
	if !ok {
		return
	}
	if r.IsPromise(v) {
		f.wait(v, e)
		return
	}
	f.Output(e)
}

func (f *handleMessage) wait(promise script.Value, e stream.Event) {
	f.gate.await(&f.Base, promise, func(script.Value) { f.Output(e) }, f.see)
}

func (f *handleMessage) Reset() {
	f.gate.clear()
	f.open.drop()
}
