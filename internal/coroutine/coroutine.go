// Package coroutine lets code that can only be written blocking, such as crypto/tls, run on the goroutine of an event
// loop: it gives control back instead of blocking, and is resumed when there is something to go on with.
package coroutine

import (
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
)

// ErrStopped is what waiting ends with when the coroutine is to be abandoned.
var ErrStopped = errors.New("coroutine stopped")

// Coroutine is a function that runs in turns with whoever resumes it: never at the same time. New, Resume and Stop belong
// to one goroutine. A coroutine that has not ended must be stopped, otherwise it leaks its stack.
type Coroutine struct {
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	call  func() // for the resuming side
	err   error
	done  bool
}

// PanicError is what a function that panicked ends with.
type PanicError struct {
	Value any
	Stack []byte
}

// Error implements error.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// New makes a coroutine that will run f. It starts with the first Resume.
func New(f func(c *Coroutine) error) *Coroutine {
	c := new(Coroutine)
	c.next, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		defer func() {
			if v := recover(); v != nil {
				c.err = &PanicError{v, debug.Stack()}
			}
		}()
		c.err = f(c)
	})
	return c
}

// Resume lets the function run until it waits again or ends; true means that it has ended. It must not be called by what
// Do runs.
func (c *Coroutine) Resume() (done bool) {
	for !c.done {
		if _, more := c.next(); !more {
			c.done = true
			break
		}
		f := c.call
		if f == nil {
			return false
		}
		c.call = nil
		f()
	}
	return true
}

// Done reports whether the function has ended, Err then tells how.
func (c *Coroutine) Done() bool { return c.done }

// Err returns what the function returned, or a PanicError.
func (c *Coroutine) Err() error { return c.err }

// Stop abandons the function: what it waits for ends with ErrStopped, and so does everything it waits for from then on.
// It returns when the function has ended.
func (c *Coroutine) Stop() {
	if c.done {
		return
	}
	c.done = true
	c.call = nil
	c.stop()
	if c.err == nil {
		c.err = ErrStopped
	}
}

// Wait gives control back until the next Resume. Only the function itself may call it.
func (c *Coroutine) Wait() error {
	if c.done || !c.yield(struct{}{}) {
		return ErrStopped
	}
	return nil
}

// Do runs f on the goroutine that resumes, and goes on when it is done. Only the function itself may call it. A panic of f
// is one of Resume.
func (c *Coroutine) Do(f func()) error {
	if c.done {
		return ErrStopped
	}
	c.call = f
	return c.Wait()
}

// Grow makes the stack of the running coroutine as large as deep code is going to need it, in one step: growing bit by bit,
// a stack is copied the more often the deeper it gets.
//
//go:noinline
func Grow() {
	var room [12 << 10]byte
	touch(&room)
}

//go:noinline
func touch(room *[12 << 10]byte) { room[0] = 1 }
