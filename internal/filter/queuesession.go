package filter

import (
	"weir/internal/pipeline"
	"weir/internal/stream"
)

// queueSession is a sub-pipeline that answers the messages of several mux filters, one after the other.
type queueSession struct {
	pooled
	pipe      *pipeline.Pipeline
	waits     []queueWait // in the order of the messages sent
	inMessage bool
	end       *stream.StreamEnd // what the session ended with
}

// queueWait is a filter that waits for answers.
type queueWait struct {
	f *mux // nil if it is gone
	n int  // answers still to come, the one in progress included
}

// Process takes the output of the sub-pipeline.
func (s *queueSession) Process(e stream.Event) {
	if s.end != nil {
		return
	}
	switch x := e.(type) {
	case *stream.MessageStart:
		if s.inMessage || len(s.waits) == 0 {
			return
		}
		s.inMessage = true
		s.give(e)
	case *stream.Data:
		if s.inMessage {
			s.give(e)
		}
	case *stream.MessageEnd:
		if s.inMessage {
			s.complete(e)
		}
	case *stream.StreamEnd:
		s.ended(x)
	}
}

func (s *queueSession) give(e stream.Event) {
	if f := s.waits[0].f; f != nil {
		f.Output(e)
	}
}

// complete passes on the end of an answer.
func (s *queueSession) complete(e stream.Event) {
	s.inMessage = false
	f := s.waits[0].f
	if s.waits[0].n--; s.waits[0].n == 0 {
		s.waits = append(s.waits[:0], s.waits[1:]...)
	}
	if f != nil {
		f.Output(e)
		f.answered()
	}
}

// ended is called at the sub-pipeline's StreamEnd.
func (s *queueSession) ended(e *stream.StreamEnd) {
	if s.inMessage {
		s.complete(&stream.MessageEnd{})
	}
	s.end = e
	s.leave()
	s.pipe.Release()
	waits := s.waits
	s.waits = nil
	for _, w := range waits {
		if f := w.f; f != nil && f.waiting > 0 {
			f.waiting, f.end = 0, nil
			f.detach(s)
			f.Output(stream.Clone(e))
		}
	}
}

// detach forgets a session that has ended.
func (f *mux) detach(s *queueSession) {
	if f.session == s {
		f.session = nil
	}
}

// closeIdle implements poolSession.
func (s *queueSession) closeIdle() {
	if s.end == nil {
		s.end = &stream.StreamEnd{}
		s.pipe.Process(s.end)
		s.pipe.Release()
	}
}
