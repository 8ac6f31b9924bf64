package filter

import (
	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	for _, name := range []string{"demux", "demuxQueue"} {
		spec := pipeline.Spec{
			Name: name, Length: 1, Joint: true, NameFirst: true, Sig: name + "(options?) .to() (L,N)", Build: buildDemux,
		}
		if name == "demux" {
			spec.Rows = []script.Row{{Path: "option:demux.outputCount", Kind: "option", Signature: "int | fn(messageStart) -> int = 1"}}
		} else {
			spec.Sig = "alias of demux (L,N)"
		}
		pipeline.Register(spec)
	}
}

// outputCount is the option that says how many messages answer a message.
type outputCount struct {
	n  int
	fn *script.Ref
}

func readOutputCount(r *script.Realm, o *script.Options) outputCount {
	if v := o.Value("outputCount"); r.IsFunction(v) {
		return outputCount{fn: r.Hold(v)}
	}
	return outputCount{n: o.Int("outputCount", 1)}
}

// of returns the count for a message. A callback that fails counts as 1.
func (c outputCount) of(b *pipeline.Base, start *stream.MessageStart) int {
	if c.fn == nil {
		return c.n
	}
	v, ok := b.Call(c.fn, event.New(b.Realm(), start))
	if !ok {
		return 1
	}
	n, ok := b.Realm().NumberOf(v)
	if !ok {
		b.Fail("options.outputCount did not return a number")
		return 1
	}
	return script.Truncate(n)
}

type demuxDef struct {
	count  outputCount
	target *pipeline.Target
}

func buildDemux(b *pipeline.Build) (pipeline.Def, error) {
	o, err := options(b, 0)
	if err != nil {
		return nil, err
	}
	return &demuxDef{readOutputCount(b.Realm, o), b.Target()}, o.Err()
}

func (d *demuxDef) New() pipeline.Filter {
	f := &demux{def: d}
	f.order.out = f.emit
	return f
}

// demux gives each message a sub-pipeline of its own and outputs the answers in the order of the messages.
type demux struct {
	pipeline.Base
	def   *demuxDef
	open  *demuxStream // of the message that is coming in
	order sequence     // those whose answers are expected
	live  []*demuxStream
	end   *stream.StreamEnd // waits for the answers

	skipping bool // the open message's sub-pipeline was dropped
	waiting  bool // no input is taken before all answers are out
	resuming bool
	queue    pipeline.Queue
	brake    reactor.Brake
}

// demuxStream is the sub-pipeline of one message.
type demuxStream struct {
	lane
	f         *demux
	pipe      *pipeline.Pipeline
	left      int  // messages still expected
	expected  bool // some are expected at all: otherwise the sub-pipeline lives until it ends its output
	waits     bool // no input is to be taken before the answers are out
	inMessage bool
	fed       bool // got all its input
	answered  bool // gave all that was expected
	index     int  // in f.live, -1 when released
}

func (f *demux) Process(e stream.Event) {
	if f.waiting || f.resuming {
		f.queue.Push(e)
		f.brake.Engage(f.World().Loop.CurrentTap())
		return
	}
	f.take(e)
}

func (f *demux) take(e stream.Event) {
	switch x := e.(type) {
	case *stream.MessageStart:
		if f.open == nil && !f.skipping {
			f.begin(x)
		}
	case *stream.Data:
		if f.open != nil && !x.Empty() {
			f.open.pipe.Process(x)
		}
	case *stream.MessageEnd:
		f.finish(e)
	case *stream.StreamEnd:
		f.finish(e)
		f.end = x
		f.flushEnd()
	}
}

func (f *demux) begin(start *stream.MessageStart) {
	n := f.def.count.of(&f.Base, start)
	s := &demuxStream{f: f, left: max(n, -n), expected: n != 0, waits: n < 0, answered: n == 0, index: len(f.live)}
	s.pipe = f.SubClone(f.def.target.Layout, s)
	f.live = append(f.live, s)
	f.open = s
	if n != 0 {
		f.order.add(&s.lane)
	}
	s.pipe.Start()
	s.pipe.Process(start)
}

// finish delivers the end of the open message.
func (f *demux) finish(e stream.Event) {
	s := f.open
	f.open, f.skipping = nil, false
	if s == nil {
		return
	}
	s.pipe.Process(e)
	s.fed = true
	s.check()
	if s.waits && !f.order.empty() {
		f.waiting = true
		f.brake.Engage(f.World().Loop.CurrentTap())
	}
}

// Process takes the output of the sub-pipeline.
func (s *demuxStream) Process(e stream.Event) {
	end := e.Kind() == stream.KindStreamEnd
	if s.answered {
		if end {
			s.release()
		}
		return
	}
	switch {
	case end && s.inMessage:
		s.message(&stream.MessageEnd{})
		if !s.answered {
			s.abandon(e)
		} else {
			s.release()
		}
	case end:
		s.abandon(e)
	default:
		s.message(e)
	}
}

// message takes an event that belongs to an answer, or to nothing.
func (s *demuxStream) message(e stream.Event) {
	switch e.Kind() {
	case stream.KindMessageStart:
		if s.inMessage {
			return
		}
		s.inMessage = true
	case stream.KindMessageEnd:
		if !s.inMessage {
			return
		}
		s.inMessage = false
		s.left--
	default:
		if !s.inMessage {
			return
		}
	}
	s.answered = s.left == 0
	s.put(e)
	if s.answered {
		s.check()
		s.lane.finish()
		s.f.flushEnd()
	}
}

// abandon is called at a StreamEnd before all answers: it is output in their place.
func (s *demuxStream) abandon(e stream.Event) {
	s.answered = true
	s.put(e)
	s.release()
	s.lane.finish()
	s.f.flushEnd()
}

// emit outputs what comes out of the sequence. A StreamEnd there means that the answers after it are lost.
func (f *demux) emit(e stream.Event) {
	if e.Kind() == stream.KindStreamEnd {
		f.drop()
	}
	f.Output(e)
}

// drop lets go of all sub-pipelines whose answers are pending.
func (f *demux) drop() {
	for i := len(f.live) - 1; i >= 0; i-- {
		if s := f.live[i]; s.seq != nil {
			s.answered = true
			s.release()
		}
	}
	f.order.clear()
}

// flushEnd goes on once all expected answers are out.
func (f *demux) flushEnd() {
	if !f.order.empty() {
		return
	}
	if e := f.end; e != nil {
		f.end = nil
		f.Output(e)
	}
	if f.waiting {
		f.waiting, f.resuming = false, true
		f.World().Loop.Later(f.resume)
	}
}

// resume processes the input that came while waiting.
func (f *demux) resume() {
	if f.Ended() {
		return
	}
	for !f.waiting {
		e := f.queue.Pop()
		if e == nil {
			f.brake.Release()
			break
		}
		f.take(e)
	}
	f.resuming = false
}

// check releases a sub-pipeline that has got and given everything.
func (s *demuxStream) check() {
	if s.fed && s.answered && s.expected {
		s.release()
	}
}

func (s *demuxStream) release() {
	if s.index < 0 {
		return
	}
	f, n := s.f, len(s.f.live)-1
	f.live[s.index] = f.live[n]
	f.live[s.index].index = s.index
	f.live[n] = nil
	f.live = f.live[:n]
	s.index = -1
	if f.open == s {
		f.open, f.skipping = nil, true
	}
	s.pipe.Release()
}

func (f *demux) Reset() {
	for _, s := range f.live {
		s.pipe.Release()
	}
	f.live = nil
	f.order.clear()
	f.queue.Clear()
	f.brake.Release()
}
