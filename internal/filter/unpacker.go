package filter

import (
	"fmt"
	"io"

	"weir/internal/compression"
	"weir/internal/pipeline"
	"weir/internal/stream"
)

// unpacker decompresses for a filter. A few bytes may unpack to very many: those come out in portions, at the pace of what
// follows. Meanwhile the filter's input waits, and its source is stopped.
type unpacker struct {
	base  *pipeline.Base
	limit int64              // of what a stream may unpack to, negative for none
	see   func(stream.Event) // the filter's processing of one event
	fail  func(text string)  // is told what is wrong with the input

	u    *compression.Unpacker
	size int64 // unpacked so far
	bad  bool  // the stream has failed: the rest of it is dropped

	input *stream.Data // what u has not been fed with
	busy  bool         // input is being unpacked
	queue pipeline.Queue
	pacer pacer
}

func (x *unpacker) init(b *pipeline.Base, limit int64, see func(stream.Event), fail func(string)) {
	x.base, x.limit, x.see, x.fail = b, limit, see, fail
	x.pacer.base, x.pacer.work, x.pacer.heavy = b, x.resume, true
}

// takes reports whether the filter must leave e alone for now, since what came before it is still being unpacked.
func (x *unpacker) takes(e stream.Event) bool {
	if !x.busy && x.queue.Len() == 0 {
		return false
	}
	x.queue.Push(e)
	x.pacer.stopInput()
	return true
}

// open begins a stream unless one is open.
func (x *unpacker) open(f compression.Format) {
	if x.u == nil {
		x.u, x.size, x.bad = compression.NewUnpacker(f), 0, false
	}
}

// unpack outputs what d unpacks to, some of it perhaps in later turns.
func (x *unpacker) unpack(d *stream.Data) {
	if x.bad {
		return
	}
	x.input, x.busy = d.Clone(), true
	if x.advance(); x.busy {
		x.u.Own()
		x.input.Own()
		x.pacer.stopInput()
	}
	if x.busy || x.queue.Len() > 0 {
		x.pacer.later()
	}
}

// advance unpacks until input is used up, and nothing is busy any more, or it is time to pause.
func (x *unpacker) advance() {
	for room := portion; room > 0; {
		b, err := x.u.Next()
		if len(b) > 0 && x.emit(b) {
			if room -= len(b); x.pacer.congested() {
				return
			}
			continue
		}
		switch {
		case x.bad:
		case err != nil && err != io.EOF:
			x.stop(err.Error())
		case err == nil && !x.input.Empty():
			s := x.input.Segments()[0]
			x.u.Feed(s)
			x.input.Skip(len(s))
			continue
		}
		x.input, x.busy = nil, false
		return
	}
}

// emit outputs what was unpacked, unless that is more than is allowed.
func (x *unpacker) emit(b []byte) bool {
	if x.size += int64(len(b)); x.tooMuch() {
		x.stop(fmt.Sprintf("the data unpacks to more than the %d bytes of options.maxSize", x.limit))
		return false
	}
	x.base.Output(stream.NewData(b))
	return true
}

// tooMuch reports whether more was unpacked than is allowed.
func (x *unpacker) tooMuch() bool { return x.limit >= 0 && x.size > x.limit }

func (x *unpacker) stop(why string) {
	x.bad = true
	x.u.Close()
	x.fail("cannot decompress: " + why)
}

// resume goes on in a turn of its own.
func (x *unpacker) resume() {
	if x.busy {
		x.advance()
	}
	if x.busy {
		x.pacer.later()
		return
	}
	for !x.busy {
		e := x.queue.Pop()
		if e == nil {
			x.pacer.takeInput()
			return
		}
		x.see(e)
	}
}

// finish ends the stream, if there is one. It returns false if the stream, which should be complete, is not; then fail was
// told. Of a stream that need not be complete, what there is comes out.
func (x *unpacker) finish(complete bool) bool {
	if x.u == nil {
		return true
	}
	x.u.End()
	ok := true
	for !x.bad {
		b, err := x.u.Next()
		if len(b) > 0 && x.emit(b) {
			continue
		}
		if err == io.EOF || err != nil && !complete {
			break
		}
		if ok = false; !x.bad {
			x.stop(err.Error())
		}
	}
	x.close()
	return ok
}

// close gives the memory back.
func (x *unpacker) close() {
	if x.u != nil {
		x.u.Close()
		x.u = nil
	}
}

// reset is for the end of the pipeline.
func (x *unpacker) reset() {
	x.close()
	x.queue.Clear()
	x.pacer.takeInput()
}
