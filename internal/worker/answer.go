package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/status"
	"weir/internal/stream"
)

// maxAnswer bounds the body of a worker's answer to a request of the admin service.
const maxAnswer = 16 << 20

// answer is what a worker has to say to a request of the admin service.
type answer struct {
	worker int
	body   []byte
	err    error
}

// Serve has all workers answer a request to a custom path of the admin service, and joins their answers. See status.Host.
func (p *Program) Serve(ctx context.Context, path string, body []byte) ([]byte, error) {
	workers := p.started()
	p.mu.Lock()
	stopping := p.stopping || p.ended
	p.mu.Unlock()
	if workers == nil || stopping {
		return nil, status.ErrBusy
	}
	answers := make(chan answer, len(workers))
	for _, w := range workers {
		w.post(func() { w.answer(path, body, func(b []byte, err error) { answers <- answer{w.id, b, err} }) })
	}
	parts := make([][]byte, len(workers))
	handled := false
	for range workers {
		select {
		case a := <-answers:
			switch {
			case errors.Is(a.err, status.ErrNoPath):
			case a.err != nil:
				return nil, a.err
			default:
				parts[a.worker], handled = a.body, true
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("a pipeline for %s does not answer: %w", path, ctx.Err())
		case <-p.done:
			return nil, status.ErrBusy
		}
	}
	if !handled {
		return nil, status.ErrNoPath
	}
	var all []byte
	for _, b := range parts {
		all = append(all, b...)
	}
	return all, nil
}

// answer runs the pipeline for a path, and calls done once, on the worker's goroutine.
func (w *Worker) answer(path string, body []byte, done func([]byte, error)) {
	v := w.current
	if v == nil || v.ended || v.closed {
		done(nil, status.ErrBusy)
		return
	}
	for _, a := range v.env.Admin {
		if !strings.HasPrefix(path, a.Path) {
			continue
		}
		r := v.world.Realm
		x := &reply{done: done}
		x.p = a.Layout.New(r.NewContext(nil), x)
		x.p.OnResult(func(script.Value) { x.finish(nil) })
		x.p.Start()
		m := &stream.Message{Head: event.Keep(r, r.FromGo(script.Object{{Name: "path", Value: path}})), Body: stream.NewData(body)}
		m.Events(x.p.Process)
		return
	}
	done(nil, status.ErrNoPath)
}

// reply collects the first message a pipeline puts out.
type reply struct {
	p    *pipeline.Pipeline
	body []byte
	done func([]byte, error) // nil once called
}

// Process implements pipeline.Input.
func (x *reply) Process(e stream.Event) {
	if x.done == nil {
		return
	}
	switch e := e.(type) {
	case *stream.Data:
		if len(x.body)+e.Size() > maxAnswer {
			x.finish(fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20))
			return
		}
		x.body = e.AppendTo(x.body)
	case *stream.MessageEnd:
		x.finish(nil)
	case *stream.StreamEnd:
		x.finish(nil)
	}
}

func (x *reply) finish(err error) {
	if x.done == nil {
		return
	}
	done := x.done
	x.done = nil
	done(x.body, err)
	x.p.Release()
}
