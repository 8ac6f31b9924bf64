//go:build !linux || portable

package reactor

import (
	"net/netip"
	"time"
)

type addrPort = netip.AddrPort

// backend is the portable side of a Loop: goroutines do the blocking calls of package net and post what came of them.
type backend struct {
	wakeup    chan struct{}
	timer     *time.Timer
	conns     map[*Conn]struct{}
	listeners map[*Listener]struct{}
}

func (b *backend) init(*Loop) error {
	b.wakeup = make(chan struct{}, 1)
	b.conns = make(map[*Conn]struct{})
	b.listeners = make(map[*Listener]struct{})
	return nil
}

// Close frees what the loop holds of the system: call it after Run, from the goroutine that ran it. Sockets that are
// still open are closed without calling their handlers.
func (l *Loop) Close() {
	for c := range l.conns {
		c.set(isClosed)
		c.closeSocket(false)
	}
	for ln := range l.listeners {
		ln.closed = true
		ln.closeSocket()
	}
}

func (l *Loop) wake() {
	select {
	case l.wakeup <- struct{}{}:
	default:
	}
}

// poll waits until something is posted, for at most wait nanoseconds (-1: for ever).
func (l *Loop) poll(wait int64) error {
	switch {
	case wait < 0:
		<-l.wakeup
	case wait > 0:
		if l.timer == nil {
			l.timer = time.NewTimer(time.Duration(wait))
		} else {
			l.timer.Reset(time.Duration(wait))
		}
		select {
		case <-l.wakeup:
			l.timer.Stop()
		case <-l.timer.C:
		}
	}
	l.updateTime()
	return nil
}

// postRaw runs fn on the loop; fn makes its own turns.
func (l *Loop) postRaw(fn func()) { l.post(post{fn: fn, raw: true}) }
