// Package filtertest runs pipelines in tests: a script declares one, events written as text go in, and what comes out is
// text too. See Parse for the notation and testGlobals for what scripts have at hand.
package filtertest

import (
	"strings"
	"testing"
	"time"

	"weir/internal/event"
	"weir/internal/logs"
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

// Rig is a world on a loop, for one test. Everything happens on the test's goroutine.
type Rig struct {
	T      testing.TB
	Loop   *reactor.Loop
	Realm  *script.Realm
	Host   *scripttest.Host
	World  *pipeline.World
	Log    *logs.Logger
	Layout *pipeline.Layout // what the script's completion value was
	// Source stands for the socket the events come from: its tap is the current one in turns that feed events.
	Source *reactor.Tap

	notes   []string
	waiting map[string]*waiter
	modules map[string]*module
	runs    []*Run
	names   *pipeline.Names
	bound   []func() error
}

// New makes a rig and evaluates src, whose completion value must be the pipeline to test. The namespaces are installed
// besides the event classes, pipeline and test. When the test ends, everything is released, and it is checked that no
// pipeline is left over.
func New(t testing.TB, src string, namespaces ...*script.Namespace) *Rig {
	t.Helper()
	r := Empty(t, namespaces...)
	if err := r.Load(src); err != nil {
		t.Fatalf("script: %v\n%s", err, strings.Join(r.Realm.Describe(err), "\n"))
	}
	if r.Layout == nil {
		t.Fatal("the script's completion value is not a pipeline")
	}
	return r
}

// BuildError evaluates src, which must fail, and returns the message it failed with.
func BuildError(t testing.TB, src string, namespaces ...*script.Namespace) string {
	t.Helper()
	err := Empty(t, namespaces...).Load(src)
	if err == nil {
		return "no error"
	}
	return err.Error()
}

// Empty makes a rig without a script.
func Empty(t testing.TB, namespaces ...*script.Namespace) *Rig {
	t.Helper()
	loop, err := reactor.New(reactor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	host := &scripttest.Host{Files: map[string]string{}}
	realm, err := script.New(host, script.Limits{Memory: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	log, err := logs.New(logs.Options{Level: logs.Info, Local: logs.Null, HistoryLimit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	r := &Rig{T: t, Loop: loop, Realm: realm, Host: host, Log: log,
		Source: reactor.NewTap(nil), waiting: map[string]*waiter{}, modules: map[string]*module{}}
	r.World = pipeline.NewWorld(loop, realm, log, 0)
	r.World.Inspect = func(v script.Value) string { return r.text(v) }
	r.names = pipeline.NewNames("/main.js")
	pipeline.SetModuleLoader(r.World, loader{r})
	loop.OnTurnEnd(r.World.EndTurn)
	for _, n := range append([]*script.Namespace{event.Namespace, pipeline.Namespace, r.globals()}, namespaces...) {
		if err := realm.Install(n); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(r.close)
	return r
}

// Load evaluates a script and takes its completion value as the pipeline to test.
func (r *Rig) Load(src string) error {
	var err error
	r.Loop.Turn(func() {
		var res *script.Result
		if res, err = r.Realm.Run("/main.js", src); err != nil {
			return
		}
		r.Layout, _ = script.As[*pipeline.Layout](r.Realm, res.Value)
		if err = r.names.Bind(); err != nil {
			return
		}
		for _, f := range r.bound {
			if err = f(); err != nil {
				return
			}
		}
	})
	return err
}

// Start starts a pipeline of the layout, with a context of its own.
func (r *Rig) Start(args ...script.Value) *Run {
	return r.StartIn(r.Realm.NewContext(nil), args...)
}

// StartIn starts a pipeline in a context.
func (r *Rig) StartIn(ctx *script.Context, args ...script.Value) *Run {
	run := &Run{rig: r}
	r.runs = append(r.runs, run)
	r.Loop.Turn(func() {
		run.Pipeline = r.Layout.New(ctx, run)
		run.Pipeline.Start(args...)
	})
	return run
}

// Settle runs the loop until nothing is pending: referenced timers, posts, operations elsewhere.
func (r *Rig) Settle() {
	r.T.Helper()
	guard := time.AfterFunc(10*time.Second, r.Loop.Stop)
	defer guard.Stop()
	if err := r.Loop.Run(); err != nil {
		r.T.Fatal(err)
	}
	if r.Loop.Pending() > 0 {
		r.T.Fatal("still pending after ten seconds")
	}
}

// Until runs the loop until cond, asked after every turn, is true.
func (r *Rig) Until(what string, cond func() bool) {
	r.T.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !cond() {
		if time.Now().After(deadline) {
			r.T.Fatalf("timeout waiting for %s", what)
		}
		r.Loop.AfterFunc(time.Millisecond, r.Loop.Stop)
		if err := r.Loop.Run(); err != nil {
			r.T.Fatal(err)
		}
	}
}

// Notes returns what the script passed to test.log so far, separated by blanks, and forgets it.
func (r *Rig) Notes() string {
	s := strings.Join(r.notes, " ")
	r.notes = nil
	return s
}

// LogText returns what was logged.
func (r *Rig) LogText() string { return string(r.Log.History()) }

func (r *Rig) close() {
	for _, run := range r.runs {
		run.Release()
	}
	r.Loop.Turn(func() {
		r.World.Shutdown()
	})
	// What ended pipelines of a pool let go of may take another turn.
	r.Loop.Turn(func() {})
	if n := r.World.Live(); n > 0 && !r.T.Failed() {
		r.T.Errorf("%d pipelines are left over", n)
	}
	r.World.Close()
	r.Loop.Close()
	r.Log.Close()
}
