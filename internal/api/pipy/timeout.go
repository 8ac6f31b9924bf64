package pipy

import (
	"errors"
	"time"

	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
)

// timeout is a Timeout: a timer with promises.
type timeout struct {
	delay   time.Duration
	timer   *reactor.Timer
	state   timeoutState
	waiters []*script.Resolver
	self    *script.Ref // while waiters need the object
}

type timeoutState int

const (
	pending timeoutState = iota
	fired
	cancelled
)

// TimeoutClass is Timeout.
var TimeoutClass = &script.Class{Name: "Timeout", Sig: "new Timeout(seconds: number)", Length: 1}

func init() {
	TimeoutClass.Make = func(c *script.Call) (script.Value, error) {
		f, err := c.Number(0)
		if err != nil {
			if len(c.Args) == 0 {
				return script.Undefined, errors.New("requires 1 or more arguments")
			}
			return script.Undefined, err
		}
		t := &timeout{delay: script.ToDuration(f)}
		v := c.NewObjectOf(TimeoutClass, t)
		t.start(pipeline.WorldOf(c.Realm))
		return v, nil
	}
	TimeoutClass.Finalize = func(any) {} // a running timer goes on: it keeps the program alive
	TimeoutClass.Methods = []script.Method{
		{Name: "wait", Sig: "wait(): Promise<Timeout>", Fn: func(c *script.Call) (script.Value, error) {
			t := script.This[*timeout](c)
			promise, resolver := c.NewPromise()
			switch t.state {
			case fired:
				resolver.Resolve(c.This)
			case cancelled:
				resolver.Reject(c.This)
			default:
				t.waiters = append(t.waiters, resolver)
				if t.self == nil {
					t.self = c.Hold(c.This)
				}
			}
			return promise, nil
		}},
		{Name: "cancel", Sig: "cancel(): undefined", Fn: func(c *script.Call) (script.Value, error) {
			t := script.This[*timeout](c)
			t.timer.Stop()
			t.settle(cancelled, (*script.Resolver).Reject)
			return script.Undefined, nil
		}},
		{Name: "restart", Sig: "restart(seconds?: number): undefined", Fn: func(c *script.Call) (script.Value, error) {
			t := script.This[*timeout](c)
			if c.Has(0) {
				f, err := c.Number(0)
				if err != nil {
					return script.Undefined, err
				}
				t.delay = script.ToDuration(f)
			}
			t.timer.Stop()
			t.start(pipeline.WorldOf(c.Realm))
			return script.Undefined, nil
		}},
	}
}

func (t *timeout) start(w *pipeline.World) {
	t.state = pending
	t.timer = w.Loop.AfterFunc(t.delay, func() {
		if !w.Realm.Closed() {
			t.settle(fired, (*script.Resolver).Resolve)
		}
	})
	w.OwnTimer(t.timer)
}

// settle tells all waiters.
func (t *timeout) settle(s timeoutState, f func(*script.Resolver, script.Value)) {
	t.state = s
	waiters := t.waiters
	t.waiters = nil
	for _, r := range waiters {
		f(r, t.self.Value())
	}
	t.self.Free()
	t.self = nil
}
