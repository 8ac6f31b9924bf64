package filter

import (
	"errors"
	"fmt"

	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "pipe", Length: 1,
		Sig: "pipe(target: layout|string|array|fn(event), map?: object, initArgs?: array|fn(event)) (N)",
		Rows: []script.Row{
			{Path: "callback:pipe.target", Kind: "callback", Signature: "(event) -> layout|string|array|null"},
			{Path: "callback:pipe.initArgs", Kind: "callback", Signature: "(event) -> array|any"},
		},
		Build: buildPipe,
	})
}

type pipeDef struct {
	selector *script.Ref
	layouts  []*pipeline.Layout // what to pipe to if there is no selector
	isChain  bool               // layouts come from an array: those after the first are the chain
	byName   map[string]*pipeline.Layout
	args     pipeline.Param
	hasArgs  bool
}

func buildPipe(b *pipeline.Build) (pipeline.Def, error) {
	if err := b.Need(1); err != nil {
		return nil, err
	}
	d := &pipeDef{}
	v, args := b.Arg(1), b.Arg(2)
	isArgs := func(v script.Value) bool { return b.IsArray(v) || b.IsFunction(v) }
	switch {
	case v.IsUndefined():
	case v.IsNull():
		args = script.Undefined
	case isArgs(v):
		args = v
	case !v.IsObject():
		return nil, script.ArgError(1, "an object, an array or a function")
	default:
		if err := d.compile(b, v); err != nil {
			return nil, err
		}
	}
	if !args.IsNullish() {
		if !isArgs(args) {
			return nil, script.ArgError(2, "an array or a function")
		}
		d.args, d.hasArgs = b.ParamOf(args), true
	}
	v = b.Arg(0)
	if b.IsFunction(v) {
		d.selector = b.Hold(v)
		return d, nil
	}
	if _, isLayout := script.As[*pipeline.Layout](b.Realm, v); !isLayout && !b.IsArray(v) && !v.IsString() {
		return nil, script.ArgError(0, "a pipeline, a string, an array or a function")
	}
	var err error
	d.layouts, err = d.resolve(b.Realm, v)
	d.isChain = b.IsArray(v)
	return d, err
}

// compile makes layouts of the builders in a map, in place.
func (d *pipeDef) compile(b *pipeline.Build, m script.Value) error {
	d.byName = map[string]*pipeline.Layout{}
	return b.Each(m, func(name string, v script.Value) error {
		t, ok, err := b.TargetOf(v)
		if err != nil {
			return err
		}
		if !ok || t.Layout == nil {
			return fmt.Errorf("map entry '%s' doesn't contain a valid pipeline", name)
		}
		d.byName[name] = t.Layout
		if b.IsFunction(v) {
			return b.Set(m, name, pipeline.NewLayoutObject(b.Realm, t.Layout))
		}
		return nil
	})
}

// resolve returns the layouts a target stands for: none if it is nullish or an empty array.
func (d *pipeDef) resolve(r *script.Realm, v script.Value) ([]*pipeline.Layout, error) {
	if v.IsNullish() {
		return nil, nil
	}
	if l, ok := script.As[*pipeline.Layout](r, v); ok {
		return []*pipeline.Layout{l}, nil
	}
	if s, ok := r.AsString(v); ok {
		if l := d.byName[s]; l != nil {
			return []*pipeline.Layout{l}, nil
		}
		return nil, fmt.Errorf("pipeline '%s' not found", s)
	}
	if !r.IsArray(v) {
		return nil, errors.New("callback did not return a pipeline, a string or an array")
	}
	var layouts []*pipeline.Layout
	for i := range r.Len(v) {
		e, err := r.GetIndex(v, i)
		if err != nil {
			return nil, err
		}
		l, ok := script.As[*pipeline.Layout](r, e)
		if s, isName := r.AsString(e); isName {
			l = d.byName[s]
			ok = l != nil
		}
		if !ok {
			return nil, fmt.Errorf("cannot create pipeline array at index %d", i)
		}
		layouts = append(layouts, l)
	}
	return layouts, nil
}

func (d *pipeDef) New() pipeline.Filter { return &pipe{def: d} }

// pipe passes everything to a pipeline, or a chain of them, that may depend on the first events.
type pipe struct {
	pipeline.Base
	def   *pipeDef
	route route
}

func (f *pipe) Process(e stream.Event) {
	if f.route.sub != nil {
		f.route.sub.Process(e)
		return
	}
	d := f.def
	r := f.Realm()
	var first *pipeline.Layout
	var rest []*pipeline.Layout
	var isChain bool
	if d.selector == nil {
		if len(d.layouts) > 0 {
			first, rest, isChain = d.layouts[0], d.layouts[1:], d.isChain
		}
	} else {
		v, ok := f.Call(d.selector, event.New(r, e))
		if !ok {
			return
		}
		if l, ok := script.As[*pipeline.Layout](r, v); ok { // the usual case, without the slice
			first = l
		} else {
			layouts, err := d.resolve(r, v)
			if err != nil {
				f.Fail(err.Error())
				return
			}
			if len(layouts) > 0 {
				first, rest, isChain = layouts[0], layouts[1:], r.IsArray(v)
			}
		}
	}
	if first == nil {
		f.route.queue.Push(e)
		return
	}
	var args []script.Value
	if d.hasArgs {
		v, ok := d.args.Value(&f.Base, event.New(r, e))
		if !ok {
			return
		}
		var err error
		if args, err = spread(r, v); err != nil {
			f.Fail(err.Error())
			return
		}
	}
	sub := f.Sub(first, f.Out())
	if isChain {
		sub.SetChain(&pipeline.Chain{Layouts: rest, Args: hold(r, args)})
	}
	f.route.begin(sub, e, args...)
}

func (f *pipe) Reset() { f.route.reset() }
