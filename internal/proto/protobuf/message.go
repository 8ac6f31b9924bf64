// Package protobuf is the wire format of Protocol Buffers without a schema: messages are records by field number, and who
// reads one says what type it has.
package protobuf

import (
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"weir/internal/proto/token"
)

// Message is a message. The zero Message is empty and ready. Bytes in it are shared with the input and must not be changed.
type Message struct {
	fields map[int][]record
}

// record is one occurrence of a field.
type record struct {
	wire  protowire.Type
	bits  uint64 // of a number
	bytes []byte // of a BytesType
}

// What records and fields take in memory besides their bytes, about.
const (
	recordSize = 64
	fieldSize  = 96
)

// Parse reads a message. It is nil if the message is malformed, has groups, has a field in two wire types, or takes more
// than token.MaxDecoded.
func Parse(b []byte) *Message { return parse(b, token.MaxDecoded) }

func parse(b []byte, limit int) *Message {
	m := &Message{fields: map[int][]record{}}
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil
		}
		b = b[n:]
		r := record{wire: wire}
		switch wire {
		case protowire.VarintType:
			r.bits, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var x uint32
			x, n = protowire.ConsumeFixed32(b)
			r.bits = uint64(x)
		case protowire.Fixed64Type:
			r.bits, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			r.bytes, n = protowire.ConsumeBytes(b)
		default:
			return nil
		}
		if n < 0 {
			return nil
		}
		b = b[n:]
		list := m.fields[int(number)]
		switch {
		case len(list) == 0:
			limit -= fieldSize
		case list[0].wire != wire:
			return nil
		}
		if limit -= recordSize; limit < 0 {
			return nil
		}
		m.fields[int(number)] = append(list, r)
	}
	return m
}

// Append writes the message: fields by number, the records of each in their order.
func (m *Message) Append(b []byte) []byte {
	for _, number := range slices.Sorted(maps.Keys(m.fields)) {
		for _, r := range m.fields[number] {
			b = protowire.AppendTag(b, protowire.Number(number), r.wire)
			switch r.wire {
			case protowire.VarintType:
				b = protowire.AppendVarint(b, r.bits)
			case protowire.Fixed32Type:
				b = protowire.AppendFixed32(b, uint32(r.bits))
			case protowire.Fixed64Type:
				b = protowire.AppendFixed64(b, r.bits)
			case protowire.BytesType:
				b = protowire.AppendBytes(b, r.bytes)
			}
		}
	}
	return b
}

var wireNames = map[protowire.Type]string{protowire.VarintType: "VARINT", protowire.Fixed32Type: "I32", protowire.Fixed64Type: "I64", protowire.BytesType: "LEN"}

// WireType returns the name of a field's wire type, "" if there is no such field.
func (m *Message) WireType(field int) string {
	if r := m.last(field); r != nil {
		return wireNames[r.wire]
	}
	return ""
}

func (m *Message) last(field int) *record {
	list := m.fields[field]
	if len(list) == 0 {
		return nil
	}
	return &list[len(list)-1]
}

func (m *Message) set(field int, list ...record) {
	if m.fields == nil {
		m.fields = map[int][]record{}
	}
	m.fields[field] = list
}

// ValidField reports whether a number can be a field's.
func ValidField(n float64) bool {
	return n == math.Trunc(n) && n >= 1 && n <= float64(protowire.MaxValidNumber)
}

// Number returns the bits of a field's last record as a value of type t, 0 if there is no number.
func (m *Message) Number(field int, t Type) uint64 {
	if r := m.last(field); r != nil {
		return t.fromWire(r.bits)
	}
	return 0
}

// SetNumber replaces a field.
func (m *Message) SetNumber(field int, t Type, bits uint64) {
	m.set(field, record{wire: t.wire(), bits: t.toWire(bits)})
}

// Numbers returns all values of a field, packed or not; nil and false if packed ones are cut off, or if all take more than
// token.MaxDecoded.
func (m *Message) Numbers(field int, t Type) (list []uint64, ok bool) {
	for _, r := range m.fields[field] {
		if r.wire != protowire.BytesType {
			list = append(list, t.fromWire(r.bits))
			continue
		}
		for b := r.bytes; len(b) > 0; {
			var bits uint64
			n := 0
			switch t.wire() {
			case protowire.Fixed32Type:
				var x uint32
				x, n = protowire.ConsumeFixed32(b)
				bits = uint64(x)
			case protowire.Fixed64Type:
				bits, n = protowire.ConsumeFixed64(b)
			default:
				bits, n = protowire.ConsumeVarint(b)
			}
			if n < 0 || len(list) >= token.MaxDecoded/16 {
				return nil, false
			}
			list = append(list, t.fromWire(bits))
			b = b[n:]
		}
	}
	return list, true
}

// SetNumbers replaces a field by one record of packed values.
func (m *Message) SetNumbers(field int, t Type, list []uint64) {
	b := []byte{}
	for _, bits := range list {
		switch bits = t.toWire(bits); t.wire() {
		case protowire.Fixed32Type:
			b = protowire.AppendFixed32(b, uint32(bits))
		case protowire.Fixed64Type:
			b = protowire.AppendFixed64(b, bits)
		default:
			b = protowire.AppendVarint(b, bits)
		}
	}
	m.set(field, record{wire: protowire.BytesType, bytes: b})
}

// Bytes returns a field's last record; ok is false if there is none of bytes.
func (m *Message) Bytes(field int) (b []byte, ok bool) {
	if r := m.last(field); r != nil && r.wire == protowire.BytesType {
		return r.bytes, true
	}
	return nil, false
}

// AllBytes returns all records of a field that are bytes.
func (m *Message) AllBytes(field int) (list [][]byte) {
	for _, r := range m.fields[field] {
		if r.wire == protowire.BytesType {
			list = append(list, r.bytes)
		}
	}
	return list
}

// SetBytes replaces a field by a record for each of the elements. None leave the field out.
func (m *Message) SetBytes(field int, list ...[]byte) {
	records := make([]record, len(list))
	for i, b := range list {
		records[i] = record{wire: protowire.BytesType, bytes: b}
	}
	m.set(field, records...)
}
