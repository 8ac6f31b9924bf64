package filter

import (
	"errors"
	"fmt"
	"math"

	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "deframe", Length: 1, Sig: "deframe(states: object) (L,N)",
		Rows: []script.Row{{Path: "callback:deframe.state", Kind: "callback",
			Signature: "(byte | buffer | -1) -> state | [...events, state, length?, buffer?]"}},
		Build: buildDeframe,
	})
}

type deframeDef struct {
	start  string
	states map[string]pipeline.Param
}

func buildDeframe(b *pipeline.Build) (pipeline.Def, error) {
	if err := b.Need(1); err != nil {
		return nil, err
	}
	if b.Arg(0).IsNull() {
		return nil, errors.New("states cannot be null")
	}
	states, err := b.Object(0)
	if err != nil {
		return nil, err
	}
	d := &deframeDef{states: map[string]pipeline.Param{}}
	err = b.Each(states, func(name string, v script.Value) error {
		if !b.IsFunction(v) && !v.IsString() && !b.IsArray(v) {
			return fmt.Errorf("state '%s' is not a function, a string or an array", name)
		}
		if len(d.states) == 0 {
			d.start = name
		}
		d.states[name] = b.ParamOf(v)
		return nil
	})
	if err == nil && len(d.states) == 0 {
		err = errors.New("states cannot be empty")
	}
	return d, err
}

func (d *deframeDef) New() pipeline.Filter { return &deframe{def: d, state: d.start} }

// deframe runs a state machine of callbacks over the bytes of a stream.
type deframe struct {
	pipeline.Base
	def    *deframeDef
	state  string
	left   float64     // bytes to read before the state is run, 0 to run it on the next byte
	buffer *script.Ref // a Data or an array they go to; nil to output them
	failed bool        // what comes is dropped up to the end
}

func (f *deframe) Process(e stream.Event) {
	switch e := e.(type) {
	case *stream.Data:
		f.feed(e.Clone())
	case *stream.StreamEnd:
		f.restart()
		f.failed = false
		f.Output(e)
	}
}

func (f *deframe) restart() { f.state, f.left, f.buffer = f.def.start, 0, nil }

func (f *deframe) feed(d *stream.Data) {
	r := f.Realm()
	for !f.failed && !d.Empty() {
		end := r.Scope()
		if f.left == 0 {
			c := d.Segments()[0][0]
			d.Skip(1)
			f.run(script.Int(int(c)))
		} else {
			f.read(d.Shift(int(min(f.left, float64(d.Size())))))
		}
		end()
	}
}

// read takes bytes that a state asked for.
func (f *deframe) read(d *stream.Data) {
	f.left -= float64(d.Size())
	if f.buffer == nil {
		if f.Output(d); f.left == 0 {
			f.run(script.Int(-1))
		}
		return
	}
	r, v := f.Realm(), f.buffer.Value()
	if buf, ok := event.DataOf(r, v); ok {
		buf.PushOwned(d)
	} else {
		for _, c := range d.AppendTo(nil) {
			if err := r.SetIndex(v, r.Len(v), script.Int(int(c))); err != nil {
				f.stop(f.World().Failure(err))
				return
			}
		}
	}
	if f.left == 0 {
		f.buffer = nil
		f.run(v)
	}
}

// run runs the current state and does what it says.
func (f *deframe) run(arg script.Value) {
	v, ok := f.def.states[f.state].Value(&f.Base, arg)
	if !ok {
		f.failed = true // why was output
		return
	}
	if err := f.follow(v); err != nil {
		f.stop(f.Failure(err.Error()))
	}
}

var errState = errors.New("invalid state returned")

// follow does what a state has returned.
func (f *deframe) follow(v script.Value) error {
	r := f.Realm()
	if !r.IsArray(v) {
		return f.enter(v)
	}
	i, n := 0, r.Len(v)
	var x script.Value
	var err error
	for ; ; i++ {
		if i == n {
			return errState
		}
		if x, err = r.GetIndex(v, i); err != nil {
			return err
		}
		e, ok := event.Of(r, x)
		if !ok {
			break
		}
		f.Output(e)
	}
	if err := f.enter(x); err != nil {
		return err
	}
	length, err := r.GetIndex(v, i+1)
	if err != nil || length.IsNullish() {
		return err
	}
	size, ok := r.NumberOf(length)
	if !ok || !(size >= 1) {
		text, err := r.ToString(length)
		if err != nil {
			return err
		}
		return errors.New("invalid reading length " + text)
	}
	f.left = math.Floor(size)
	buffer, err := r.GetIndex(v, i+2)
	if err != nil || buffer.IsNullish() {
		return err
	}
	if _, ok := event.DataOf(r, buffer); !ok && !r.IsArray(buffer) {
		return errors.New("invalid read buffer")
	}
	f.buffer = r.Hold(buffer)
	return nil
}

// enter makes a state the current one.
func (f *deframe) enter(v script.Value) error {
	name, ok := f.Realm().AsString(v)
	if !ok {
		return errState
	}
	if _, ok := f.def.states[name]; !ok {
		return errors.New("invalid state: " + name)
	}
	f.state = name
	return nil
}

// stop has everything dropped up to the end of the stream.
func (f *deframe) stop(why *stream.StreamEnd) {
	f.failed = true
	f.Output(why)
}

func (f *deframe) Reset() { f.restart() }
