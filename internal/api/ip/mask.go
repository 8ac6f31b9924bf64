package ip

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
)

// Mask is an address with the length of its network part: what IPMask stands for.
type Mask struct {
	addr Address
	bits int
	text string
	next netip.Addr // the next host to be handed out
}

var errCIDR = errors.New("invalid CIDR notation")

// ParseMask reads "address/bits". Without "/bits" the network is everything.
func ParseMask(s string) (*Mask, error) {
	if len(s) >= 100 {
		return nil, errors.New("string too long for CIDR notation")
	}
	text, suffix, hasBits := strings.Cut(s, "/")
	a, err := ParseAddress(text)
	if err != nil {
		return nil, errCIDR
	}
	bits := uint64(0)
	if hasBits {
		if suffix == "" || strings.Trim(suffix, "0123456789") != "" {
			return nil, errCIDR
		}
		if bits, err = strconv.ParseUint(suffix, 10, 16); err != nil {
			bits = math.MaxUint16
		}
	}
	return newMask(a, int(bits), s)
}

func newMask(a Address, bits int, text string) (*Mask, error) {
	if bits < 0 || bits > a.BitLen() {
		return nil, fmt.Errorf("IPv%d CIDR mask out of range", a.Version())
	}
	m := &Mask{addr: a, bits: bits, text: text}
	m.next = m.base().Next()
	return m, nil
}

// String returns the text the mask was made from.
func (m *Mask) String() string { return m.text }

// Prefix returns the network.
func (m *Mask) Prefix() netip.Prefix { return netip.PrefixFrom(m.addr.Addr, m.bits).Masked() }

func (m *Mask) base() Address { return Address{m.Prefix().Addr()} }

// filled returns the address whose bits are net within the network part and host behind it, for all-ones and zero.
func (m *Mask) filled(net, host func(byte) byte) Address {
	b := m.addr.AsSlice()
	for i := range b {
		ones := byte(0xff)
		if n := m.bits - 8*i; n <= 0 {
			ones = 0
		} else if n < 8 {
			ones <<= 8 - n
		}
		b[i] = net(b[i])&ones | host(b[i])&^ones
	}
	return addressOf(b)
}

func zeros(byte) byte  { return 0 }
func ones(byte) byte   { return 0xff }
func same(b byte) byte { return b }

func (m *Mask) netmask() Address   { return m.filled(ones, zeros) }
func (m *Mask) hostmask() Address  { return m.filled(zeros, ones) }
func (m *Mask) broadcast() Address { return m.filled(same, ones) }

// size is the number of addresses.
func (m *Mask) size() float64 { return math.Ldexp(1, m.addr.BitLen()-m.bits) }

func (m *Mask) hostBits() int { return m.addr.BitLen() - m.bits }

func (m *Mask) first() Address {
	if m.hostBits() == 0 {
		return m.base()
	}
	return Address{m.base().Next()}
}

func (m *Mask) last() Address {
	if m.hostBits() <= 1 {
		return m.base()
	}
	return Address{m.broadcast().Prev()}
}

// Contains reports whether an address of the same family is within the network.
func (m *Mask) Contains(a netip.Addr) bool {
	return a.IsValid() && a.BitLen() == m.addr.BitLen() && m.Prefix().Contains(a)
}

// Next returns the host addresses one after the other, without the first and the last of the network; then none.
func (m *Mask) Next() (Address, bool) {
	a := m.next
	if m.hostBits() <= 1 || !a.Less(m.broadcast().Addr) {
		return Address{}, false
	}
	m.next = a.Next()
	return Address{a}, true
}
