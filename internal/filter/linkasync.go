package filter

import (
	"weir/internal/pipeline"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "linkAsync", Length: 1, Sig: "linkAsync(name | fn() -> string|null) (L)",
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			d, err := buildLink(b)
			return &linkAsyncDef{d}, err
		},
	})
}

type linkAsyncDef struct{ link *linkDef }

func (d *linkAsyncDef) New() pipeline.Filter {
	f := &linkAsync{link: link{def: d.link, noSwap: true}}
	f.pacer.base, f.pacer.work = &f.Base, f.next
	return f
}

// linkAsync is link with a turn of its own for each event.
type linkAsync struct {
	link
	queue pipeline.Queue
	pacer pacer
}

func (f *linkAsync) Process(e stream.Event) {
	f.queue.Push(e)
	if f.pacer.later(); f.pacer.tap.Paused() {
		f.pacer.stopInput()
	}
}

func (f *linkAsync) next() {
	f.link.Process(f.queue.Pop())
	if f.queue.Len() > 0 {
		f.pacer.later()
	} else {
		f.pacer.takeInput()
	}
}

func (f *linkAsync) Reset() {
	f.queue.Clear()
	f.pacer.takeInput()
	f.link.Reset()
}
