// Package netlink is the framing of netlink messages and the text form of netlink addresses (RFC 3549, section 2.2).
package netlink

import (
	"encoding/binary"
	"fmt"
)

// HeadSize is how many bytes a head has.
const HeadSize = 16

// Head is the head of a message. The numbers that the wire has without sign are signed here, as scripts see them.
type Head struct {
	Type  int `js:"type"`
	Flags int `js:"flags"`
	Seq   int `js:"seq"`
	PID   int `js:"pid"` // port of the sender, 0 for the kernel
}

// Parse reads a head of HeadSize bytes in the order of the host. size is how many bytes of body follow, not counting
// what aligns the next message. With an error the head is what there is all the same.
func Parse(b []byte) (h *Head, size int, err error) {
	n := binary.NativeEndian.Uint32(b)
	h = &Head{
		Type: int(binary.NativeEndian.Uint16(b[4:])), Flags: int(binary.NativeEndian.Uint16(b[6:])),
		Seq: int(int32(binary.NativeEndian.Uint32(b[8:]))), PID: int(int32(binary.NativeEndian.Uint32(b[12:]))),
	}
	if n < HeadSize {
		return h, 0, fmt.Errorf("a netlink message of %d bytes is shorter than its head of %d", n, HeadSize)
	}
	return h, int(n - HeadSize), nil
}

// Append appends the head of a message with a body of size bytes. Type and flags are cut to 16 bits, the others to 32.
func Append(b []byte, h *Head, size int) []byte {
	b = binary.NativeEndian.AppendUint32(b, uint32(HeadSize+size))
	b = binary.NativeEndian.AppendUint16(b, uint16(h.Type))
	b = binary.NativeEndian.AppendUint16(b, uint16(h.Flags))
	b = binary.NativeEndian.AppendUint32(b, uint32(h.Seq))
	return binary.NativeEndian.AppendUint32(b, uint32(h.PID))
}

// Padding is how many bytes there are between a message with a body of size bytes and the next one of the datagram.
func Padding(size int) int { return -size & 3 }
