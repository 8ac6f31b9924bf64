package filter

import (
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

// route passes a filter's input to a sub-pipeline that one of the first events chooses. Until then input is queued.
type route struct {
	sub   *pipeline.Pipeline
	queue pipeline.Queue
}

// begin starts the chosen sub-pipeline with what was queued, and then e.
func (t *route) begin(sub *pipeline.Pipeline, e stream.Event, args ...script.Value) {
	t.sub = sub
	sub.Start(args...)
	t.queue.Drain(sub.Process)
	sub.Process(e)
}

// reset lets the sub-pipeline go.
func (t *route) reset() {
	t.sub.Release()
	t.queue.Clear()
}

// spread returns start arguments as a script gives them: the elements of an array, any other value alone.
func spread(r *script.Realm, v script.Value) ([]script.Value, error) {
	if r.IsArray(v) {
		return r.Elements(v)
	}
	return []script.Value{v}, nil
}

// hold keeps start arguments.
func hold(r *script.Realm, args []script.Value) []*script.Ref {
	refs := make([]*script.Ref, len(args))
	for i, v := range args {
		refs[i] = r.Hold(v)
	}
	return refs
}

// values are the values of held arguments.
func values(refs []*script.Ref) []script.Value {
	vs := make([]script.Value, len(refs))
	for i, f := range refs {
		vs[i] = f.Value()
	}
	return vs
}
