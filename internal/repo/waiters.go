package repo

import (
	"context"
	"sync"
	"time"
)

// waiters wakes those who wait for changes of codebases.
type waiters struct {
	mu     sync.Mutex
	byPath map[string]chan struct{}
}

// signal returns a channel that is closed at the next change of a codebase. Get it before looking at the codebase.
func (w *waiters) signal(path string) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.byPath[path]
	if c == nil {
		c = make(chan struct{})
		if w.byPath == nil {
			w.byPath = map[string]chan struct{}{}
		}
		w.byPath[path] = c
	}
	return c
}

func (w *waiters) wake(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.byPath[path]; c != nil {
		close(c)
		delete(w.byPath, path)
	}
}

func (w *waiters) wakeAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for path, c := range w.byPath {
		close(c)
		delete(w.byPath, path)
	}
}

// await calls look until it says that there is something to tell, after every change of a codebase, for as long as
// a request may wait.
func (r *Repo) await(ctx context.Context, path string, wait time.Duration, look func() (done bool, err error)) error {
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		signal := r.waiters.signal(path)
		if done, err := look(); done || err != nil {
			return err
		}
		select {
		case <-signal:
		case <-timeout.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-r.closing:
			return nil
		}
	}
}
