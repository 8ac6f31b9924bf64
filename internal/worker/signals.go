package worker

import (
	"os"
	"os/signal"
	"syscall"
)

// watchSignals acts on the signals that concern the program as a whole.
func (p *Program) watchSignals() (stop func()) {
	ch := make(chan os.Signal, 4)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	if p.opts.Suspend != nil && SuspendSignal != nil {
		signal.Notify(ch, SuspendSignal)
	}
	quit := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-ch:
				p.mu.Lock()
				taken := p.taken[s] > 0
				p.mu.Unlock()
				switch {
				case taken: // a task of the script handles it
				case s == SuspendSignal:
					p.opts.Suspend()
				case s == syscall.SIGHUP && p.opts.Hangup != nil:
					p.opts.Hangup()
				case s == syscall.SIGHUP:
					p.Restart()
				default:
					p.Drain()
				}
			case <-quit:
				return
			}
		}
	}()
	return func() {
		signal.Stop(ch)
		close(quit)
	}
}

// TakeSignal says that a script handles a signal itself, or no longer does.
func (p *Program) TakeSignal(s os.Signal, taken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if taken {
		p.taken[s]++
	} else {
		p.taken[s]--
	}
}
