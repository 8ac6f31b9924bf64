package ebpf

import (
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"weir/internal/clayout"
)

// contextTypes are what the kernel calls the contexts that test runs take, by the type of the program.
var contextTypes = map[ebpf.ProgramType]string{
	ebpf.XDP: "xdp_md", ebpf.SkLookup: "bpf_sk_lookup", ebpf.FlowDissector: "bpf_flow_keys", ebpf.Netfilter: "nf_hook_state",
	ebpf.SocketFilter: "__sk_buff", ebpf.SchedCLS: "__sk_buff", ebpf.SchedACT: "__sk_buff", ebpf.CGroupSKB: "__sk_buff",
	ebpf.LWTIn: "__sk_buff", ebpf.LWTOut: "__sk_buff", ebpf.LWTXmit: "__sk_buff", ebpf.LWTSeg6Local: "__sk_buff",
}

// maxArguments is how many arguments a raw trace point has at most.
const maxArguments = 12

// ContextLayout returns the layout of the context that a test run of the program takes: the kernel's for programs of its type,
// args for raw trace points, else what the function in the object file has a pointer to.
func (p *Program) ContextLayout() (*clayout.Layout, error) {
	t := ebpf.ProgramType(p.Type)
	switch {
	case t == ebpf.RawTracepoint, t == ebpf.RawTracepointWritable,
		t == ebpf.Tracing && ebpf.AttachType(p.AttachType) == ebpf.AttachTraceRawTp:
		l := clayout.New(false, clayout.C)
		return l, l.Add("args", clayout.Type{Kind: clayout.Uint64, Array: true, Count: maxArguments})
	case contextTypes[t] != "":
		if l, err := KernelLayout(p.gen.Backend, contextTypes[t]); err == nil {
			return l, nil
		}
	}
	if s := p.parameter(); s != nil {
		return LayoutOf(s)
	}
	return nil, fmt.Errorf("options.context: nothing tells the layout of the context of %s, a program of type %s: give a Data",
		p.Name, ProgramTypeName(p.Type))
}

// parameter returns the struct that the program's function has a pointer to as its first parameter; nil if there is none.
func (p *Program) parameter() *btf.Struct {
	if p.spec == nil || len(p.spec.Instructions) == 0 {
		return nil
	}
	f := btf.FuncMetadata(&p.spec.Instructions[0])
	if f == nil {
		return nil
	}
	proto, ok := f.Type.(*btf.FuncProto)
	if !ok || len(proto.Params) == 0 {
		return nil
	}
	to, ok := btf.UnderlyingType(proto.Params[0].Type).(*btf.Pointer)
	if !ok {
		return nil
	}
	s, ok := btf.UnderlyingType(to.Target).(*btf.Struct)
	if !ok || len(s.Members) == 0 {
		return nil
	}
	return s
}
