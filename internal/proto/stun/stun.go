// Package stun is the wire format of STUN's Binding method (RFC 8489; RFC 5389 before): what a client asks to learn the
// address it is seen with, and the answer.
package stun

import (
	"encoding/binary"
	"errors"
	"net/netip"
)

// Type is a message type: a class and a method.
type Type uint16

// The message types of the Binding method that are known.
const (
	BindingRequest  Type = 0x0001
	BindingResponse Type = 0x0101 // success
)

const (
	// HeaderSize is the size of a message without attributes.
	HeaderSize = 20
	// IDSize is the size of a transaction ID.
	IDSize = 12

	magicCookie      = 0x2112A442
	mappedAddress    = 0x0001
	xorMappedAddress = 0x0020
	familyIPv4       = 1
	familyIPv6       = 2
)

// Message is a message. MappedAddress, of responses, is not valid if there is none.
type Message struct {
	Type          Type
	TransactionID [IDSize]byte
	MappedAddress netip.AddrPort
}

// The errors of Parse.
var (
	ErrShort     = errors.New("message too short")
	ErrType      = errors.New("unknown message type")
	ErrCookie    = errors.New("invalid magic cookie")
	ErrLength    = errors.New("message length mismatch")
	ErrAttribute = errors.New("malformed attribute")
)

// Parse reads the message at the beginning of b; what follows it is ignored. The first MAPPED-ADDRESS or XOR-MAPPED-ADDRESS
// of a response counts; other attributes are skipped.
func Parse(b []byte) (m Message, err error) {
	if len(b) < HeaderSize {
		return m, ErrShort
	}
	m.Type = Type(binary.BigEndian.Uint16(b))
	if m.Type != BindingRequest && m.Type != BindingResponse {
		return m, ErrType
	}
	if binary.BigEndian.Uint32(b[4:]) != magicCookie {
		return m, ErrCookie
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if len(b) < HeaderSize+n {
		return m, ErrLength
	}
	copy(m.TransactionID[:], b[8:])
	mask, p := b[4:HeaderSize], b[HeaderSize:HeaderSize+n]
	for len(p) > 0 {
		if len(p) < 4 {
			return m, ErrAttribute
		}
		kind, size := binary.BigEndian.Uint16(p), int(binary.BigEndian.Uint16(p[2:]))
		if p = p[4:]; size > len(p) {
			return m, ErrAttribute
		}
		if m.Type == BindingResponse && !m.MappedAddress.IsValid() && (kind == mappedAddress || kind == xorMappedAddress) {
			if m.MappedAddress, err = address(p[:size], mask, kind == xorMappedAddress); err != nil {
				return m, err
			}
		}
		p = p[min((size+3)&^3, len(p)):]
	}
	return m, nil
}

// address reads an address (RFC 8489 section 14.1, 14.2). The mask is the magic cookie and the transaction ID.
func address(p, mask []byte, xor bool) (a netip.AddrPort, err error) {
	if len(p) < 4 || p[1] == familyIPv4 && len(p) != 8 || p[1] == familyIPv6 && len(p) != 20 || p[1] != familyIPv4 && p[1] != familyIPv6 {
		return a, ErrAttribute
	}
	var b [16]byte
	port, n := binary.BigEndian.Uint16(p[2:]), copy(b[:], p[4:])
	if xor {
		port ^= magicCookie >> 16
		for i := range n {
			b[i] ^= mask[i]
		}
	}
	ip, _ := netip.AddrFromSlice(b[:n])
	return netip.AddrPortFrom(ip, port), nil
}

// Append writes a message. The address of a response is its XOR-MAPPED-ADDRESS.
func (m *Message) Append(b []byte) []byte {
	start := len(b)
	b = binary.BigEndian.AppendUint16(b, uint16(m.Type))
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint32(b, magicCookie)
	b = append(b, m.TransactionID[:]...)
	if m.Type != BindingResponse || !m.MappedAddress.IsValid() {
		return b
	}
	var mask [16]byte
	copy(mask[:], b[start+4:])
	ip, family := m.MappedAddress.Addr(), byte(familyIPv6)
	if ip.Is4() {
		family = familyIPv4
	}
	raw := ip.AsSlice()
	b = binary.BigEndian.AppendUint16(b, xorMappedAddress)
	b = binary.BigEndian.AppendUint16(b, uint16(4+len(raw)))
	b = append(b, 0, family)
	b = binary.BigEndian.AppendUint16(b, m.MappedAddress.Port()^magicCookie>>16)
	for i, x := range raw {
		b = append(b, x^mask[i])
	}
	binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start-HeaderSize))
	return b
}
