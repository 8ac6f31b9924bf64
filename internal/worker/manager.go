package worker

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"weir/internal/codebase"
	"weir/internal/logs"
	"weir/internal/logs/target"
	"weir/internal/metrics"
	"weir/internal/status"
)

// Local is the name of a program that comes from no repo.
const Local = "/"

// SystemLog is the name of the process's own log.
const SystemLog = logs.SystemName

// ManagerOptions configure a Manager.
type ManagerOptions struct {
	// Open returns the codebase of a name other than Local. The text of its error is for clients of the admin service. Nil
	// where there are no others.
	Open func(name string) (*codebase.Codebase, error)
	// Program configures the programs that are started.
	Program Options
	// Ended, if it is set, is told when a program that had been loaded ends by itself.
	Ended func(exit int)
}

// Manager has the program of a process that stays when the program ends: it can be looked at, stopped, replaced, and started
// again. Its methods may be called from any goroutine.
type Manager struct {
	opts ManagerOptions

	starting sync.Mutex // held while a program is started or stopped

	mu      sync.Mutex
	run     *run // nil before the first
	last    []*metrics.Metric
	pending chan struct{} // closed when the metrics being collected are there; nil if none are
}

// run is a program that was started, with what it was started from.
type run struct {
	name  string
	code  *codebase.Codebase
	prog  *Program
	since time.Time
	exit  chan struct{} // closed when it has come to its end
	told  chan struct{} // closed when Ended has been told of that, if it is to be

	stopped atomic.Bool // it did not end by itself
}

var _ status.Host = (*Manager)(nil)

// NewManager returns a manager without a program.
func NewManager(o ManagerOptions) *Manager { return &Manager{opts: o} }

// StartCode starts a codebase under a name, in place of the program that runs. It returns when the program is loaded, or an
// error if it cannot be: then it has been reported in the log.
func (m *Manager) StartCode(name string, code *codebase.Codebase) error {
	m.starting.Lock()
	defer m.starting.Unlock()
	m.stop()
	r := &run{name: name, code: code, prog: New(code, m.opts.Program), since: time.Now(), exit: make(chan struct{}), told: make(chan struct{})}
	m.mu.Lock()
	m.run = r
	m.mu.Unlock()
	go func() {
		exit := r.prog.Run()
		close(r.exit)
		if m.opts.Ended != nil && !r.prog.Failed() && !r.stopped.Load() {
			m.opts.Ended(exit)
		}
		close(r.told)
	}()
	select {
	case <-r.prog.loaded:
		return nil
	case <-r.exit:
	}
	if r.prog.started() != nil { // it was short
		return nil
	}
	return status.ErrFailedToStart
}

// stop ends the program that runs, and waits until it has gone. It wants m.starting.
func (m *Manager) stop() {
	if r := m.running(); r != nil {
		r.stopped.Store(true)
		r.prog.Exit(0)
		<-r.exit
	}
}

// Idle returns a channel that is closed when the program that runs has ended, by itself or because it was stopped, and
// Ended has returned.
func (m *Manager) Idle() <-chan struct{} {
	if r := m.latest(); r != nil {
		return r.told
	}
	none := make(chan struct{})
	close(none)
	return none
}

// latest returns the program that ran last, nil if there was none.
func (m *Manager) latest() *run {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.run
}

// Current returns the program that was started last, nil if there was none. It may have ended.
func (m *Manager) Current() *Program {
	if r := m.latest(); r != nil {
		return r.prog
	}
	return nil
}

// running returns the program that runs, or is being started, or nil.
func (m *Manager) running() *run {
	r := m.latest()
	if r == nil {
		return nil
	}
	select {
	case <-r.exit:
		return nil
	default:
		return r
	}
}

// Status implements status.Host.
func (m *Manager) Status() *status.Status {
	s := &status.Status{Timestamp: time.Now().UnixMilli(), UUID: m.opts.Program.Info.UUID, Name: m.opts.Program.Info.Name,
		Modules: map[string]status.Module{}, Logs: m.logNames()}
	r := m.running()
	if r == nil {
		return s
	}
	s.Since, s.Version = r.since.UnixMilli(), r.prog.Version()
	for file, d := range r.prog.Modules() {
		s.Modules[file] = status.Module{Graph: d}
	}
	return s
}

// logNames lists the logs that have been written to.
func (m *Manager) logNames() []string {
	names := target.Histories()
	if len(m.opts.Program.Log.History()) > 0 {
		names = append(names, SystemLog)
		slices.Sort(names)
	}
	return slices.Compact(names)
}

