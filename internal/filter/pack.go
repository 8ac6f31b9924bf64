package filter

import (
	"time"

	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "pack", Length: 1, Sig: "pack(batchSize = 1, options?) (L)",
		Rows: []script.Row{
			{Path: "option:pack.timeout", Kind: "option", Signature: "duration = 5"},
			{Path: "option:pack.interval", Kind: "option", Signature: "duration = 5"},
			{Path: "option:pack.vacancy", Kind: "option", Signature: "number = 0.5"},
			{Path: "option:pack.prefix", Kind: "option", Signature: "string"},
			{Path: "option:pack.postfix", Kind: "option", Signature: "string"},
			{Path: "option:pack.separator", Kind: "option", Signature: "string"},
		},
		Build: buildPack,
	})
}

type packDef struct {
	size                       int           // messages
	timeout, interval          time.Duration // 0: none
	prefix, postfix, separator []byte
}

func buildPack(b *pipeline.Build) (pipeline.Def, error) {
	d := &packDef{size: 1}
	if !b.Arg(0).IsUndefined() {
		n, err := b.Int(0)
		if err != nil {
			return nil, err
		}
		d.size = n
	}
	o, err := options(b, 1)
	if err != nil {
		return nil, err
	}
	d.timeout, d.interval = o.Duration("timeout", 5*time.Second), o.Duration("interval", 5*time.Second)
	o.Number("vacancy", 0.5) // small pieces are packed together anyway
	d.prefix, d.postfix, d.separator = []byte(o.Str("prefix", "")), []byte(o.Str("postfix", "")), []byte(o.Str("separator", ""))
	return d, o.Err()
}

func (d *packDef) New() pipeline.Filter { return &pack{def: d} }

// pack makes one message of several.
type pack struct {
	pipeline.Base
	def  *packDef
	open gathering

	count int // messages in the batch
	head  any // of the first one
	batch *stream.Data

	emitted bool
	last    int64 // when a batch was output, in ms
	ended   int64 // when a message ended
	timer   *reactor.Timer
}

func (f *pack) Process(e stream.Event) {
	switch e := e.(type) {
	case *stream.MessageStart:
		if f.open.start == nil {
			f.open.start = e
		}
	case *stream.Data:
		if f.open.start != nil {
			f.open.body.add(f.Realm(), e, unlimited)
		}
	case *stream.MessageEnd:
		if f.open.start != nil {
			f.add(e)
		}
	case *stream.StreamEnd:
		f.open.drop()
		f.emit(&stream.MessageEnd{})
		f.Output(e)
	}
}

// add puts the message that has ended into the batch.
func (f *pack) add(e *stream.MessageEnd) {
	m := f.open.end(e)
	if f.count++; f.count == 1 {
		f.head, f.batch = m.Head, new(stream.Data)
		f.batch.Write(f.def.prefix)
	} else {
		f.batch.Write(f.def.separator)
	}
	f.batch.PushOwned(m.Body)
	now := f.World().Loop.Monotonic()
	f.ended = now
	due := f.def.interval > 0 && (!f.emitted || now-f.last >= f.def.interval.Milliseconds())
	if f.count >= f.def.size || due {
		f.emit(e)
		return
	}
	if f.def.timeout > 0 && f.timer == nil {
		f.timer = f.World().Loop.AfterFunc(f.def.timeout, f.timeout)
	}
}

// timeout is called when the last message may have ended too long ago.
func (f *pack) timeout() {
	f.timer = nil
	if f.count == 0 {
		return
	}
	waited := time.Duration(f.World().Loop.Monotonic()-f.ended) * time.Millisecond
	if waited >= f.def.timeout {
		f.emit(&stream.MessageEnd{})
		return
	}
	f.timer = f.World().Loop.AfterFunc(f.def.timeout-waited, f.timeout)
}

// emit outputs the batch, if there is one.
func (f *pack) emit(e *stream.MessageEnd) {
	if f.count == 0 {
		return
	}
	f.stopTimer()
	m := stream.Message{Head: f.head, Body: f.batch, Tail: e.Tail, Payload: e.Payload}
	m.Body.Write(f.def.postfix)
	f.count, f.head, f.batch = 0, nil, nil
	f.emitted, f.last = true, f.World().Loop.Monotonic()
	f.OutputMessage(&m)
}

func (f *pack) stopTimer() {
	if f.timer != nil {
		f.timer.Stop()
		f.timer = nil
	}
}

func (f *pack) Reset() {
	f.stopTimer()
	f.open.drop()
}
