package filter

import (
	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

// kinds is a set of event types.
type kinds uint8

const anyKind kinds = 1<<stream.KindData | 1<<stream.KindMessageStart | 1<<stream.KindMessageEnd | 1<<stream.KindStreamEnd

func (k kinds) has(e stream.Event) bool { return k&(1<<e.Kind()) != 0 }

// single are the filters that look at single events: handle and replace with what is appended to the name.
var single = []struct {
	suffix string
	kinds  kinds
	first  bool // only the first event of the stream
	style  string
}{
	{"", anyKind, false, "(N)"},
	{"Data", 1 << stream.KindData, false, "(L,N)"},
	{"MessageStart", 1 << stream.KindMessageStart, false, "(L,N)"},
	{"MessageEnd", 1 << stream.KindMessageEnd, false, "(L,N)"},
	{"StreamEnd", 1 << stream.KindStreamEnd, false, "(L,N)"},
	{"StreamStart", anyKind, true, "(L,N)"},
}

func init() {
	rows := []script.Row{{Path: "callback:handle*", Kind: "callback", Signature: "(subject, index) -> void | Promise"}}
	for _, s := range single {
		subject := "event"
		if s.suffix == "Data" {
			subject = "data"
		}
		pipeline.Register(pipeline.Spec{
			Name: "handle" + s.suffix, Length: 1,
			Sig:  "handle" + s.suffix + "(fn(" + subject + ", index)) " + s.style,
			Rows: rows,
			Build: func(b *pipeline.Build) (pipeline.Def, error) {
				fn, err := b.FunctionArg(0)
				return &handleDef{fn: fn, blind: b.IgnoresArguments(b.Arg(0)), kinds: s.kinds, first: s.first}, err
			},
		})
		rows = nil
	}
}

type handleDef struct {
	fn    *script.Ref
	blind bool // fn does not look at the event
	kinds kinds
	first bool
}

func (d *handleDef) New() pipeline.Filter { return &handle{def: d} }

// handle shows events to a callback and passes them on.
type handle struct {
	pipeline.Base
	def   *handleDef
	gate  gate
	index int
}

func (f *handle) Process(e stream.Event) {
	if !f.gate.takes(&f.Base, e) {
		f.see(e)
	}
}

func (f *handle) see(e stream.Event) {
	if !f.def.kinds.has(e) || f.def.first && f.index > 0 {
		f.Output(e)
		return
	}
	r := f.Realm()
	f.index++
	var v script.Value
	var ok bool
	if f.def.blind {
		v, ok = f.Call(f.def.fn)
	} else {
		v, ok = f.Call(f.def.fn, event.New(r, e), script.Int(f.index-1))
	}
	if !ok {
		return
	}
	if r.IsPromise(v) {
		f.wait(v, e)
		return
	}
	f.Output(e)
}

// wait is apart so that see allocates nothing.
func (f *handle) wait(promise script.Value, e stream.Event) {
	stream.Own(e)
	f.gate.await(&f.Base, promise, func(script.Value) { f.Output(e) }, f.see)
}

func (f *handle) Reset() { f.gate.clear() }
