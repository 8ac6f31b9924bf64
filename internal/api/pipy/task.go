package pipy

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
)

// task is a pipeline that runs at start, at intervals, on a signal, or when files change. It is not started again while
// it runs.
type task struct {
	env      *Env
	layout   *pipeline.Layout
	interval time.Duration
	signal   os.Signal
	watched  string
	running  bool
	timer    *reactor.Timer
	signals  chan os.Signal
	stopped  bool
}

func (conf *Configuration) task(c *script.Call) error {
	t := &task{env: conf.env}
	i, when := 0, ""
	if s, ok := c.AsString(c.Arg(0)); ok {
		i, when = 1, s
		if err := t.when(s); err != nil {
			return err
		}
	} else if _, isNumber := c.NumberOf(c.Arg(0)); isNumber {
		return script.ArgError(0, "a string or an object")
	}
	name := conf.numbered("Task #")
	shown := rootName{name, name}
	if when != "" {
		shown.title += " (" + when + ")"
	}
	b, err := conf.root("task", shown, func(l *pipeline.Layout) error {
		t.layout = l
		conf.env.tasks = append(conf.env.tasks, t)
		return nil
	})
	if err != nil || !c.Has(i) {
		return err
	}
	return b.SetStart(c, i)
}

// when reads an interval ("5s") or the name of a signal.
func (t *task) when(s string) error {
	if s != "" && s[0] >= '0' && s[0] <= '9' {
		f, ok := script.ParseQuantity(s, script.Seconds)
		if !ok || f < 0.01 || f > 86400 {
			return fmt.Errorf("task interval out of range: %s", s)
		}
		t.interval = script.ToDuration(f)
		return nil
	}
	sig, ok := signalByName(s)
	if !ok {
		return fmt.Errorf("invalid signal name: %s", s)
	}
	t.signal = sig
	return nil
}

func (conf *Configuration) watch(c *script.Call) error {
	name, err := c.Str(0)
	if err != nil {
		return err
	}
	if name == "" {
		return errors.New("filename cannot be empty")
	}
	t := &task{env: conf.env, watched: name}
	_, err = conf.root("watch "+name, rootName{"Watch " + name, "Watch " + name}, func(l *pipeline.Layout) error {
		t.layout = l
		conf.env.tasks = append(conf.env.tasks, t)
		return nil
	})
	return err
}

func (t *task) start() {
	w := t.env.World
	switch {
	case t.watched != "":
		t.env.Watch(t.watched, func([]string) bool {
			t.run()
			return !t.stopped
		})
	case t.signal != nil:
		t.signals = make(chan os.Signal, 1)
		t.env.Signals(t.signal, true)
		signal.Notify(t.signals, t.signal)
		w.Loop.Hold()
		go func(ch chan os.Signal) {
			for range ch {
				w.Loop.Post(func() {
					if !t.stopped {
						t.run()
					}
				})
			}
		}(t.signals)
	case t.interval > 0:
		t.timer = w.Loop.AfterFunc(t.interval, t.tick)
		t.run()
	default:
		t.run()
	}
}

func (t *task) tick() {
	if t.stopped {
		return
	}
	t.timer.Reset(t.interval)
	t.run()
}

func (t *task) run() {
	if t.running || t.stopped {
		return
	}
	t.running = true
	r := t.env.World.Realm
	t.env.World.Loop.Turn(func() {
		_, result := t.layout.Run(r.NewContext(nil))
		r.Then(result, func(bool, script.Value) { t.running = false })
	})
}

func (t *task) stop() {
	if t.stopped {
		return
	}
	t.stopped = true
	if t.timer != nil {
		t.timer.Stop()
	}
	if t.signals != nil {
		signal.Stop(t.signals)
		close(t.signals)
		t.env.Signals(t.signal, false)
		t.env.World.Loop.Unhold()
	}
}

// Signals tells the process that a task handles a signal, which suppresses the signal's own effect.
func (e *Env) Signals(s os.Signal, taken bool) {
	if p, ok := e.Process.(interface{ TakeSignal(os.Signal, bool) }); ok {
		p.TakeSignal(s, taken)
	}
}
