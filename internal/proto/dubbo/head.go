// Package dubbo is the framing of Apache Dubbo's protocol: heads of 16 bytes before bodies in some serialization
// (https://dubbo.apache.org/en/overview/reference/protocols/tcp/).
package dubbo

import (
	"encoding/binary"
	"errors"
)

// HeadSize is how many bytes a head has.
const HeadSize = 16

const magic = 0xdabb

const (
	flagRequest   = 0x80
	flagTwoWay    = 0x40
	flagEvent     = 0x20
	serialization = 0x1f
)

// Head is the head of a message.
type Head struct {
	RequestID         uint64 `js:"requestID"`
	IsRequest         bool   `js:"isRequest"`
	IsTwoWay          bool   `js:"isTwoWay"`
	IsEvent           bool   `js:"isEvent"`
	SerializationType int    `js:"serializationType"` // 2 is Hessian 2
	Status            int    `js:"status"`            // of a response: 20 is OK
}

var errMagic = errors.New("a message does not begin with da bb")

// Check looks at the beginning of a head.
func Check(b []byte) error {
	if len(b) > 0 && b[0] != magic>>8 || len(b) > 1 && b[1] != magic&0xff {
		return errMagic
	}
	return nil
}

// Parse reads a head, which was checked, and the size of the body.
func Parse(b []byte) (h *Head, size int) {
	flags := b[2]
	return &Head{
		RequestID: binary.BigEndian.Uint64(b[4:]),
		IsRequest: flags&flagRequest != 0, IsTwoWay: flags&flagTwoWay != 0, IsEvent: flags&flagEvent != 0,
		SerializationType: int(flags & serialization), Status: int(b[3]),
	}, int(binary.BigEndian.Uint32(b[12:]))
}

// Append appends a head.
func Append(b []byte, h *Head, size int) []byte {
	flags := byte(h.SerializationType) & serialization
	if h.IsRequest {
		flags |= flagRequest
	}
	if h.IsTwoWay {
		flags |= flagTwoWay
	}
	if h.IsEvent {
		flags |= flagEvent
	}
	b = append(b, magic>>8, magic&0xff, flags, byte(h.Status))
	b = binary.BigEndian.AppendUint64(b, h.RequestID)
	return binary.BigEndian.AppendUint32(b, uint32(size))
}
