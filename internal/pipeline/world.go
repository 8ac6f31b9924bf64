package pipeline

import (
	"time"

	"weir/internal/event"
	"weir/internal/logs"
	"weir/internal/metrics"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

// World is one version of a program on one worker: a realm of scripts, the loop it runs on, and what its pipelines share.
type World struct {
	Loop  *reactor.Loop
	Realm *script.Realm
	Log   *logs.Logger
	// Metrics are those of the worker, which outlive the world.
	Metrics *metrics.Registry

	// Stopping is set once the world is being shut down: connections finish what they are doing and close.
	Stopping bool
	// Peers, if it is set before scripts run, are the worlds of the same program on other threads.
	Peers *Peers
	// Inspect renders any script value for people, as console.log does.
	Inspect func(v script.Value) string

	thread     int
	pipelines  map[*Pipeline]struct{}
	runs       map[*Pipeline]struct{} // those of Layout.Run
	serving    int                    // those with a socket as source
	kept       int                    // by Keep
	again      bool                   // another turn has been asked for
	releases   []*Pipeline
	flushes    []Flusher
	scratch    scratch
	turns      uint64 // that ended
	extra      map[any]any
	timers     []*reactor.Timer
	timersKept int

	onShutdown []func()
	onClose    []func()
}

// Flusher is something that wants to write what it has gathered during a turn before sockets are flushed.
type Flusher interface{ Flush() }

// NewWorld returns a world and makes it the owner of the realm. Its Metrics are its own until they are set.
func NewWorld(loop *reactor.Loop, realm *script.Realm, log *logs.Logger, thread int) *World {
	w := &World{Loop: loop, Realm: realm, Log: log, Metrics: metrics.NewHub().Add(loop.Post), thread: thread,
		pipelines: map[*Pipeline]struct{}{}, runs: map[*Pipeline]struct{}{}, extra: map[any]any{}}
	realm.SetOwner(w)
	return w
}

// WorldOf returns the world a realm belongs to.
func WorldOf(r *script.Realm) *World { return r.Owner().(*World) }

// Thread returns the worker's number, from 0.
func (w *World) Thread() int { return w.thread }

// Extra returns the value stored under key, made by init if there is none: state that packages above keep per world.
func Extra[T any](w *World, key any, init func() T) T {
	if v, ok := w.extra[key]; ok {
		return v.(T)
	}
	v := init()
	w.extra[key] = v
	return v
}

// FlushLater calls f.Flush at the end of the turn. A Flusher may ask once per turn.
func (w *World) FlushLater(f Flusher) { w.flushes = append(w.flushes, f) }

// maxRounds bounds how often the steps of a turn's end are repeated within the turn.
const maxRounds = 10

// EndTurn runs what belongs to the end of a turn: promise handlers, flushes, the release of pipelines that ended. Sockets
// are flushed after it.
func (w *World) EndTurn() {
	for range maxRounds {
		w.Realm.RunJobs()
		if len(w.flushes) == 0 && len(w.releases) == 0 {
			break
		}
		w.flush()
		for len(w.releases) > 0 {
			p := w.releases[len(w.releases)-1]
			w.releases = w.releases[:len(w.releases)-1]
			p.end()
		}
	}
	w.flush() // not later: what is to be flushed may be borrowed for the turn
	if w.Stopping && w.serving == 0 {
		w.releaseRuns()
	}
	if !w.again && (w.Realm.HasJobs() || len(w.releases) > 0) {
		w.again = true
		w.Loop.Later(func() { w.again = false })
	}
	w.Realm.EndTurn()
	w.turns++
}

func (w *World) flush() {
	for i := 0; i < len(w.flushes); i++ {
		w.flushes[i].Flush()
	}
	clear(w.flushes)
	w.flushes = w.flushes[:0]
}

// Shutdown tells every live pipeline that the world is going down.
func (w *World) Shutdown() {
	if w.Stopping {
		return
	}
	w.Stopping = true
	if w.Peers != nil {
		w.Peers.remove(w)
	}
	for _, t := range w.timers {
		t.Unref()
	}
	for p := range w.pipelines {
		p.shutdown()
	}
	for _, f := range w.onShutdown {
		f()
	}
}

// releaseRuns ends the pipelines that were started by themselves (spawn, tasks). Connections that are being finished may
// need them, but nobody does afterwards.
func (w *World) releaseRuns() {
	for p := range w.runs {
		p.Release()
	}
}

// OnShutdown has f called when the world goes down, after the live pipelines were told.
func (w *World) OnShutdown(f func()) { w.onShutdown = append(w.onShutdown, f) }

// Live returns the number of running pipelines, and of what else keeps the world.
func (w *World) Live() int { return len(w.pipelines) + w.kept }

// Keep keeps the world for something that may still call its scripts, until Unkeep.
func (w *World) Keep() { w.kept++ }

// Unkeep takes one Keep back.
func (w *World) Unkeep() { w.kept-- }

// EachPipeline calls f for every running pipeline.
func (w *World) EachPipeline(f func(*Pipeline)) {
	for p := range w.pipelines {
		f(p)
	}
}

// Report logs an error a callback failed with: excerpt, message, backtrace.
func (w *World) Report(err error) {
	for _, line := range w.Realm.Describe(err) {
		w.Log.Errorf("[pjs] %s", line)
	}
}

// Failure logs err and returns the event that carries it downstream.
func (w *World) Failure(err error) *stream.StreamEnd {
	w.Report(err)
	return event.Failure(w.Realm, err)
}

// AfterFunc implements the clock interfaces of API packages.
func (w *World) AfterFunc(d time.Duration, f func()) (stop func()) {
	t := w.Loop.AfterFunc(d, f)
	return func() { t.Stop() }
}

// OwnTimer makes a timer end with the world. In a world that is going down it keeps nothing alive.
func (w *World) OwnTimer(t *reactor.Timer) {
	if w.Stopping {
		t.Unref()
	} else {
		t.Ref()
	}
	if len(w.timers) > 64 && len(w.timers) > 2*w.timersKept {
		kept := w.timers[:0]
		for _, t := range w.timers {
			if t.Active() {
				kept = append(kept, t)
			}
		}
		clear(w.timers[len(kept):])
		w.timers, w.timersKept = kept, len(kept)
	}
	w.timers = append(w.timers, t)
}

// OnClose has f called when the world is closed.
func (w *World) OnClose(f func()) { w.onClose = append(w.onClose, f) }

// Close ends a world in which nothing runs any more: its timers, what OnClose was told of, and the realm.
func (w *World) Close() {
	for _, t := range w.timers {
		t.Stop()
	}
	w.timers = nil
	for _, f := range w.onClose {
		f()
	}
	w.onClose = nil
	w.Realm.Close()
}

// Post runs f on the worker's goroutine; it may be called from any.
func (w *World) Post(f func()) { w.Loop.Post(f) }

// Now returns the time as the loop saw it last.
func (w *World) Now() time.Time { return w.Loop.Now() }

// Location is a place in a script.
type Location struct {
	File         string
	Line, Column int
}

// at returns the location of the running call.
func at(r *script.Realm) Location {
	f := r.Caller()
	return Location{f.File, f.Line, f.Column}
}
