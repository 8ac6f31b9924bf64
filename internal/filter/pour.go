package filter

import (
	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/stream"
)

// pour hands over a message whose body is read meanwhile, as events in turns of their own; congestion downstream stops
// the reading. The events end with a MessageEnd, or with a StreamEnd if the body cannot be read. It returns nil if
// nothing is left to do.
func pour(loop *reactor.Loop, m *stream.Message, to pipeline.InputFunc) *pipeline.FileSource {
	m.Kept = true
	file, err := m.Source.Open()
	if err != nil {
		to(&stream.StreamEnd{Code: stream.ReadError, Err: err})
		return nil
	}
	s := &pipeline.FileSource{Loop: loop, File: file, Left: m.Source.Size()}
	head, _ := m.Head.(*httphead.Head)
	if head != nil {
		head.Promise(s.Left)
	}
	s.OnData = func(d *stream.Data) {
		if head != nil {
			head.Body.Emit(d)
		}
		to(d)
	}
	s.OnEnd = func(err error) {
		if err != nil || s.Left > 0 {
			to(&stream.StreamEnd{Code: stream.ReadError, Err: err})
			return
		}
		to(&stream.MessageEnd{Tail: m.Tail, Payload: m.Payload})
	}
	return s
}

// pour answers with a message whose body is read while it is sent.
func (x *httpExchange) pour(loop *reactor.Loop, m *stream.Message) {
	body := pour(loop, m, x.to.Process)
	if body == nil {
		return
	}
	x.body = body
	x.to.Process(&stream.MessageStart{Head: m.Head})
	body.Start() // does nothing if that has ended x
}

// stopReading gives up on the rest of a body.
func (x *httpExchange) stopReading() {
	if x.body != nil {
		x.body.Close()
		x.body = nil
	}
}