// Dump implements status.Host.
func (m *Manager) Dump() *status.Dump {
	d := status.NewDump()
	if r := m.running(); r != nil {
		d = r.prog.Dump()
	}
	for _, name := range target.Histories() {
		d.Buffers["log "+name] += status.KB(target.History(name).Size())
	}
	d.Buffers["log "+SystemLog] += status.KB(m.opts.Program.Log.HistorySize())
	used, spare := goHeap()
	d.Pools["go"] = status.Pool{Size: 1, Allocated: int(used), Pooled: int(spare)}
	return d
}

// Metrics implements status.Host.
func (m *Manager) Metrics() []*metrics.Metric {
	m.mu.Lock()
	ready := m.pending
	if ready == nil {
		ready = make(chan struct{})
		m.pending = ready
		hub := metrics.NewHub()
		if m.run != nil {
			hub = m.run.prog.metrics
			select {
			case <-m.run.exit: // nobody answers any more
				hub = metrics.NewHub()
			default:
			}
		}
		var once sync.Once
		arrived := func(list []*metrics.Metric) {
			once.Do(func() {
				list = append(list, metrics.Process()...)
				slices.SortStableFunc(list, metrics.ByName)
				m.mu.Lock()
				m.last, m.pending = list, nil
				m.mu.Unlock()
				close(ready)
			})
		}
		hub.Collect(arrived)
		if m.run != nil {
			r := m.run
			go func() {
				select {
				case <-ready:
				case <-r.exit: // with the question unanswered, perhaps
					metrics.NewHub().Collect(arrived)
				}
			}()
		}
	}
	m.mu.Unlock()
	select {
	case <-ready:
	case <-time.After(patience):
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last
}

// Healthy implements status.Host. A process without a program is healthy.
func (m *Manager) Healthy(ctx context.Context) error {
	r := m.running()
	if r == nil {
		return nil
	}
	until := make(chan time.Time)
	defer context.AfterFunc(ctx, func() { close(until) })()
	if !r.prog.Answers(until) {
		return status.ErrBusy
	}
	return nil
}

// Program implements status.Host.
func (m *Manager) Program() string {
	if r := m.running(); r != nil {
		return r.name
	}
	return ""
}

// open finds the codebase of a name.
func (m *Manager) open(name string) (string, *codebase.Codebase, error) {
	r := m.latest()
	switch {
	case name == Local || r != nil && r.name == name && m.opts.Open == nil:
		if r == nil {
			return "", nil, status.ErrNoCodebase
		}
		return r.name, r.code, nil
	case m.opts.Open == nil:
		return "", nil, codebaseNotFound(name)
	}
	code, err := m.opts.Open(name)
	return name, code, err
}

type codebaseNotFound string

func (e codebaseNotFound) Error() string { return "Codebase not found: " + string(e) }

// check reports whether a codebase can be started at all.
func check(code *codebase.Codebase) error {
	if _, inline := code.EntryText(); !inline && !code.Exists(code.Entry()) {
		return status.ErrNoMain
	}
	return nil
}

// Start implements status.Host.
func (m *Manager) Start(name string) error {
	name, code, err := m.open(name)
	if err != nil {
		return err
	}
	if err := check(code); err != nil {
		return err
	}
	return m.StartCode(name, code)
}

// Reload implements status.Host.
func (m *Manager) Reload(name string) error {
	name, code, err := m.open(name)
	if err != nil {
		return err
	}
	r := m.running()
	if r == nil {
		return status.ErrNoCodebase
	}
	if code == r.code {
		r.prog.Restart()
		return nil
	}
	if err := check(code); err != nil {
		return err
	}
	r.prog.Switch(code, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		r.name, r.code = name, code
	})
	return nil
}

// Finished tells, once the program has ended, whether that was because nothing was left for it to do.
func (m *Manager) Finished() bool {
	r := m.latest()
	return r != nil && r.prog.natural && !r.prog.stopping
}

// Stop implements status.Host.
func (m *Manager) Stop() {
	m.starting.Lock()
	defer m.starting.Unlock()
	m.stop()
}

// Code implements status.Host.
func (m *Manager) Code() *codebase.Codebase {
	if r := m.latest(); r != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		return r.code
	}
	return nil
}

// Serve implements status.Host.
func (m *Manager) Serve(ctx context.Context, path string, body []byte) ([]byte, error) {
	r := m.running()
	if r == nil {
		return nil, status.ErrBusy
	}
	return r.prog.Serve(ctx, path, body)
}

// Creators implements status.Host.
func (m *Manager) Creators(class string) map[string]int {
	sites := map[string]int{}
	if r := m.running(); r != nil {
		for _, part := range r.prog.creators(class) {
			for site, n := range part {
				sites[site] += n
			}
		}
	}
	return sites
}
