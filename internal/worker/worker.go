package worker

import (
	"runtime"
	"time"

	"weir/internal/ebpf"
	"weir/internal/inbound"
	"weir/internal/logs"
	"weir/internal/metrics"
	"weir/internal/reactor"
)

// Worker is one thread: a goroutine with an event loop, its open ports, and the versions of the program that live on it.
type Worker struct {
	prog     *Program
	id       int
	loop     *reactor.Loop
	ports    *inbound.Ports
	metrics  *metrics.Registry
	current  *version
	next     *version // loaded, not yet in effect
	versions []*version
	kernel   ebpf.Backend // for kernel programs; nil: the running one
	wake     chan struct{}

	scriptTime time.Duration // spent in the scripts of versions that are closed
}

func newWorker(p *Program, id int) (*Worker, error) {
	loop, err := reactor.New(reactor.Options{Logf: p.opts.Log.Warnf})
	if err != nil {
		return nil, err
	}
	w := &Worker{prog: p, id: id, loop: loop, wake: make(chan struct{}, 1)}
	w.ports = inbound.NewPorts(loop, p.opts.Log)
	w.ports.ReusePort = p.opts.ReusePort
	w.ports.ForceStart = p.opts.ForceStart
	w.ports.Shared = p.counters
	w.ports.Quiet = id > 0
	w.metrics = p.metrics.Add(w.post)
	w.metrics.OnCollect(w.measure)
	w.ports.Measure(w.metrics)
	loop.OnTurnEnd(w.endTurn)
	return w, nil
}

// post runs f on the worker, also if the worker has nothing to do at the moment.
func (w *Worker) post(f func()) {
	w.loop.Post(f)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *Worker) endTurn() {
	done := false
	for i := 0; i < len(w.versions); i++ {
		v := w.versions[i]
		v.world.EndTurn()
		done = done || v.ended
	}
	if done {
		w.sweep()
	}
}

// sweep frees versions that have ended.
func (w *Worker) sweep() {
	kept := w.versions[:0]
	for _, v := range w.versions {
		if !v.closeIfDone() {
			kept = append(kept, v)
			continue
		}
		w.scriptTime += v.world.Realm.Busy()
	}
	clear(w.versions[len(kept):])
	w.versions = kept
	if log := w.prog.opts.Log; log.DebugEnabled(logs.Alloc) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		log.Debugf(logs.Alloc, "[alloc] Thread %d has freed a version, %d are left; heap of the process: %d bytes in use, %d from the system", w.id, len(kept), m.HeapInuse, m.HeapSys)
	}
}

// debug writes a line on what has become of the thread.
func (w *Worker) debug(what string) {
	w.prog.opts.Log.Debugf(logs.Thread, "[thread] Thread %d %s", w.id, what)
}

// run serves the worker until the program ends.
func (w *Worker) run() {
	defer w.loop.Close()
	defer w.debug("ended")
	for {
		if err := w.loop.Run(); err != nil {
			w.prog.opts.Log.Errorf("[thread] %v", err)
			w.prog.Exit(1)
			return
		}
		if !w.prog.idle(w) {
			return
		}
		select {
		case <-w.wake:
			w.prog.busy(w)
		case <-w.prog.done:
			return
		}
	}
}

// prepare loads a new version without putting it into effect.
func (w *Worker) prepare(reload bool) error {
	if reload {
		w.prog.opts.Log.Infof("[restart] Reloading codebase on thread %d...", w.id)
	}
	if w.ports.Closed() {
		return errReported
	}
	w.prog.opts.Log.Debugf(logs.Codebase, "[codebase] Loading %s on thread %d", w.prog.code.Entry(), w.id)
	w.ports.Begin(reload)
	v, err := w.load(w.ports, w.prog)
	if err != nil {
		v.explain(w, err)
		w.cancel(v)
		return err
	}
	w.next = v
	return nil
}

// cancel drops a version that was not put into effect.
func (w *Worker) cancel(v *version) {
	w.ports.Rollback()
	if v != nil {
		v.retire()
	}
	w.next = nil
}

// commit puts the prepared version into effect.
func (w *Worker) commit() {
	if w.next == nil { // the program began to end meanwhile
		return
	}
	old := w.current
	w.current, w.next = w.next, nil
	w.ports.Commit()
	w.current.env.Start()
	if old == nil {
		w.debug("started")
	} else {
		w.debug("restarted")
		old.env.Replaced()
		old.retire()
		w.hurry(old)
		w.prog.opts.Log.Infof("[restart] Codebase reloaded on thread %d", w.id)
	}
}

// hurry closes what connections an old version still has when its time is up.
func (w *Worker) hurry(old *version) {
	timeout := w.prog.opts.DrainTimeout
	if timeout <= 0 {
		return
	}
	w.loop.AfterFunc(timeout, func() {
		if old.closed {
			return
		}
		if n := w.ports.Abort(old.world); n > 0 {
			w.prog.opts.Log.Warnf("[restart] Closed %d connections of an old version on thread %d after %v", n, w.id, timeout)
		}
	}).Unref()
}

// drain begins the graceful end: no new connections; what is under way is finished.
func (w *Worker) drain() {
	switch {
	case w.next == nil:
	case w.current == nil: // asked to end between load and start
		w.ports.Rollback()
		w.current, w.next = w.next, nil
	default:
		w.cancel(w.next)
	}
	w.ports.CloseAll()
	v := w.current
	if v == nil {
		return
	}
	v.env.Exit(v.retire)
}
