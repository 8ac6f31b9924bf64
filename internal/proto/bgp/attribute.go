package bgp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"weir/internal/plain"
	"weir/internal/stream"
)

// attributes are the known path attributes.
//
//	ORIGIN                     number
//	AS_PATH, AS4_PATH          segments: an array is an AS_SEQUENCE, an object with AS numbers as keys an AS_SET; an array
//	                           with the type "confed-sequence" or "confed-set" is of a confederation (RFC 5065)
//	NEXT_HOP, ORIGINATOR_ID    address
//	MULTI_EXIT_DISC, LOCAL_PREF  number
//	ATOMIC_AGGREGATE           null
//	AGGREGATOR, AS4_AGGREGATOR [AS number, address]
//	COMMUNITIES                texts "AS:value"
//	CLUSTER_LIST               addresses
//	MP_REACH_NLRI              {afi, safi, nextHops, destinations}
//	MP_UNREACH_NLRI            {afi, safi, withdrawnRoutes}
//	LARGE_COMMUNITIES          texts "AS:value:value"
var attributes = map[int]attribute{
	1:  {"ORIGIN", (*codec).readOrigin, (*codec).writeOrigin},
	2:  {"AS_PATH", (*codec).readPath, (*codec).writePath},
	3:  {"NEXT_HOP", (*codec).readAddress, (*codec).writeAddress},
	4:  {"MULTI_EXIT_DISC", (*codec).readNumber, (*codec).writeNumber},
	5:  {"LOCAL_PREF", (*codec).readNumber, (*codec).writeNumber},
	6:  {"ATOMIC_AGGREGATE", (*codec).readNothing, (*codec).writeNothing},
	7:  {"AGGREGATOR", (*codec).readAggregator, (*codec).writeAggregator},
	8:  {"COMMUNITIES", readCommunities(2), writeCommunities(2)},
	9:  {"ORIGINATOR_ID", (*codec).readAddress, (*codec).writeAddress},
	10: {"CLUSTER_LIST", (*codec).readAddresses, (*codec).writeAddresses},
	14: {"MP_REACH_NLRI", (*codec).readReach, (*codec).writeReach},
	15: {"MP_UNREACH_NLRI", (*codec).readUnreach, (*codec).writeUnreach},
	17: {"AS4_PATH", wide((*codec).readPath), wideWrite((*codec).writePath)},
	18: {"AS4_AGGREGATOR", wide((*codec).readAggregator), wideWrite((*codec).writeAggregator)},
	32: {"LARGE_COMMUNITIES", readCommunities(3), writeCommunities(3)},
}

type attribute struct {
	name  string
	read  func(*codec, []byte) (any, error)
	write func(*codec, []byte, any) []byte
}

// AttributeNames lists the names of the known path attributes in the order of their numbers.
func AttributeNames() (names []string) {
	for code := range 256 {
		if a, ok := attributes[code]; ok {
			names = append(names, a.name)
		}
	}
	return names
}

func attributeCode(name string) (int, bool) {
	for code, a := range attributes {
		if a.name == name {
			return code, true
		}
	}
	return 0, false
}

// codec knows how wide AS numbers are.
type codec struct{ as4 bool }

func wide(read func(*codec, []byte) (any, error)) func(*codec, []byte) (any, error) {
	return func(_ *codec, b []byte) (any, error) { return read(&codec{as4: true}, b) }
}

func wideWrite(write func(*codec, []byte, any) []byte) func(*codec, []byte, any) []byte {
	return func(_ *codec, b []byte, v any) []byte { return write(&codec{as4: true}, b, v) }
}

var errLength = errors.New("has a wrong length")

func (c *codec) asSize() int {
	if c.as4 {
		return 4
	}
	return 2
}

func (c *codec) as(b []byte) float64 {
	if c.as4 {
		return float64(binary.BigEndian.Uint32(b))
	}
	return float64(binary.BigEndian.Uint16(b))
}

// asTrans stands for an AS number that does not fit into two bytes (RFC 6793).
const asTrans = 23456

func (c *codec) appendAS(b []byte, v any) []byte {
	n := plain.Integer(v)
	if c.as4 {
		return binary.BigEndian.AppendUint32(b, uint32(n))
	}
	if n > math.MaxUint16 {
		n = asTrans
	}
	return binary.BigEndian.AppendUint16(b, uint16(n))
}

func (c *codec) readOrigin(b []byte) (any, error) {
	if len(b) != 1 {
		return nil, errLength
	}
	return float64(b[0]), nil
}

func (c *codec) writeOrigin(b []byte, v any) []byte { return append(b, byte(plain.Integer(v))) }

func (c *codec) readNumber(b []byte) (any, error) {
	if len(b) != 4 {
		return nil, errLength
	}
	return float64(binary.BigEndian.Uint32(b)), nil
}

func (c *codec) writeNumber(b []byte, v any) []byte {
	return binary.BigEndian.AppendUint32(b, uint32(plain.Integer(v)))
}

func (c *codec) readNothing(b []byte) (any, error) {
	if len(b) != 0 {
		return nil, errLength
	}
	return nil, nil
}

