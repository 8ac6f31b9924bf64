package dns

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"net/netip"

	"github.com/miekg/dns"

	"weir/internal/plain"
)

func problem(text string) error { return errors.New("dns encode # " + text) }

// Encode writes a message. Fields that are missing are 0, except a record's ttl and rdata, which must be there; a missing
// class is IN. Numbers that do not fit their fields are errors.
func Encode(o plain.Object) ([]byte, error) {
	id, ok := field(o, "id", math.MaxUint16)
	if !ok {
		return nil, problem("id error")
	}
	b := binary.BigEndian.AppendUint16(make([]byte, 0, 512), uint16(id))
	var bits uint16
	for _, f := range flags {
		if n, ok := field(o, f.name, math.MaxUint16); ok {
			bits |= uint16(n) & f.mask << f.shift
		}
	}
	b = binary.BigEndian.AppendUint16(b, bits)
	var lists [4][]any
	for i, section := range sections {
		v, _ := o.Get(section)
		if lists[i], _ = plain.Elements(v); len(lists[i]) > math.MaxUint16 {
			if i == 0 {
				return nil, problem("question count error")
			}
			return nil, problem("record count error")
		}
		b = binary.BigEndian.AppendUint16(b, uint16(len(lists[i])))
	}
	var err error
	for i, list := range lists {
		for _, v := range list {
			if i == 0 {
				b, err = appendQuestion(b, v)
			} else {
				b, err = appendRecord(b, v)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// field returns a number of an object; ok is false if it is none, or not between 0 and limit.
func field(o plain.Object, name string, limit float64) (n uint32, ok bool) {
	v, _ := o.Get(name)
	switch v.(type) {
	case float64, plain.Int32, int64, uint64:
		f := plain.Number(v)
		return uint32(f), f >= 0 && f <= limit
	}
	return 0, false
}

func appendQuestion(b []byte, v any) ([]byte, error) {
	o, ok := plain.AsObject(v)
	if !ok {
		return nil, problem("question error")
	}
	b, _, err := appendHead(b, o, "question")
	return b, err
}

// appendHead writes the name, type and class of a question or record, and returns the type.
func appendHead(b []byte, o plain.Object, what string) ([]byte, uint16, error) {
	v, _ := o.Get("name")
	s, ok := v.(string)
	if !ok {
		return nil, 0, problem(what + " name error")
	}
	b, err := appendName(b, s)
	if err != nil {
		return nil, 0, problem(what + " name error")
	}
	kind, ok := typeOf(o)
	if !ok {
		return nil, 0, problem(what + " type error")
	}
	class := uint32(dns.ClassINET)
	if v, _ := o.Get("class"); v != nil && v != (plain.Undefined{}) {
		if class, ok = field(o, "class", math.MaxUint16); !ok {
			return nil, 0, problem(what + " class error")
		}
	}
	b = binary.BigEndian.AppendUint16(b, kind)
	return binary.BigEndian.AppendUint16(b, uint16(class)), kind, nil
}

func typeOf(o plain.Object) (uint16, bool) {
	v, _ := o.Get("type")
	if s, ok := v.(string); ok {
		for _, t := range typeNames {
			if t.Name == s {
				return t.Type, true
			}
		}
		return 0, false
	}
	n, ok := field(o, "type", math.MaxUint16)
	return uint16(n), ok
}

func appendRecord(b []byte, v any) ([]byte, error) {
	o, ok := plain.AsObject(v)
	if !ok {
		return nil, problem("record error")
	}
	b, kind, err := appendHead(b, o, "record")
	if err != nil {
		return nil, err
	}
	ttl, ok := field(o, "ttl", math.MaxUint32)
	if !ok {
		return nil, problem("record ttl error")
	}
	b = binary.BigEndian.AppendUint32(b, ttl)
	b = append(b, 0, 0)
	start := len(b)
	rdata, _ := o.Get("rdata")
	if b, err = appendRdata(b, kind, rdata); err != nil {
		return nil, err
	}
	if len(b)-start > math.MaxUint16 {
		return nil, problem("record error")
	}
	binary.BigEndian.PutUint16(b[start-2:], uint16(len(b)-start))
	return b, nil
}

func appendRdata(b []byte, kind uint16, v any) ([]byte, error) {
	switch kind {
	case dns.TypeA:
		return appendAddress(b, v, "IPv4", "A rdata error")
	case dns.TypeAAAA:
		return appendAddress(b, v, "IPv6", "AAAA rdata error")
	case dns.TypeNS, dns.TypeCNAME:
		return nameField(b, v, "failed to write CNAME", "failed to write CNAME")
	case dns.TypePTR:
		return nameField(b, v, "failed to write PTR", "failed to write PTR")
	case dns.TypeTXT:
		return appendText(b, v)
	case dns.TypeMX, dns.TypeSRV, dns.TypeSOA:
		o, _ := plain.AsObject(v)
		switch kind {
		case dns.TypeMX:
			return appendFields(b, o, "mx", "MX", "preference", "exchange")
		case dns.TypeSRV:
			return appendFields(b, o, "srv", "SRV", "priority", "weight", "port", "target")
		}
		return appendFields(b, o, "soa", "SOA", append([]string{"mname", "rname"}, soaNumbers...)...)
	}
	return appendHex(b, v)
}

// appendFields writes names, and numbers: of 32 bits in a SOA, of 16 bits elsewhere.
func appendFields(b []byte, o plain.Object, prefix, kind string, names ...string) ([]byte, error) {
	for _, f := range names {
		missing := prefix + " " + f + " error"
		switch f {
		case "mname", "rname", "target", "exchange":
			v, _ := o.Get(f)
			var err error
			if b, err = nameField(b, v, missing, "failed to write "+kind); err != nil {
				return nil, err
			}
			continue
		}
		limit := float64(math.MaxUint16)
		if kind == "SOA" {
			limit = math.MaxUint32
		}
		n, ok := field(o, f, limit)
		switch {
		case !ok:
			return nil, problem(missing)
		case kind == "SOA":
			b = binary.BigEndian.AppendUint32(b, n)
		default:
			b = binary.BigEndian.AppendUint16(b, uint16(n))
		}
	}
	return b, nil
}

func nameField(b []byte, v any, missing, bad string) ([]byte, error) {
	s, ok := v.(string)
	if !ok {
		return nil, problem(missing)
	}
	b, err := appendName(b, s)
	if err != nil {
		return nil, problem(bad)
	}
	return b, nil
}

func appendAddress(b []byte, v any, family, missing string) ([]byte, error) {
	a, isAddress := v.(netip.Addr)
	s, ok := v.(string)
	if !ok && !isAddress {
		return nil, problem(missing)
	}
	if ok {
		a, _ = netip.ParseAddr(s)
	}
	if !a.IsValid() || a.Zone() != "" || a.Is4() != (family == "IPv4") {
		return nil, errors.New("invalid " + family + " notation")
	}
	return append(b, a.AsSlice()...), nil
}

// appendText writes a text as one string, or as several if it is longer than one can be; an array as its strings.
func appendText(b []byte, v any) ([]byte, error) {
	list, ok := plain.Elements(v)
	if !ok || len(list) == 0 {
		list = []any{v}
	}
	for _, x := range list {
		s, ok := x.(string)
		if !ok {
			return nil, problem("TXT rdata error")
		}
		for first := true; first || s != ""; first = false {
			n := min(len(s), 255)
			b = append(append(b, byte(n)), s[:n]...)
			s = s[n:]
		}
	}
	return b, nil
}

func appendHex(b []byte, v any) ([]byte, error) {
	if d, ok := v.(interface{ Bytes() []byte }); ok {
		return append(b, d.Bytes()...), nil
	}
	s, ok := v.(string)
	switch {
	case !ok:
		return nil, problem("HEX rdata error")
	case len(s)%2 != 0:
		return nil, errors.New("incomplete hex string")
	}
	b, err := hex.AppendDecode(b, []byte(s))
	if err != nil {
		return nil, errors.New("invalid hex encoding")
	}
	return b, nil
}
