package link

import "encoding/binary"

// Messages of rtnetlink(7) for traffic control: a header of 16 bytes, struct tcmsg of 20, attributes padded to 4. Numbers are
// in the byte order of the host.

const (
	newQdisc  = 36 // RTM_NEWQDISC
	newFilter = 44 // RTM_NEWTFILTER
	delFilter = 45 // RTM_DELTFILTER

	flagRequest = 0x001
	flagAck     = 0x004
	flagReplace = 0x100
	flagExcl    = 0x200
	flagCreate  = 0x400

	clsactHandle  = 0xffff0000
	clsactParent  = 0xfffffff1
	ingressParent = 0xfffffff2
	egressParent  = 0xfffffff3

	attrKind    = 1 // TCA_KIND
	attrOptions = 2 // TCA_OPTIONS
	attrFD      = 6 // TCA_BPF_FD
	attrName    = 7 // TCA_BPF_NAME
	attrFlags   = 8 // TCA_BPF_FLAGS

	directAction = 1 // TCA_BPF_FLAG_ACT_DIRECT
)

// appendQdisc appends the request for the qdisc clsact, which holds filters of both directions.
func appendQdisc(b []byte, ifindex int, seq uint32) []byte {
	b = appendTC(b, newQdisc, flagRequest|flagAck|flagCreate|flagExcl, seq, ifindex, clsactHandle, clsactParent, 0)
	return finish(appendText(b, attrKind, "clsact"))
}

// tcFilter is where a filter is.
type tcFilter struct {
	ifindex  int
	egress   bool
	priority uint16
	handle   uint32
}

func (f tcFilter) appendHead(b []byte, kind, flags uint16, seq uint32) []byte {
	parent := uint32(ingressParent)
	if f.egress {
		parent = egressParent
	}
	// The low half is the protocol in network order, ETH_P_ALL.
	var all [2]byte
	binary.BigEndian.PutUint16(all[:], 3)
	info := uint32(f.priority)<<16 | uint32(binary.NativeEndian.Uint16(all[:]))
	return appendText(appendTC(b, kind, flags|flagRequest|flagAck, seq, f.ifindex, f.handle, parent, info), attrKind, "bpf")
}

// appendFilter appends the request to make a filter of a program, or to exchange that of an existing one.
func (f tcFilter) appendFilter(b []byte, seq uint32, fd int, name string, exchange bool) []byte {
	flags := uint16(flagCreate | flagExcl)
	if exchange {
		flags = flagReplace
	}
	b = f.appendHead(b, newFilter, flags, seq)
	at := len(b)
	b = append(b, 0, 0, 0, 0)
	b = appendNumber(b, attrFD, uint32(fd))
	b = appendText(b, attrName, name)
	b = appendNumber(b, attrFlags, directAction)
	binary.NativeEndian.PutUint16(b[at:], uint16(len(b)-at))
	binary.NativeEndian.PutUint16(b[at+2:], attrOptions)
	return finish(b)
}

func (f tcFilter) appendDelete(b []byte, seq uint32) []byte {
	return finish(f.appendHead(b, delFilter, 0, seq))
}

// appendTC appends the headers; the length is set by finish.
func appendTC(b []byte, kind, flags uint16, seq uint32, ifindex int, handle, parent, info uint32) []byte {
	n := binary.NativeEndian
	b = n.AppendUint32(b, 0)
	b = n.AppendUint16(b, kind)
	b = n.AppendUint16(b, flags)
	b = n.AppendUint32(b, seq)
	b = n.AppendUint32(b, 0) // port: the kernel
	b = n.AppendUint32(b, 0) // family, padding
	b = n.AppendUint32(b, uint32(ifindex))
	b = n.AppendUint32(b, handle)
	b = n.AppendUint32(b, parent)
	return n.AppendUint32(b, info)
}

func finish(b []byte) []byte {
	binary.NativeEndian.PutUint32(b, uint32(len(b)))
	return b
}

func appendNumber(b []byte, kind uint16, v uint32) []byte {
	n := binary.NativeEndian
	return n.AppendUint32(n.AppendUint16(n.AppendUint16(b, 8), kind), v)
}

// appendText appends a string with its NUL.
func appendText(b []byte, kind uint16, s string) []byte {
	n := binary.NativeEndian
	b = n.AppendUint16(n.AppendUint16(b, uint16(4+len(s)+1)), kind)
	b = append(append(b, s...), 0)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}
