//go:build linux

package proc

import (
	"bytes"
	"sync"
)

// maxOutput bounds what is kept of one stream; a server that logs in a loop must not eat the machine.
const maxOutput = 16 << 20

// Output collects what a process writes to one of its streams. Text past 16 MiB is dropped.
type Output struct {
	mu     sync.Mutex
	buf    bytes.Buffer
	notify chan struct{} // closed and replaced at every change
	closed bool
}

// Write implements io.Writer and never fails.
func (o *Output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if room := maxOutput - o.buf.Len(); room > 0 {
		o.buf.Write(b[:min(room, len(b))])
	}
	o.signal()
	return len(b), nil
}

// String returns everything written so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// changed returns a channel that is closed at the next write or at the end of the stream.
func (o *Output) changed() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.notify == nil {
		o.notify = make(chan struct{})
		if o.closed {
			close(o.notify)
		}
	}
	return o.notify
}

func (o *Output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.signal()
}

func (o *Output) signal() {
	if o.notify != nil {
		close(o.notify)
		o.notify = nil
	}
}
