package repo

import "errors"

// watchQueue is how many frames wait for a viewer: one that is further behind is given up.
const watchQueue = 1024

// ErrNoInstance is what watching an unknown instance returns.
var ErrNoInstance = errors.New("there is no such instance")

// LogWatch is a viewer of a log of an instance. Its methods may be called from any goroutine.
type LogWatch struct {
	table    *Instances
	instance *instance
	name     string
	frames   chan []byte

	// Guarded by the mutex of the table.
	started bool // the viewer wants frames
	tailed  bool // the history has come: records are passed on
	ended   bool
}

// Watch has an instance send a log for a viewer. Nothing comes before Start.
func (t *Instances) Watch(uuid, name string) (*LogWatch, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.byUUID[uuid]
	if i == nil || t.closed {
		return nil, ErrNoInstance
	}
	w := &LogWatch{table: t, instance: i, name: name, frames: make(chan []byte, watchQueue)}
	i.watches[w] = struct{}{}
	if i.link != nil {
		i.link.send("log/on/" + name)
	}
	return w, nil
}

// Frames returns what the viewer is to get: first the whole history, then each record with its line end. It is closed when the
// watch ends, which it also does if the viewer takes too little.
func (w *LogWatch) Frames() <-chan []byte { return w.frames }

// Start asks for the history. Calls after the first one do nothing.
func (w *LogWatch) Start() {
	t := w.table
	t.mu.Lock()
	defer t.mu.Unlock()
	if w.started {
		return
	}
	w.started = true
	if l := w.instance.link; l != nil {
		l.send("log/tail/" + w.name)
	}
}

// Close ends the watch.
func (w *LogWatch) Close() {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	w.table.end(w)
}

// end wants the mutex of the table, as does deliver.
func (t *Instances) end(w *LogWatch) {
	if !w.ended {
		w.ended = true
		delete(w.instance.watches, w)
		close(w.frames)
	}
}

func (t *Instances) deliver(w *LogWatch, frame string) {
	select {
	case w.frames <- []byte(frame):
	default:
		t.end(w)
	}
}
