package instance

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"weir/internal/codebase"
	"weir/internal/logs"
	"weir/internal/worker"
)

// Options configure an Instance.
type Options struct {
	Remote  *codebase.Remote
	Manager *worker.Manager
	Log     *logs.Logger
	Poll    time.Duration // how often files that scripts watch are looked at

	URL    string       // of the codebase: reports go there
	Client *http.Client // for reports and the link
	Token  string       // sent as "authorization: Bearer"; "" for none
	UUID   string

	// Hold reports whether the process stays when its program has nothing left to do: it can be started again.
	Hold func() bool

	NoReload  bool // load once, fetch new versions only when told to, try no start twice
	NoStatus  bool // no reports, no link
	NoMetrics bool // no metrics in reports
}

// Instance is a process that runs a remote codebase.
type Instance struct {
	o      Options
	forced chan struct{} // somebody demands a download
	ended  chan int      // exit codes of programs
	insist atomic.Bool   // the demand is to be met even if the same was loaded a moment ago

	interval time.Duration // between reports, and between attempts to open the link
}

// New returns an instance that does not run yet.
func New(o Options) *Instance {
	return &Instance{o: o, forced: make(chan struct{}, 1), ended: make(chan int, 1), interval: reportInterval}
}

// Sync demands that the codebase is downloaded and loaded again, whether it has changed or not. It does not wait for it; demands
// that come before one is met are met with it. It may be called from any goroutine.
func (i *Instance) Sync() {
	i.insist.Store(true)
	i.demand()
}

// demand is Sync for the repo, which says of a commit that it has happened to those who wait for a new version as well.
func (i *Instance) demand() {
	select {
	case i.forced <- struct{}{}:
	default:
	}
}

// Ended is what the manager tells when a program has ended.
func (i *Instance) Ended(exit int) {
	select {
	case i.ended <- exit:
	default: // Run has returned
	}
}

// retryDelay is how long a start that has failed is not tried again.
const retryDelay = 5 * time.Second

// Run runs the codebase until its program exits or the process is told to end, and returns the exit code. What fails at the
// start is tried again, from the download on, unless NoReload is set.
func (i *Instance) Run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// While no program handles it: it must not end the process.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for {
		exit, again := i.serve(ctx)
		if !again || i.o.NoReload {
			return exit
		}
		select {
		case <-ctx.Done():
			return 0
		case <-hangups:
		case <-i.forced:
		case <-time.After(retryDelay):
		}
	}
}

// serve fetches the codebase and runs its program to its end. again tells that the start has failed.
func (i *Instance) serve(ctx context.Context) (exit int, again bool) {
	v, copied := i.fetch(ctx)
	if v == nil {
		return 0, ctx.Err() == nil
	}
	if !i.start(v) {
		if v = i.older(v, copied); v == nil || !i.start(v) {
			return worker.ExitFailure, true
		}
		copied = true
	}
	if !copied {
		i.keep(v)
	}
	prog := i.o.Manager.Current()
	running, cancel := context.WithCancel(context.Background())
	var tasks sync.WaitGroup
	tasks.Go(func() { i.follow(running) })
	if !i.o.NoReload {
		tasks.Go(func() { i.look(running) })
	}
	if !i.o.NoStatus {
		tasks.Go(func() { i.report(running) })
		tasks.Go(func() { i.holdLink(running) })
	}
	stopping := i.stopping(running)
	for held := true; held; {
		select {
		case exit = <-i.ended:
			held = i.o.NoReload && i.o.Manager.Finished() && i.o.Hold()
		case <-stopping:
			// Nothing is fetched or reported while connections end.
			cancel()
			// A program that was stopped over the admin service tells nobody that it has ended.
			select {
			case exit = <-i.ended:
			case <-i.o.Manager.Idle():
				select {
				case exit = <-i.ended:
				default:
				}
			}
			held = false
		}
	}
	cancel()
	tasks.Wait()
	return exit, prog.Idled() && ctx.Err() == nil
}

// stopping is closed when the running program has been told to end.
func (i *Instance) stopping(ctx context.Context) <-chan struct{} {
	ch := make(chan struct{})
	stop, cancel := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	go func() {
		defer cancel()
		<-stop.Done()
		close(ch)
	}()
	return ch
}

// fetch gets the codebase from the server, or else from the cache.
func (i *Instance) fetch(ctx context.Context) (v *codebase.Version, copied bool) {
	v, err := i.o.Remote.Fetch(ctx)
	if err == nil {
		return v, false
	}
	if ctx.Err() != nil {
		return nil, false
	}
	return i.restore(), true
}

func (i *Instance) restore() *codebase.Version {
	v, err := i.o.Remote.Restore()
	switch {
	case err == nil:
		i.o.Log.Warnf("[codebase] Starting version %s, which is kept on this machine", v.Tag)
		return v
	case !errors.Is(err, fs.ErrNotExist):
		i.o.Log.Errorf("[codebase] %v", err)
	}
	return nil
}

// older is the version on this machine, if there is one other than v, which does not work.
func (i *Instance) older(v *codebase.Version, copied bool) *codebase.Version {
	if copied {
		return nil
	}
	kept := i.restore()
	if kept == nil || kept.Same(v) {
		return nil
	}
	i.o.Remote.Seen(v) // not again before there is another
	return kept
}

func (i *Instance) start(v *codebase.Version) bool {
	i.o.Remote.Apply(v)
	return i.o.Manager.StartCode(worker.Local, i.o.Remote.Code()) == nil
}

// keep stores a version that works. If that fails the next start without the server has an older one.
func (i *Instance) keep(v *codebase.Version) {
	if err := i.o.Remote.Keep(v); err != nil {
		i.o.Log.Warnf("[codebase] Version %s runs, but no copy of it could be kept: %v", v.Tag, err)
	}
}

// sameCommit is how far apart the two ways in which a repo tells of one commit may be.
const sameCommit = 2 * time.Second

// follow loads new versions until the context ends.
func (i *Instance) follow(ctx context.Context) {
	var last *codebase.Version // that was loaded, or could not be
	var loaded time.Time
	for ctx.Err() == nil {
		if i.await(ctx) != nil {
			return
		}
		v, err := i.o.Remote.Fetch(ctx)
		if err != nil {
			continue
		}
		if !i.insist.Swap(false) && last != nil && v.Equal(last) && time.Since(loaded) < sameCommit {
			continue
		}
		last = v
		prog := i.o.Manager.Current()
		if err := prog.Reload(func() { i.o.Remote.Apply(v) }); err == nil {
			i.keep(v)
		}
		loaded = time.Now()
	}
}

// await returns when there is something to fetch.
func (i *Instance) await(ctx context.Context) error {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	forced := make(chan struct{})
	go func() {
		select {
		case <-i.forced:
			close(forced)
			cancel()
		case <-waiting.Done():
		}
	}()
	var err error
	if i.o.NoReload {
		<-waiting.Done()
		err = waiting.Err()
	} else {
		err = i.o.Remote.Wait(waiting)
	}
	select {
	case <-forced:
		return ctx.Err()
	default:
		return err
	}
}

// look keeps files that scripts watch in step.
func (i *Instance) look(ctx context.Context) {
	tick := time.NewTicker(i.o.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			i.o.Remote.Look(ctx)
		}
	}
}
