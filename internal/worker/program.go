package worker

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"weir/internal/api/console"
	"weir/internal/api/pipy"
	"weir/internal/codebase"
	"weir/internal/diagram"
	"weir/internal/inbound"
	"weir/internal/logs"
	"weir/internal/metrics"
	"weir/internal/pipeline"
	"weir/internal/status"
)

// Options configure a program.
type Options struct {
	Log           *logs.Logger
	Info          pipy.Info
	Threads       int
	ReusePort     bool
	ForceStart    bool
	Watch         bool          // reload when a file of the codebase changes
	ScriptTimeout time.Duration // longest run of one callback, 0 = no limit
	ScriptMemory  int64         // bytes of script objects per worker, 0 = no limit
	DrainTimeout  time.Duration // how long connections of an old version, or of a program that is to end, may go on; 0 = no limit
	Stay          bool          // a program that has run out of work, but had some, goes on: a new version may bring more

	// Hangup, if given, does what SIGHUP asks for, instead of a reload. Suspend, if given, is called at SIGTSTP, which has no
	// other effect then. Both must return soon.
	Hangup, Suspend func()
	TraceObjects    bool // remember which script made each object; slow
}

// Program is a running program: its workers, and what happens to all of them.
type Program struct {
	opts     Options
	code     *codebase.Codebase
	counters *inbound.Counters
	peers    pipeline.Peers
	metrics  *metrics.Hub
	workers  []*Worker
	commands chan func()
	loaded   chan struct{} // closed when all workers have loaded
	done     chan struct{}

	alive   survey[struct{}]
	modules survey[map[string]*diagram.Diagram]
	dumps   survey[*status.Dump]
	sites   map[string]*survey[map[string]int] // by class

	mu       sync.Mutex
	idleMap  map[*Worker]bool
	exitCode int
	ended    bool
	stopping bool
	natural  bool   // it ended because nothing was left to do
	version  string // of the codebase that was loaded last
	taken    map[os.Signal]int

	lasting atomic.Bool // something was left to do once the program was loaded
}

// New returns a program that is not yet running.
func New(code *codebase.Codebase, o Options) *Program {
	o.Threads = max(o.Threads, 1)
	o.Info.Threads = o.Threads
	p := &Program{opts: o, code: code, counters: new(inbound.Counters), metrics: metrics.NewHub(),
		commands: make(chan func(), 16), loaded: make(chan struct{}), done: make(chan struct{}),
		idleMap: map[*Worker]bool{}, taken: map[os.Signal]int{}}
	p.alive.f = func(*Worker) struct{} { return struct{}{} }
	p.modules.f = (*Worker).diagrams
	p.dumps.f = (*Worker).dump
	return p
}

// stopGrace is how long the end of the process waits for callbacks that are running.
const stopGrace = time.Second

// ExitFailure is the exit code of a program that could not be started.
const ExitFailure = 255

// Run loads the program on all workers and runs it to its end. It returns the exit code.
func (p *Program) Run() int {
	defer p.watchSignals()()
	if p.opts.Watch { // from before the load on: no change is missed
		defer p.code.Watch("/", func([]string) { p.Restart() })()
	}
	for i := range p.opts.Threads {
		w, err := newWorker(p, i)
		if err != nil {
			p.opts.Log.Errorf("[thread] cannot start thread %d: %v", i, err)
			return ExitFailure
		}
		p.workers = append(p.workers, w)
	}
	var running sync.WaitGroup
	var failed error
	// Nothing may end before all workers have loaded.
	for _, w := range p.workers {
		w.loop.Hold()
		running.Go(w.run)
	}
	for _, w := range p.workers {
		result := make(chan error, 1)
		w.post(func() { result <- w.prepare(false) })
		select {
		case failed = <-result:
		case <-p.done:
		}
		if failed != nil {
			p.Exit(ExitFailure)
			break
		}
	}
	if failed == nil {
		p.noteVersion()
		for _, w := range p.workers {
			w.post(w.commit)
			// In a turn of its own: the promises of the load are through by then.
			w.post(func() {
				if w.loop.Pending() > 1 {
					p.lasting.Store(true)
				}
				w.loop.Unhold()
			})
		}
		close(p.loaded)
		go p.serveCommands()
		go p.returnMemory()
	}
	finished := make(chan struct{})
	go func() {
		running.Wait()
		close(finished)
	}()
	select {
	case <-finished:
	case <-p.done:
		// Loops have been told to stop. A script that does not come to an end cannot keep the process.
		select {
		case <-finished:
		case <-time.After(stopGrace):
			p.opts.Log.Warnf("[shutdown] A script is still running")
		}
	}
	if p.Idled() {
		p.printValue()
	}
	return p.exitCode & 255
}

// printValue prints what a program that is a single expression came to, if it had nothing else to do.
func (p *Program) printValue() {
	v := p.workers[0].current
	if v == nil || v.closed || !v.result.Single {
		return
	}
	r := v.world.Realm
	value := v.value.Value()
	if pipy.IsConfiguration(r, value) {
		return
	}
	if s, ok := r.AsString(value); ok {
		os.Stdout.WriteString(s)
		return
	}
	os.Stdout.WriteString(console.Dump(r, value) + "\n")
}

// serveCommands runs what concerns the whole program, one thing after another.
func (p *Program) serveCommands() {
	for {
		select {
		case f := <-p.commands:
			f()
		case <-p.done:
			return
		}
	}
}