func (c *codec) writeNothing(b []byte, _ any) []byte { return b }

func (c *codec) readAddress(b []byte) (any, error) {
	if len(b) != 4 {
		return nil, errLength
	}
	return netip.AddrFrom4([4]byte(b)).String(), nil
}

func (c *codec) writeAddress(b []byte, v any) []byte { return append(b, address4(v)...) }

// address4 returns the bytes of an IPv4 address, zeros for anything else.
func address4(v any) []byte {
	a, ok := v.(netip.Addr)
	if s, isText := v.(string); isText {
		var err error
		a, err = netip.ParseAddr(s)
		ok = err == nil
	}
	if !ok || !a.Is4() {
		return make([]byte, 4)
	}
	return a.AsSlice()
}

func (c *codec) readAddresses(b []byte) (any, error) {
	if len(b)%4 != 0 {
		return nil, errLength
	}
	list := []any{}
	for ; len(b) > 0; b = b[4:] {
		list = append(list, netip.AddrFrom4([4]byte(b[:4])).String())
	}
	return list, nil
}

func (c *codec) writeAddresses(b []byte, v any) []byte {
	list, _ := plain.Elements(v)
	for _, e := range list {
		b = c.writeAddress(b, e)
	}
	return b
}

func (c *codec) readAggregator(b []byte) (any, error) {
	n := c.asSize()
	if len(b) != n+4 {
		return nil, errLength
	}
	return []any{c.as(b), netip.AddrFrom4([4]byte(b[n:])).String()}, nil
}

func (c *codec) writeAggregator(b []byte, v any) []byte {
	list, _ := plain.Elements(v)
	var pair [2]any
	copy(pair[:], list)
	return append(c.appendAS(b, pair[0]), address4(pair[1])...)
}

// The types of segments of a path.
const (
	asSet = iota + 1
	asSequence
	confedSequence
	confedSet
)

var confedNames = map[byte]string{confedSequence: "confed-sequence", confedSet: "confed-set"}

func (c *codec) readPath(b []byte) (any, error) {
	path := []any{}
	for size := c.asSize(); len(b) > 0; {
		if len(b) < 2 || len(b) < 2+int(b[1])*size {
			return nil, errLength
		}
		kind, n := b[0], int(b[1])
		b = b[2:]
		list := make([]any, n)
		set := make(plain.Object, n)
		for i := range n {
			as := c.as(b)
			b = b[size:]
			list[i], set[i] = as, plain.Field{Name: strconv.Itoa(int(as)), Value: as}
		}
		switch kind {
		case asSet:
			path = append(path, set)
		case asSequence:
			path = append(path, list)
		case confedSequence, confedSet:
			path = append(path, &plain.List{Type: confedNames[kind], Elements: list})
		default:
			return nil, fmt.Errorf("has a segment of type %d", kind)
		}
	}
	return path, nil
}

func (c *codec) writePath(b []byte, v any) []byte {
	path, _ := plain.Elements(v)
	for _, segment := range path {
		kind := byte(asSequence)
		list, ok := plain.Elements(segment)
		if o, isObject := segment.(plain.Object); isObject {
			kind, ok = asSet, true
			for _, f := range o {
				list = append(list, f.Name)
			}
		} else if l, isTyped := segment.(*plain.List); isTyped {
			for k, name := range confedNames {
				if name == l.Type {
					kind = k
				}
			}
		}
		for ok && len(list) > 0 { // a segment has at most 255
			n := min(len(list), 255)
			b = append(b, kind, byte(n))
			for _, as := range list[:n] {
				b = c.appendAS(b, as)
			}
			list = list[n:]
		}
	}
	return b
}

// readCommunities reads communities of n numbers: of 2 bytes if there are two, of 4 bytes if there are three.
func readCommunities(n int) func(*codec, []byte) (any, error) {
	size := communitySize(n)
	return func(_ *codec, b []byte) (any, error) {
		if len(b)%(n*size) != 0 {
			return nil, errLength
		}
		list := []any{}
		for len(b) > 0 {
			parts := make([]string, n)
			for i := range parts {
				u := uint64(0)
				for _, x := range b[:size] {
					u = u<<8 | uint64(x)
				}
				parts[i] = strconv.FormatUint(u, 10)
				b = b[size:]
			}
			list = append(list, strings.Join(parts, ":"))
		}
		return list, nil
	}
}

func communitySize(n int) int {
	if n == 2 {
		return 2
	}
	return 4
}

func writeCommunities(n int) func(*codec, []byte, any) []byte {
	size := communitySize(n)
	return func(_ *codec, b []byte, v any) []byte {
		list, _ := plain.Elements(v)
		for _, e := range list {
			s, _ := plain.Text(e)
			parts := strings.Split(s, ":")
			for i := range n {
				u := uint64(0)
				if i < len(parts) {
					u, _ = strconv.ParseUint(parts[i], 10, 32)
				}
				for j := size - 1; j >= 0; j-- {
					b = append(b, byte(u>>(8*j)))
				}
			}
		}
		return b
	}
}

