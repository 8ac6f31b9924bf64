package filter

import (
	"weir/internal/pipeline"
	"weir/internal/stream"
)

// sequence makes one stream of several that produce at the same time: the events of each come out together, in the order
// in which the lanes were added.
type sequence struct {
	out         func(e stream.Event)
	first, last *lane
}

// lane is one stream of a sequence.
type lane struct {
	seq      *sequence
	next     *lane
	held     pipeline.Queue
	done     bool
	draining bool
}

// add puts l at the end.
func (s *sequence) add(l *lane) {
	l.seq = s
	if s.last == nil {
		s.first = l
	} else {
		s.last.next = l
	}
	s.last = l
}

// empty reports whether all lanes have finished.
func (s *sequence) empty() bool { return s.first == nil }

// clear drops all lanes and what they hold; they output nothing any more.
func (s *sequence) clear() {
	for l := s.first; l != nil; l = l.next {
		l.seq = nil
		l.held.Clear()
	}
	s.first, s.last = nil, nil
}

// put outputs e, as soon as it is l's turn.
func (l *lane) put(e stream.Event) {
	switch {
	case l.seq == nil:
	case l.seq.first == l && !l.draining:
		l.seq.out(e)
	default:
		l.held.Push(e)
	}
}

// finish says that nothing more comes from l.
func (l *lane) finish() {
	l.done = true
	s := l.seq
	if s == nil || s.first != l || l.draining {
		return
	}
	for l.done {
		s.first = l.next
		l.seq, l.next = nil, nil
		if l = s.first; l == nil {
			s.last = nil
			return
		}
		l.draining = true
		l.held.Drain(s.out)
		l.draining = false
		if l.seq != s { // dropped meanwhile
			return
		}
	}
}
