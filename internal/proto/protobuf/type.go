package protobuf

import "google.golang.org/protobuf/encoding/protowire"

// Type is a scalar type. Its values travel as bits: signed ones extended to 64 bits, floats in their IEEE format.
type Type uint8

// The scalar types that are numbers.
const (
	Float Type = iota
	Double
	Int32
	Int64
	Uint32
	Uint64
	Sint32
	Sint64
	Fixed32
	Fixed64
	Sfixed32
	Sfixed64
	Bool
)

// String returns the name as it is part of the names of accessors.
func (t Type) String() string {
	return [...]string{"Float", "Double", "Int32", "Int64", "Uint32", "Uint64", "Sint32", "Sint64", "Fixed32", "Fixed64",
		"Sfixed32", "Sfixed64", "Bool"}[t]
}

// Wide reports whether values are integers of 64 bits.
func (t Type) Wide() bool {
	return t == Int64 || t == Uint64 || t == Sint64 || t == Fixed64 || t == Sfixed64
}

// Unsigned reports whether values are integers that are never negative.
func (t Type) Unsigned() bool { return t == Uint32 || t == Uint64 || t == Fixed32 || t == Fixed64 }

func (t Type) wire() protowire.Type {
	switch t {
	case Float, Fixed32, Sfixed32:
		return protowire.Fixed32Type
	case Double, Fixed64, Sfixed64:
		return protowire.Fixed64Type
	}
	return protowire.VarintType
}

func (t Type) fromWire(bits uint64) uint64 {
	switch t {
	case Float, Uint32, Fixed32:
		return uint64(uint32(bits))
	case Int32, Sfixed32:
		return uint64(int64(int32(bits)))
	case Sint32:
		return uint64(protowire.DecodeZigZag(uint64(uint32(bits))))
	case Sint64:
		return uint64(protowire.DecodeZigZag(bits))
	case Bool:
		return protowire.EncodeBool(bits != 0)
	}
	return bits
}

func (t Type) toWire(bits uint64) uint64 {
	switch t {
	case Float, Uint32, Fixed32, Sfixed32:
		return uint64(uint32(bits))
	case Int32:
		return uint64(int64(int32(bits))) // 10 bytes if negative, as everybody reads it
	case Sint32:
		return uint64(uint32(protowire.EncodeZigZag(int64(int32(bits)))))
	case Sint64:
		return protowire.EncodeZigZag(int64(bits))
	}
	return bits
}
