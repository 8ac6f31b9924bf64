package worker

import (
	"sync"
	"time"
)

// patience is how long a survey waits for workers.
const patience = time.Second

// survey asks all workers of a program the same, and remembers what they answered: one that is busy with a long turn counts
// with what it said before, and is not asked again before it has answered. It may be used from any goroutine.
type survey[T any] struct {
	f func(*Worker) T // runs on the worker; nobody changes what it returns

	mu      sync.Mutex
	answers map[*Worker]T
	asked   map[*Worker]chan struct{} // closed by the answer
}

// ask returns the answers in the order of the workers, and whether all have answered in time. Workers that never answered are
// left out.
func (s *survey[T]) ask(p *Program, until <-chan time.Time) (answers []T, all bool) {
	all = true
	workers := p.started()
	waits := make([]chan struct{}, len(workers))
	for i, w := range workers {
		waits[i] = s.post(w)
	}
	for _, answered := range waits {
		if !all {
			break
		}
		select {
		case <-answered:
		case <-until:
			all = false
		case <-p.done:
			all = false
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range workers {
		if a, ok := s.answers[w]; ok {
			answers = append(answers, a)
		}
	}
	return answers, all
}

// post asks one worker, unless it has been asked and owes an answer.
func (s *survey[T]) post(w *Worker) (answered chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answered := s.asked[w]; answered != nil {
		return answered
	}
	if s.asked == nil {
		s.asked, s.answers = map[*Worker]chan struct{}{}, map[*Worker]T{}
	}
	answered = make(chan struct{})
	s.asked[w] = answered
	w.post(func() {
		a := s.f(w)
		s.mu.Lock()
		s.answers[w] = a
		delete(s.asked, w)
		s.mu.Unlock()
		close(answered)
	})
	return answered
}