func (p *Program) command(f func()) {
	select {
	case p.commands <- f:
	case <-p.done:
	default: // a flood of requests: those that wait do the same
	}
}

// Info implements pipy.Process.
func (p *Program) Info() pipy.Info { return p.opts.Info }

// Exit implements pipy.Process.
func (p *Program) Exit(code int) { p.end(code, false) }

func (p *Program) end(code int, natural bool) {
	p.mu.Lock()
	first := !p.ended
	p.ended = true
	if first {
		p.exitCode, p.natural = code, natural
	}
	p.mu.Unlock()
	if !first {
		return
	}
	close(p.done)
	for _, w := range p.workers {
		w.loop.Stop()
	}
}

// idle notes that a worker has nothing to do. It returns false if the program has ended.
func (p *Program) idle(w *Worker) bool {
	p.mu.Lock()
	p.idleMap[w] = true
	all := len(p.idleMap) == len(p.workers) && (p.stopping || !p.opts.Stay || !p.lasting.Load())
	ended := p.ended
	p.mu.Unlock()
	if ended {
		return false
	}
	if all {
		p.end(0, true)
		return false
	}
	return true
}

func (p *Program) busy(w *Worker) {
	p.mu.Lock()
	delete(p.idleMap, w)
	p.mu.Unlock()
}

// Restart implements pipy.Process: it loads the codebase anew on all workers.
func (p *Program) Restart() { p.command(func() { p.reload(nil) }) }

// Errors of Reload. What is wrong with a version has been logged.
var (
	ErrStopping = errors.New("the program is ending")
	ErrVersion  = errors.New("the new version cannot be loaded")
)

// Reload loads the codebase anew on all workers and puts it into effect when all of them could. If one could not, all go on
// with what they have. change, if given, is called before, while no other reload looks at the codebase.
func (p *Program) Reload(change func()) error {
	result := make(chan error, 1)
	select {
	case p.commands <- func() { result <- p.reload(change) }:
	case <-p.done:
		return ErrStopping
	}
	select {
	case err := <-result:
		return err
	case <-p.done:
		return ErrStopping
	}
}

// Failed tells, after Run, whether the program could not be started.
func (p *Program) Failed() bool { return p.started() == nil }

// Idled tells, after Run, whether the program had nothing to do once it was loaded.
func (p *Program) Idled() bool { return p.natural && !p.lasting.Load() }

// Version is the version of the codebase that was loaded last.
func (p *Program) Version() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.version
}

func (p *Program) noteVersion() {
	version := p.code.Version()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.version = version
}

// Stopping tells whether the program is ending or has ended.
func (p *Program) Stopping() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopping || p.ended
}

// each runs f on every worker at once and returns what they gave.
func (p *Program) each(f func(w *Worker) error) []error {
	errs := make([]error, len(p.workers))
	var wg sync.WaitGroup
	for i, w := range p.workers {
		wg.Add(1)
		w.post(func() {
			errs[i] = f(w)
			wg.Done()
		})
	}
	finished := make(chan struct{})
	go func() {
		wg.Wait()
		close(finished)
	}()
	select {
	case <-finished:
		return errs
	case <-p.done:
		return []error{errReported}
	}
}

// Switch loads another codebase on all workers, in place of the running one, and calls done if that has worked. It does not
// wait for it.
func (p *Program) Switch(code *codebase.Codebase, done func()) {
	p.command(func() {
		before := p.code
		if p.reload(func() { p.code = code }) != nil {
			p.code = before
			return
		}
		done()
	})
}

func (p *Program) reload(change func()) error {
	if p.Stopping() {
		return ErrStopping
	}
	if change != nil {
		change()
	}
	if _, inline := p.code.EntryText(); inline {
		p.opts.Log.Errorf("[restart] Codebase has no entry point")
		return ErrVersion
	}
	failed := false
	for _, err := range p.each(func(w *Worker) error { return w.prepare(true) }) {
		failed = failed || err != nil
	}
	if failed {
		p.each(func(w *Worker) error {
			if w.next != nil {
				w.cancel(w.next)
			}
			return nil
		})
		p.opts.Log.Errorf("[restart] Failed reloading codebase %s; the running version stays in service", p.code.Version())
		return ErrVersion
	}
	p.each(func(w *Worker) error { w.commit(); return nil })
	p.noteVersion()
	return nil
}

// Drain ends the program gracefully; called again, at once.
func (p *Program) Drain() {
	p.mu.Lock()
	again := p.stopping
	p.stopping = true
	p.mu.Unlock()
	if again {
		p.opts.Log.Infof("[shutdown] Forcing to shut down...")
		p.Exit(0)
		return
	}
	p.opts.Log.Infof("[shutdown] Shutting down...")
	for _, w := range p.workers {
		w.post(w.drain)
	}
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		var deadline <-chan time.Time
		if p.opts.DrainTimeout > 0 {
			deadline = time.After(p.opts.DrainTimeout)
		}
		for {
			select {
			case <-deadline:
				p.opts.Log.Warnf("[shutdown] Not all connections have ended within %v; they are closed now", p.opts.DrainTimeout)
				p.Exit(0)
				return
			case <-tick.C:
				p.opts.Log.Infof("[shutdown] Waiting for workers to drain...")
			case <-p.done:
				return
			}
		}
	}()
}
