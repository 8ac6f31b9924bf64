package bpf

import (
	"errors"

	"weir/internal/api/cstruct"
	"weir/internal/ebpf"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

const (
	// maxRunOutput bounds the room for the output of test runs.
	maxRunOutput = 1 << 20
	// growth is how much larger than its input the output may be if the script does not say.
	growth = 256
	// liveFrames is BPF_F_TEST_XDP_LIVE_FRAMES: packets are sent, not returned.
	liveFrames = 2
)

// programRun runs a program without attaching it.
func programRun(c *script.Call) (script.Value, error) {
	p := script.This[*ebpf.Program](c)
	v := c.Arg(0)
	if err := checkKeys(c.Realm, v, "options", "data", "dataOut", "context", "contextOut", "repeat", "cpu", "flags", "batchSize"); err != nil {
		return script.Undefined, err
	}
	if err := p.Need(); err != nil { // nor is the layout of its context known
		return script.Undefined, err
	}
	o := c.Options(v)
	run := &ebpf.RunOptions{Data: optionalBytes(o, "data"), Repeat: uintOption(o, "repeat", 1), CPU: optionalUint(o, "cpu"),
		Flags: uintOption(o, "flags", 0), BatchSize: uintOption(o, "batchSize", 0)}
	codec, err := runContext(o, p, run)
	if err != nil {
		return script.Undefined, err
	}
	var data, context int64
	if run.Flags&liveFrames == 0 {
		if run.Data != nil {
			data = int64(len(run.Data) + growth)
		}
		context = int64(len(run.Context))
	}
	data, context = o.Size("dataOut", data), o.Size("contextOut", context)
	if o.Err() != nil {
		return script.Undefined, o.Err()
	}
	if data > maxRunOutput || context > maxRunOutput {
		return script.Undefined, errors.New("options.dataOut and options.contextOut must not be over 1 MiB")
	}
	run.DataOut, run.ContextOut = int(data), int(context)
	res, err := p.Run(run)
	if err != nil {
		return script.Undefined, err
	}
	out := c.NewObject()
	c.Set(out, "retval", script.Number(float64(res.Retval)))
	c.Set(out, "data", dataOrNull(c.Realm, res.Data))
	if codec != nil && res.Context != nil {
		c.Set(out, "context", decode(c.Realm, codec, res.Context))
	} else {
		c.Set(out, "context", dataOrNull(c.Realm, res.Context))
	}
	c.Set(out, "duration", script.Number(res.Duration.Seconds()))
	return out, nil
}

// runContext reads options.context into run: bytes, or an object, for which it returns the codec.
func runContext(o *script.Options, p *ebpf.Program, run *ebpf.RunOptions) (*cstruct.Codec, error) {
	v, r := o.Value("context"), o.Realm()
	if d, ok := event.DataOf(r, v); ok {
		run.Context = d.Bytes()
		return nil, nil
	}
	if !v.IsObject() {
		if !v.IsUndefined() {
			o.Fail("context", "a Data object", "an object")
		}
		return nil, o.Err()
	}
	l, err := p.ContextLayout()
	if err != nil {
		return nil, err
	}
	codec := cstruct.NewCodec(l)
	run.Context = make([]byte, l.Size)
	if err := encode(r, codec, v, run.Context); err != nil {
		return nil, err
	}
	// The kernel asks for the end of the packet that it is given.
	if end, err := r.Get(v, "data_end"); ebpf.ProgramTypeName(p.Type) == "BPF_PROG_TYPE_XDP" && end.IsUndefined() {
		if err != nil {
			return nil, err
		}
		for _, f := range l.Fields {
			if f.Name == "data_end" {
				order.PutUint32(run.Context[f.Offset:], uint32(len(run.Data)))
			}
		}
	}
	return codec, nil
}

func dataOrNull(r *script.Realm, b []byte) script.Value {
	if b == nil {
		return script.Null
	}
	return event.NewData(r, stream.NewData(b))
}
