package filter

import (
	"io"
	"os"

	"weir/internal/logs"
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "depositMessage", Length: 1, Sig: "depositMessage(path: string | fn() -> string, options?) (L)",
		Rows: []script.Row{
			{Path: "option:depositMessage.threshold", Kind: "option", Signature: "binary size = 0"},
			{Path: "option:depositMessage.keep", Kind: "option", Signature: "bool = false"},
		},
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			if err := b.Need(1); err != nil {
				return nil, err
			}
			if v := b.Arg(0); !v.IsString() && !b.IsFunction(v) {
				return nil, script.ArgError(0, "a string or a function")
			}
			o, err := options(b, 1)
			if err != nil {
				return nil, err
			}
			return &depositDef{b.Param(0), o.Size("threshold", 0), o.Bool("keep", false)}, o.Err()
		},
	})
}

type depositDef struct {
	path      pipeline.Param
	threshold int64
	keep      bool
}

func (d *depositDef) New() pipeline.Filter { return &deposit{def: d} }

// deposit is the filter depositMessage: the body of a message goes through a file, so that it comes out at once, and takes
// no memory while it is on its way.
type deposit struct {
	pipeline.Base
	def    *depositDef
	inside bool         // of a message
	failed bool         // the rest of the message is dropped
	seen   int64        // bytes of the body that came
	passed *stream.Data // those that were output, while there is no file
	path   string
	sink   *fileSink            // of the body, while it comes
	source *pipeline.FileSource // of the body, while it goes
	end    stream.Event
	busy   bool // the body is on its way out of the file; input waits
	queue  pipeline.Queue
	brake  reactor.Brake
}

func (f *deposit) Process(e stream.Event) {
	if f.busy || f.queue.Len() > 0 {
		f.queue.Push(e)
		f.brake.Engage(f.World().Loop.CurrentTap())
		return
	}
	f.see(e)
}

func (f *deposit) see(e stream.Event) {
	switch e := e.(type) {
	case *stream.MessageStart:
		if !f.inside {
			f.inside, f.failed, f.seen, f.passed = true, false, 0, new(stream.Data)
			f.Output(e)
		}
	case *stream.Data:
		if f.inside && !f.failed {
			f.take(e)
		}
	case *stream.MessageEnd:
		if f.inside {
			f.finish(e)
		}
	case *stream.StreamEnd:
		f.finish(e)
	}
}

// take outputs or stores a piece of the body.
func (f *deposit) take(d *stream.Data) {
	if f.sink == nil && f.seen < f.def.threshold {
		f.passed.PushOwned(d)
		f.seen += int64(d.Size())
		f.Output(d)
		return
	}
	if d.Empty() || f.sink == nil && !f.open() {
		return
	}
	f.sink.write(d)
}

func (f *deposit) open() bool {
	v, ok := f.def.path.Value(&f.Base)
	if !ok {
		f.failed = true
		return false
	}
	path, ok := f.Realm().AsString(v)
	if !ok || path == "" || path == "-" {
		f.failed = true
		f.Fail("path is not or did not return the name of a file")
		return false
	}
	f.path = path
	loop := f.World().Loop
	f.sink = &fileSink{loop: loop, writer: &fileWriter{
		users:  1,
		open:   func() (io.WriteCloser, error) { return openForWriting(path, false, logs.FileOptions{}) },
		failed: func(error) {},
	}}
	if f.passed.Size() > 0 {
		f.sink.write(f.passed)
	}
	f.passed = nil
	return true
}

// finish ends the message with e: at once, or when the body has come out of the file.
func (f *deposit) finish(e stream.Event) {
	sink := f.sink
	failed := f.inside && f.failed
	f.inside, f.passed, f.sink = false, nil, nil
	if sink == nil {
		if e.Kind() == stream.KindStreamEnd || !failed {
			f.Output(e)
		}
		return
	}
	f.busy, f.end = true, e
	loop, path, offset := f.World().Loop, f.path, f.seen
	loop.Hold()
	sink.writer.closed = func(err error) {
		var file io.ReadCloser
		if err == nil {
			file, err = openForReading(path, offset)
		}
		loop.Post(func() {
			loop.Unhold()
			f.stored(file, err)
		})
	}
	sink.close()
}

// stored is called when the whole body is in the file.
func (f *deposit) stored(file io.ReadCloser, err error) {
	if f.Ended() {
		if file != nil {
			file.Close()
		}
		f.remove(func() {})
		return
	}
	if err != nil {
		f.remove(func() { f.leave(f.Failure("cannot deposit the message in " + f.path + ": " + err.Error())) })
		return
	}
	loop := f.World().Loop
	loop.Hold()
	f.source = &pipeline.FileSource{Loop: loop, File: file, Left: -1, OnData: func(d *stream.Data) { f.Output(d) }, OnEnd: func(err error) {
		f.source = nil
		f.remove(func() {
			if err != nil {
				f.leave(&stream.StreamEnd{Code: stream.ReadError})
			} else {
				f.leave(f.end)
			}
		})
		loop.Unhold()
	}}
	f.source.Start()
}

// remove deletes the file, unless it is to be kept, and then calls done.
func (f *deposit) remove(done func()) {
	loop, path := f.World().Loop, f.path
	loop.Hold()
	go func() {
		if !f.def.keep {
			os.Remove(path)
		}
		loop.Post(func() {
			loop.Unhold()
			if !f.Ended() {
				done()
			}
		})
	}()
}

// leave outputs the end of the message and goes on with what waits.
func (f *deposit) leave(end stream.Event) {
	f.Output(end)
	f.end, f.busy = nil, false
	for !f.busy {
		e := f.queue.Pop()
		if e == nil {
			f.brake.Release()
			return
		}
		f.see(e)
	}
}

func (f *deposit) Reset() {
	f.queue.Clear()
	f.brake.Release()
	if f.sink != nil {
		loop := f.World().Loop
		loop.Hold()
		f.sink.writer.closed = func(error) {
			loop.Post(func() {
				f.remove(func() {})
				loop.Unhold()
			})
		}
		f.sink.close()
	}
	if f.source != nil {
		f.source.Close()
		f.World().Loop.Unhold()
		f.remove(func() {})
	}
}
