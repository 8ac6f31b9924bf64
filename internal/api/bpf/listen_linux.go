package bpf

import (
	"errors"
	"io"

	"weir/internal/api/cstruct"
	"weir/internal/clayout"
	"weir/internal/ebpf"
	"weir/internal/ebpf/events"
	"weir/internal/ebpf/link"
	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

// source is what feeds a pipeline until it is closed, its pipeline ends, or its generation does.
type source struct {
	world *pipeline.World
	gen   *ebpf.Generation
	p     *pipeline.Pipeline
	tap   *reactor.Tap
	stop  func() // of the reading; called once
	done  bool
}

var sourceClass = &script.Class{
	Name: "Source", Path: "bpf.Source",
	Methods: []script.Method{{Name: "close", Sig: "close(): undefined", Fn: func(c *script.Call) (script.Value, error) {
		s := script.This[*source](c)
		s.finish(&stream.StreamEnd{})
		return script.Undefined, nil
	}}},
}

// newSource runs a pipeline, of which the i-th argument is the layout, for a source.
func newSource(c *script.Call, i int, name string) (*source, error) {
	st, err := backend(c.Realm)
	if err != nil {
		return nil, err
	}
	l, ok, err := pipeline.LayoutOf(c.Realm, c.Arg(i), name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, script.ArgError(i, "a function or a pipeline template")
	}
	s := &source{world: pipeline.WorldOf(c.Realm), gen: st.Gen}
	s.p, _ = l.Run(c.NewContext(nil))
	return s, nil
}

// begin is called once the reading runs.
func (s *source) begin(r *script.Realm, stop func()) script.Value {
	s.stop = stop
	s.gen.Own(s)
	return r.NewObjectOf(sourceClass, s)
}

// abandon ends the pipeline of a source that cannot be read.
func (s *source) abandon(err error) error {
	s.p.Release()
	return err
}

// Close ends the reading at the end of the generation, which ends pipelines itself.
func (s *source) Close() error {
	if !s.done {
		s.done = true
		s.stop()
	}
	return nil
}

func (s *source) finish(e *stream.StreamEnd) {
	if s.done {
		return
	}
	s.gen.Disown(s)
	_ = s.Close()
	s.p.Process(e)
}

func mapListen(c *script.Call) (script.Value, error) {
	m := script.This[*Map](c)
	i := 0
	options := script.Undefined
	if len(c.Args) > 1 {
		options, i = c.Arg(0), 1
	}
	if err := checkKeys(c.Realm, options, "options", "type", "pages", "wakeup", "watermark", "overwrite", "maxPending", "maxPendingSize"); err != nil {
		return script.Undefined, err
	}
	o := c.Options(options)
	e := events.Options{Pages: int(o.Size("pages", 0)), Wakeup: int(o.Size("wakeup", 0)), Watermark: int(o.Size("watermark", 0)),
		Overwrite: o.Bool("overwrite", false), MaxPending: int(o.Size("maxPending", 0)), MaxPendingSize: int(o.Size("maxPendingSize", 0))}
	var codec *cstruct.Codec
	size := 0
	if t := o.Value("type"); !t.IsUndefined() {
		l, ok := script.As[*clayout.Layout](c.Realm, t)
		if !ok {
			o.Fail("type", "a CStruct")
		} else {
			codec, size = cstruct.NewCodec(l), l.Size
		}
	}
	if o.Err() != nil {
		return script.Undefined, o.Err()
	}
	if err := m.Create(); err != nil {
		return script.Undefined, err
	}
	s, err := newSource(c, i, "listen "+m.Name)
	if err != nil {
		return script.Undefined, err
	}
	w := s.world
	counters := countersOf(w.Metrics, m.Name)
	var r *events.Reader
	s.tap = reactor.NewTap(func() { r.Hold(false) })
	s.tap.Strict = true
	ready := make(chan struct{})
	r, err = s.gen.Backend.Listen(m.Handle(), e, func(batch []events.Record, err error) {
		<-ready
		w.Post(func() {
			if s.done {
				return
			}
			w.Loop.TurnFrom(s.tap, func() {
				for i := range batch {
					if s.done || s.p.Ended() {
						break
					}
					if batch[i].Lost > 0 {
						counters.lost.Add(float64(batch[i].Lost))
					} else {
						counters.read.Add(1)
					}
					s.feed(&batch[i], codec, size)
				}
				if err != nil {
					s.finish(&stream.StreamEnd{Code: stream.ReadError, Err: err})
				}
			})
			if s.p.Ended() {
				s.finish(&stream.StreamEnd{})
				return
			}
			if s.tap.Paused() {
				r.Hold(true)
			}
			r.Done(len(batch))
		})
	})
	close(ready)
	if err != nil {
		return script.Undefined, s.abandon(err)
	}
	return s.begin(c.Realm, func() { r.Close() }), nil
}

// feed hands a record over as a message.
func (s *source) feed(r *events.Record, codec *cstruct.Codec, size int) {
	if size > 0 && r.CPU >= 0 && len(r.Data) > size {
		r.Data = r.Data[:size] // perf samples are padded
	}
	s.p.Process(&stream.MessageStart{Head: (*recordHead)(r)})
	if len(r.Data) > 0 {
		s.p.Process(stream.NewData(r.Data))
	}
	end := &stream.MessageEnd{}
	if codec != nil && r.Lost == 0 {
		end.Payload = &recordPayload{codec, r.Data}
	}
	s.p.Process(end)
}

type recordHead events.Record

// ScriptObject implements event.Object.
func (h *recordHead) ScriptObject(r *script.Realm) script.Value {
	var o script.Object
	if h.CPU >= 0 {
		o = append(o, script.Pair{Name: "cpu", Value: h.CPU})
	}
	if h.Lost > 0 {
		return r.FromGo(append(o, script.Pair{Name: "lost", Value: float64(h.Lost)}))
	}
	return r.FromGo(append(o, script.Pair{Name: "remaining", Value: h.Remaining}))
}

type recordPayload struct {
	codec *cstruct.Codec
	data  []byte
}

// ScriptObject implements event.Object. Missing bytes read as zero.
func (p *recordPayload) ScriptObject(r *script.Realm) script.Value { return decode(r, p.codec, p.data) }

var (
	_ event.Object = (*recordHead)(nil)
	_ event.Object = (*recordPayload)(nil)
)

func mapProduce(c *script.Call) (script.Value, error) {
	m := script.This[*Map](c)
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	if err := m.Create(); err != nil {
		return script.Undefined, err
	}
	record, err := m.record(c)
	if err != nil {
		return script.Undefined, err
	}
	p, err := StateOf(c.Realm).producer(m.Map)
	if err != nil {
		return script.Undefined, err
	}
	done, err := p.Write(record)
	return script.Bool(done), err
}

// producer returns the writer of a user ring buffer, which is kept as long as the generation.
func (s *State) producer(m *ebpf.Map) (ebpf.Producer, error) {
	if p := s.producers[m]; p != nil {
		return p, nil
	}
	p, err := s.Gen.Backend.Produce(m.Handle())
	if err != nil {
		return nil, err
	}
	s.Gen.Own(p)
	if s.producers == nil {
		s.producers = map[*ebpf.Map]ebpf.Producer{}
	}
	s.producers[m] = p
	return p, nil
}

// record reads the record to produce: bytes, or an object of the type that options.type gives, else of the map's values.
func (m *Map) record(c *script.Call) ([]byte, error) {
	if err := checkKeys(c.Realm, c.Arg(1), "options", "type"); err != nil {
		return nil, err
	}
	codec := m.valueCodec
	o := c.Options(c.Arg(1))
	if t := o.Value("type"); !t.IsUndefined() {
		l, ok := script.As[*clayout.Layout](c.Realm, t)
		if !ok {
			o.Fail("type", "a CStruct")
			return nil, o.Err()
		}
		codec = cstruct.NewCodec(l)
	}
	if d, ok := event.DataOf(c.Realm, c.Arg(0)); ok {
		return d.Bytes(), nil
	}
	if !c.Arg(0).IsObject() {
		return nil, script.ArgError(0, "an object")
	}
	if codec == nil {
		return nil, errors.New("the map has no type for its records: give a Data, or options.type")
	}
	b := make([]byte, codec.Layout.Size)
	return b, encode(c.Realm, codec, c.Arg(0), b)
}

// readFrom feeds a pipeline, the i-th argument, with what a reader gives, up to its end.
func readFrom(c *script.Call, i int, name string, f io.ReadCloser, err error) (script.Value, error) {
	if err != nil {
		return script.Undefined, err
	}
	s, err := newSource(c, i, name)
	if err != nil {
		return script.Undefined, errors.Join(err, f.Close())
	}
	in := &pipeline.FileSource{Loop: s.world.Loop, File: f, Left: -1,
		OnData: func(d *stream.Data) { s.p.Process(d) },
		OnEnd: func(err error) {
			e := &stream.StreamEnd{}
			if err != nil {
				e.Code, e.Err = stream.ReadError, err
			}
			s.finish(e)
		}}
	v := s.begin(c.Realm, in.Close)
	in.Start()
	return v, nil
}

func linkRead(c *script.Call) (script.Value, error) {
	f, err := script.This[*linkObject](c).Read()
	return readFrom(c, 0, "read link", f, err)
}

func trace(c *script.Call) (script.Value, error) {
	s, err := backend(c.Realm)
	if err != nil {
		return script.Undefined, err
	}
	f, err := s.Gen.Backend.Trace()
	return readFrom(c, 0, "trace", f, err)
}

func programStdout(c *script.Call) (script.Value, error) {
	p := script.This[*ebpf.Program](c)
	k, err := link.Of(p)
	if err != nil {
		return script.Undefined, err
	}
	f, err := StateOf(c.Realm).Gen.Backend.Output(k.ProgramHandle)
	return readFrom(c, 0, "stdout "+p.Name, f, err)
}
