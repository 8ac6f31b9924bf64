package lang

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"weir/internal/script"
)

// Int is the Go value of a script's Int: an integer of a fixed width.
type Int struct {
	kind Kind
	bits uint64 // the value, sign- or zero-extended to 64 bits
}

var _ script.Numeric = Int{}

// Kind is the type of an Int.
type Kind uint8

// The types of Int.
const (
	I8 Kind = iota
	I16
	I32
	I64
	U8
	U16
	U32
	U64
)

var kindNames = [...]string{"i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"}

// String returns the name scripts see.
func (k Kind) String() string { return kindNames[k] }

// Width returns the number of bits.
func (k Kind) Width() int { return 8 << (k & 3) }

// Unsigned reports whether there are no negative values.
func (k Kind) Unsigned() bool { return k >= U8 }

func kindOf(name string) (Kind, bool) {
	for i, n := range kindNames {
		if n == name {
			return Kind(i), true
		}
	}
	return 0, false
}

// wrap cuts b to the width of k.
func (k Kind) wrap(b uint64) Int {
	n := 64 - k.Width()
	if k.Unsigned() {
		return Int{k, b << n >> n}
	}
	return Int{k, uint64(int64(b<<n) >> n)}
}

// NewInt returns the script value of a 64-bit signed integer.
func NewInt(r *script.Realm, i int64) script.Value {
	return r.NewObjectOf(IntClass, Int{I64, uint64(i)})
}

// NewInt32 returns the script value of a 32-bit signed integer.
func NewInt32(r *script.Realm, i int32) script.Value {
	return r.NewObjectOf(IntClass, Int{I32, uint64(int64(i))})
}

// NewUint returns the script value of a 64-bit unsigned integer.
func NewUint(r *script.Realm, u uint64) script.Value { return r.NewObjectOf(IntClass, Int{U64, u}) }

// IntOf returns the integer in an Int or a number, truncated and modulo 2^64. Read it as int64 or uint64.
func IntOf(r *script.Realm, v script.Value) (uint64, bool) {
	if i, ok := script.As[Int](r, v); ok {
		return i.bits, true
	}
	f, ok := r.NumberOf(v)
	return fromFloat(f), ok
}

// Kind returns the type.
func (i Int) Kind() Kind { return i.kind }

// Int64 returns the value modulo 2^64 as a signed integer.
func (i Int) Int64() int64 { return int64(i.bits) }

// Uint64 returns the value modulo 2^64 as an unsigned integer.
func (i Int) Uint64() uint64 { return i.bits }

// Number returns the nearest double.
func (i Int) Number() float64 {
	if i.kind == U64 {
		return float64(i.bits)
	}
	return float64(int64(i.bits))
}

// String returns the decimal digits.
func (i Int) String() string {
	if i.kind == U64 {
		return strconv.FormatUint(i.bits, 10)
	}
	return strconv.FormatInt(int64(i.bits), 10)
}

func (i Int) negative() bool { return !i.kind.Unsigned() && int64(i.bits) < 0 }

// compare orders two values exactly, whatever their types.
func (i Int) compare(o Int) int {
	switch a, b := i.negative(), o.negative(); {
	case a && !b:
		return -1
	case b && !a:
		return 1
	case i.bits < o.bits: // of equal signs the order of the bit patterns is that of the values
		return -1
	case i.bits > o.bits:
		return 1
	}
	return 0
}

// promote returns the type of an operation on both types: the narrowest that holds both ranges, but at most 64 bits.
func promote(a, b Kind) Kind {
	switch {
	case a == U64 || b == U64:
		return U64
	case a == I64 || b == I64:
		return I64
	case a.Unsigned() == b.Unsigned():
		return max(a, b)
	case b.Unsigned():
		a, b = b, a
	}
	return max(b, a-U8+1) // a is unsigned: it needs the next wider signed type
}

func fromFloat(f float64) uint64 {
	f = math.Trunc(f)
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return 0
	case math.Abs(f) < 1<<63:
		return uint64(int64(f))
	case f < 0:
		return -uint64(math.Mod(-f, 1<<64))
	}
	return uint64(math.Mod(f, 1<<64))
}

// fromDigits reads the leading decimal digits, modulo 2^64.
func fromDigits(s string) uint64 {
	s = strings.TrimLeft(s, " \t\r\n\v\f")
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	var n uint64
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + uint64(c-'0')
	}
	if negative {
		n = -n
	}
	return n
}

// parseInt reads a string that is an integer and nothing else.
func parseInt(s string, base int) (Int, bool) {
	s = strings.TrimSpace(s)
	if base == 16 {
		if t, ok := strings.CutPrefix(strings.ToLower(s), "-0x"); ok {
			s = "-" + t
		} else {
			s = strings.TrimPrefix(strings.ToLower(s), "0x")
		}
	}
	n, err := strconv.ParseInt(s, base, 64)
	return Int{I64, uint64(n)}, err == nil
}

// divide returns quotient and remainder, truncated toward zero. The divisor is not zero.
func (i Int) divide(o Int) (q, rem uint64) {
	if i.kind.Unsigned() {
		return i.bits / o.bits, i.bits % o.bits
	}
	if o.bits == math.MaxUint64 { // by -1: the smallest value has no positive counterpart, it wraps
		return -i.bits, 0
	}
	a, b := int64(i.bits), int64(o.bits)
	return uint64(a / b), uint64(a % b)
}

// bytes appends the value in little-endian order.
func (i Int) bytes() []byte {
	b := make([]byte, i.kind.Width()/8)
	for n := range b {
		b[n] = byte(i.bits >> (8 * n))
	}
	return b
}

func bigBits(s string) (uint64, bool) {
	n, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return 0, false
	}
	m := new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64))
	return m.Uint64(), true
}