// Reach is the value of MP_REACH_NLRI.
type Reach struct {
	AFI          int   `js:"afi"`
	SAFI         int   `js:"safi"`
	NextHops     []any `js:"nextHops"`     // addresses; Data for an address family without
	Destinations []any `js:"destinations"` // prefixes; Data for an address family without
}

// Unreach is the value of MP_UNREACH_NLRI.
type Unreach struct {
	AFI             int   `js:"afi"`
	SAFI            int   `js:"safi"`
	WithdrawnRoutes []any `js:"withdrawnRoutes"`
}

// Address families (RFC 4760).
const (
	afiIPv4   = 1
	afiIPv6   = 2
	unicast   = 1
	multicast = 2
)

// bitsOf returns the length of addresses in a family whose routes are prefixes, 0 for any other.
func bitsOf(afi, safi int) int {
	switch {
	case safi != unicast && safi != multicast:
		return 0
	case afi == afiIPv4:
		return 32
	case afi == afiIPv6:
		return 128
	}
	return 0
}

func (c *codec) readReach(b []byte) (any, error) {
	if len(b) < 5 || len(b) < 5+int(b[3]) {
		return nil, errLength
	}
	r := &Reach{AFI: int(b[0])<<8 | int(b[1]), SAFI: int(b[2])}
	hop, rest := b[4:4+b[3]], b[5+int(b[3]):] // a reserved byte is between
	bits := bitsOf(r.AFI, r.SAFI)
	if size := len(hop); bits == 0 || size%16 != 0 && size != 4 {
		r.NextHops = []any{own(hop)}
	} else {
		for n := min(size, 16); len(hop) > 0; hop = hop[n:] {
			a, _ := netip.AddrFromSlice(hop[:n])
			r.NextHops = append(r.NextHops, a.String())
		}
	}
	var err error
	r.Destinations, err = routes(rest, bits)
	return r, err
}

func own(b []byte) *stream.Data { return stream.NewData(append([]byte(nil), b...)) }

func (c *codec) writeReach(b []byte, v any) []byte {
	r, ok := v.(*Reach)
	if !ok {
		r = new(Reach)
		plain.Assign(r, v)
	}
	b = append(b, byte(r.AFI>>8), byte(r.AFI), byte(r.SAFI), 0)
	at := len(b)
	for _, h := range r.NextHops {
		if d, ok := h.(*stream.Data); ok {
			b = d.AppendTo(b)
		} else if s, ok := h.(string); ok {
			if a, err := netip.ParseAddr(s); err == nil {
				b = append(b, a.AsSlice()...)
			}
		}
	}
	b[at-1] = byte(len(b) - at)
	return appendRoutes(append(b, 0), r.Destinations, bitsOf(r.AFI, r.SAFI))
}

func (c *codec) readUnreach(b []byte) (any, error) {
	if len(b) < 3 {
		return nil, errLength
	}
	u := &Unreach{AFI: int(b[0])<<8 | int(b[1]), SAFI: int(b[2])}
	var err error
	u.WithdrawnRoutes, err = routes(b[3:], bitsOf(u.AFI, u.SAFI))
	return u, err
}

func (c *codec) writeUnreach(b []byte, v any) []byte {
	u, ok := v.(*Unreach)
	if !ok {
		u = new(Unreach)
		plain.Assign(u, v)
	}
	b = append(b, byte(u.AFI>>8), byte(u.AFI), byte(u.SAFI))
	return appendRoutes(b, u.WithdrawnRoutes, bitsOf(u.AFI, u.SAFI))
}

// routes reads prefixes of addresses of 32 or 128 bits; with 0 bits the routes are one Data. It is nil if there are none.
func routes(b []byte, bits int) (list []any, err error) {
	if bits == 0 && len(b) > 0 {
		return []any{own(b)}, nil
	}
	for len(b) > 0 {
		n := int(b[0])
		size := (n + 7) / 8
		if n > bits {
			return nil, fmt.Errorf("has a prefix of %d bits", n)
		}
		if len(b) < 1+size {
			return nil, errLength
		}
		var raw [16]byte
		copy(raw[:], b[1:1+size])
		a, _ := netip.AddrFromSlice(raw[:bits/8])
		list = append(list, netip.PrefixFrom(a, n).Masked())
		b = b[1+size:]
	}
	return list, nil
}

// appendRoutes appends prefixes. What is no prefix of the family is the default route.
func appendRoutes(b []byte, list []any, bits int) []byte {
	for _, e := range list {
		if d, ok := e.(*stream.Data); ok {
			b = d.AppendTo(b)
			continue
		}
		p, ok := e.(netip.Prefix)
		if s, isText := e.(string); isText {
			p, ok = parsePrefix(s)
		}
		if !ok || p.Addr().BitLen() != bits {
			b = append(b, 0)
			continue
		}
		b = append(b, byte(p.Bits()))
		b = append(b, p.Masked().Addr().AsSlice()[:(p.Bits()+7)/8]...)
	}
	return b
}

// parsePrefix reads an address with or without a length.
func parsePrefix(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p, true
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}
