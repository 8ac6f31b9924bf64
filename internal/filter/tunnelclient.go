package filter

import (
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/stream"
)

// tunnelClient is what the filters have in common that first come to terms with a server behind their sub-pipeline, while
// their input waits, and then let everything through.
type tunnelClient struct {
	sub   *pipeline.Pipeline
	state tunnelState
	held  pipeline.Queue
	brake reactor.Brake // of the source of what is held
}

type tunnelState uint8

const (
	tunnelIdle     tunnelState = iota
	tunnelWaiting              // for the server to agree
	tunnelDraining             // what was held is on its way
	tunnelOpen
	tunnelEnded // nothing passes any more
)

// begin starts the sub-pipeline, whose output must go to a function that asks passes first.
func (t *tunnelClient) begin(sub *pipeline.Pipeline) {
	t.sub, t.state = sub, tunnelWaiting
	sub.Start()
}

// send takes an event of the input of filter b.
func (t *tunnelClient) send(b *pipeline.Base, e stream.Event) {
	switch t.state {
	case tunnelOpen:
		t.sub.Process(e)
	case tunnelWaiting, tunnelDraining:
		t.held.Push(e)
		if e.Kind() == stream.KindData && t.state == tunnelWaiting {
			t.brake.Engage(b.World().Loop.CurrentTap())
		}
	}
}

// passes deals with an event from the server if that needs no understanding: once the tunnel is open, or when the server
// is gone before that.
func (t *tunnelClient) passes(b *pipeline.Base, e stream.Event) bool {
	switch {
	case t.state == tunnelEnded:
	case t.state != tunnelWaiting:
		b.Output(e)
	case e.Kind() == stream.KindStreamEnd:
		t.end(b, e)
	default:
		return false
	}
	return true
}

// open lets everything through from now on. An empty Data follows what was held: it makes filters on the way begin even if
// there is nothing to send.
func (t *tunnelClient) open() {
	if t.state != tunnelWaiting {
		return
	}
	t.state = tunnelDraining
	t.brake.Release()
	t.held.Drain(t.sub.Process)
	t.sub.Process(new(stream.Data))
	t.held.Drain(t.sub.Process)
	if t.state == tunnelDraining {
		t.state = tunnelOpen
	}
}

// end gives up what is not open yet and outputs e.
func (t *tunnelClient) end(b *pipeline.Base, e stream.Event) {
	if t.state != tunnelEnded {
		t.reset()
		b.Output(e)
	}
}

// reset lets everything go.
func (t *tunnelClient) reset() {
	t.state = tunnelEnded
	t.held.Clear()
	t.brake.Release()
	t.sub.Release()
}
