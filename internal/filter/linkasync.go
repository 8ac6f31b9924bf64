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
	f := &linkAsync{link: link{def: d.link}}
	f.elsewhere = f.findElsewhere
	f.pacer.base, f.pacer.work = &f.Base, f.next
	return f
}

// linkAsync is link with a turn of its own for each event. A pipeline that only other threads have runs on one of them.
type linkAsync struct {
	link
	queue pipeline.Queue
	pacer pacer
	guest *guest
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

// findElsewhere starts a pipeline on another thread whose instance of the module has it, each in turn.
func (f *linkAsync) findElsewhere(name string) pipeline.Input {
	here, names := f.World(), f.def.names
	if here.Peers == nil || names == nil {
		return nil
	}
	there, namesThere := here.Peers.Pick(names.File, name)
	if there == nil {
		return nil
	}
	g := &guest{world: there}
	back := newCrossing(there, here, func(e stream.Event) {
		if !f.Ended() {
			f.Output(e)
		}
	})
	there.Post(func() {
		if l := namesThere.Layouts[name]; l != nil && !there.Realm.Closed() {
			g.pipe = l.New(there.Realm.NewContext(nil), back)
			g.pipe.Start()
		}
	})
	f.guest = g
	return newCrossing(here, there, func(e stream.Event) {
		if g.pipe != nil {
			g.pipe.Process(e)
		}
	})
}

// guest is a pipeline on another thread.
type guest struct {
	world *pipeline.World
	pipe  *pipeline.Pipeline // for that thread only
}

func (f *linkAsync) Reset() {
	if g := f.guest; g != nil {
		g.world.Post(func() {
			if !g.world.Realm.Closed() {
				g.pipe.Release()
			}
		})
	}
	if c, ok := f.remote.(*crossing); ok {
		c.brake.Release()
	}
	f.queue.Clear()
	f.pacer.takeInput()
	f.link.Reset()
}
