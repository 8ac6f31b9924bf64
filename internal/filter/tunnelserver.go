package filter

import (
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

// tunnelServer is what the filters have in common that first understand what a client says, ask the script about it, and
// then hand the rest of the stream to a sub-pipeline.
//
// A client that says nothing more is the business of the connection it comes by: idleTimeout and readTimeout of pipy.listen.
type tunnelServer struct {
	in     stream.Data // received and not understood
	sub    *pipeline.Pipeline
	asking bool              // a promise of the script is pending
	end    *stream.StreamEnd // came meanwhile
	brake  reactor.Brake     // of the client meanwhile
	ended  bool
}

// receive takes an event of the input of filter b. It returns true if there is something in in to understand.
func (t *tunnelServer) receive(b *pipeline.Base, e stream.Event) bool {
	switch {
	case t.ended:
		return false
	case t.sub != nil:
		t.sub.Process(e)
		return false
	}
	switch e := e.(type) {
	case *stream.Data:
		if t.in.Empty() && !t.asking {
			t.in.Push(e)
		} else {
			t.in.PushOwned(e)
		}
		if !t.asking {
			return true
		}
		t.brake.Engage(b.World().Loop.CurrentTap())
	case *stream.StreamEnd:
		if !t.asking {
			t.finish(b, e)
		} else if t.end == nil {
			t.end = e
		}
	}
	return false
}

// ask calls a handler and then the function with what it decided, which may take time. If the handler fails, that is the
// end to output.
func (t *tunnelServer) ask(b *pipeline.Base, handler *script.Ref, then func(yes bool, failure *stream.StreamEnd), args ...script.Value) {
	r := b.Realm()
	v, err := r.CallIn(b.Context(), handler.Value(), args...)
	if err != nil {
		then(false, b.World().Failure(err))
		return
	}
	if !r.IsPromise(v) {
		then(r.Truthy(v), nil)
		return
	}
	t.asking = true
	b.Then(v, func(ok bool, v script.Value) {
		t.asking = false
		t.brake.Release()
		if ok {
			then(r.Truthy(v), nil)
		} else {
			then(false, b.Rejection(v))
		}
		t.in.Own()
		if e := t.end; e != nil && t.sub == nil && !t.asking && !t.ended {
			t.finish(b, e)
		}
	})
}

// accept hands the rest of the stream to a sub-pipeline. What came in already is passed on as a Data even if it is empty:
// what connects in there must not wait for a client that waits for the server.
func (t *tunnelServer) accept(b *pipeline.Base, l *pipeline.Layout) {
	t.sub = b.Sub(l, b.Out())
	t.sub.Start()
	t.sub.Process(t.in.Shift(t.in.Size()))
	if t.end != nil {
		t.sub.Process(t.end)
	}
}

// finish outputs the last event; nothing more is taken.
func (t *tunnelServer) finish(b *pipeline.Base, e stream.Event) {
	t.reset()
	b.Output(e)
}

// reset lets everything go.
func (t *tunnelServer) reset() {
	t.ended = true
	t.in.Clear()
	t.brake.Release()
	t.sub.Release()
}
