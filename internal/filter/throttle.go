package filter

import (
	"errors"
	"math"

	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	for _, x := range []struct {
		name string
		unit throttleUnit
	}{{"throttleConcurrency", perPipeline}, {"throttleDataRate", perByte}, {"throttleMessageRate", perMessage}} {
		pipeline.Register(pipeline.Spec{
			Name: x.name, Length: 1,
			Sig:   x.name + "(quota: algo.Quota | fn() -> algo.Quota, options?) (L,N)",
			Rows:  []script.Row{{Path: "option:" + x.name + ".blockInput", Kind: "option", Signature: "bool = true"}},
			Build: func(b *pipeline.Build) (pipeline.Def, error) { return buildThrottle(b, x.unit) },
		})
	}
}

// quota is what the filters need of an algo.Quota.
type quota interface {
	Consume(n float64) float64
	Produce(n float64)
	Wait(w interface{ QuotaAvailable() bool })
	Cancel(w interface{ QuotaAvailable() bool })
}

// throttleUnit is what one unit of quota pays for.
type throttleUnit uint8

const (
	perByte throttleUnit = iota
	perMessage
	perPipeline
)

type throttleDef struct {
	unit  throttleUnit
	quota pipeline.Param
	block bool
}

func buildThrottle(b *pipeline.Build, unit throttleUnit) (pipeline.Def, error) {
	if _, ok := script.As[quota](b.Realm, b.Arg(0)); !ok && !b.IsFunction(b.Arg(0)) {
		return nil, errors.New("throttle filter expects an algo.Quota or a function returning that")
	}
	o, err := options(b, 1)
	if err != nil {
		return nil, err
	}
	return &throttleDef{unit, b.Param(0), o.Bool("blockInput", true)}, o.Err()
}

func (d *throttleDef) New() pipeline.Filter { return &throttle{def: d} }

// throttle delays events until a quota pays for them.
type throttle struct {
	pipeline.Base
	def    *throttleDef
	quota  quota
	object *script.Ref  // keeps the quota
	credit float64      // what is left of a byte's price
	paid   bool         // perPipeline: the unit is taken
	first  stream.Event // what waits to be paid, followed by queue
	queue  pipeline.Queue
	busy   bool // the queue is being served
	brake  reactor.Brake
}

func (f *throttle) Process(e stream.Event) {
	if f.quota == nil && !f.open() {
		return
	}
	if d, ok := e.(*stream.Data); ok && d.Empty() {
		return
	}
	if f.busy || f.first != nil {
		f.queue.Push(e)
		f.stall()
		return
	}
	if f.pass(e) {
		return
	}
	f.first = stream.Own(e)
	f.stall()
	f.quota.Wait(f)
}

func (f *throttle) open() bool {
	v, ok := f.def.quota.Value(&f.Base)
	if !ok {
		return false
	}
	q, ok := script.As[quota](f.Realm(), v)
	if !ok {
		f.Fail("function did not return an object of type algo.Quota")
		return false
	}
	f.quota, f.object = q, f.Realm().Hold(v)
	return true
}

// pass outputs e if it is paid for. Of a Data it outputs as much as is paid for; the rest stays in it.
func (f *throttle) pass(e stream.Event) bool {
	switch f.def.unit {
	case perByte:
		d, ok := e.(*stream.Data)
		if !ok {
			break
		}
		for cut := false; ; cut = true {
			f.credit += f.quota.Consume(float64(d.Size()) - f.credit)
			n := math.Floor(f.credit)
			f.credit -= n
			if int(n) >= d.Size() {
				break
			}
			if n == 0 && cut {
				return false
			}
			f.Output(d.Shift(int(n))) // which may cause the quota to grow
		}
	case perMessage:
		if e.Kind() == stream.KindMessageStart && f.quota.Consume(1) <= 0 {
			return false
		}
	case perPipeline:
		if !f.paid && f.quota.Consume(1) <= 0 {
			return false
		}
		f.paid = true
	}
	f.Output(e)
	return true
}

func (f *throttle) stall() {
	if f.def.block {
		f.brake.Engage(f.World().Loop.CurrentTap())
	}
}

// QuotaAvailable is called by the quota when it can pay again; it returns whether nothing waits any more.
func (f *throttle) QuotaAvailable() bool {
	if f.busy {
		return false
	}
	f.busy = true
	for f.first != nil && f.pass(f.first) {
		f.first = f.queue.Pop()
	}
	f.busy = false
	if f.first != nil {
		return false
	}
	f.brake.Release()
	return true
}

func (f *throttle) Reset() {
	f.first = nil
	f.queue.Clear()
	f.brake.Release()
	if f.quota == nil {
		return
	}
	q, object := f.quota, f.object
	q.Cancel(f)
	if f.paid {
		f.World().Loop.Later(func() {
			q.Produce(1)
			object.Free()
		})
	}
}
