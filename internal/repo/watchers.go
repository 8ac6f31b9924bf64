package repo

import "sync"

// watchers delivers announcements in order on a goroutine of its own, so that whoever announces need not wait.
type watchers struct {
	mu     sync.Mutex
	list   []func([]Change)
	queue  [][]Change
	busy   bool
	closed bool
}

func (w *watchers) add(changed func([]Change)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, changed)
}

// announce tells all watchers; nil means that something may have been lost.
func (w *watchers) announce(changes []Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || len(w.list) == 0 {
		return
	}
	w.queue = append(w.queue, changes)
	if !w.busy {
		w.busy = true
		go w.deliver()
	}
}

func (w *watchers) deliver() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) > 0 && !w.closed {
		changes, list := w.queue[0], w.list
		w.queue = w.queue[1:]
		w.mu.Unlock()
		for _, changed := range list {
			changed(changes)
		}
		w.mu.Lock()
	}
	w.busy = false
}

func (w *watchers) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
}
