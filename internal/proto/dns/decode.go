package dns

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/netip"

	"github.com/miekg/dns"

	"weir/internal/plain"
)

// Decode reads the message at the beginning of msg; what follows it is ignored.
func Decode(msg []byte) (plain.Object, error) {
	r := reader{msg: msg}
	o := r.message()
	if r.problem != "" {
		return nil, errors.New("dns decode # " + r.problem)
	}
	return o, nil
}

// reader reads a message until the first problem.
type reader struct {
	msg     []byte
	at      int
	problem string
}

func (r *reader) fail(problem string) {
	if r.problem == "" {
		r.problem = problem
	}
}

// uint16 and uint32 read a number within the first end bytes.
func (r *reader) uint16(end int, problem string) uint16 {
	if r.problem != "" || end-r.at < 2 {
		r.fail(problem)
		return 0
	}
	r.at += 2
	return binary.BigEndian.Uint16(r.msg[r.at-2:])
}

func (r *reader) uint32(end int, problem string) uint32 {
	if r.problem != "" || end-r.at < 4 {
		r.fail(problem)
		return 0
	}
	r.at += 4
	return binary.BigEndian.Uint32(r.msg[r.at-4:])
}

func (r *reader) name(end int, problem string) string {
	if r.problem != "" {
		return ""
	}
	s, next, err := name(r.msg[:end], r.at)
	if err != nil {
		r.fail(problem)
		return ""
	}
	r.at = next
	return s
}

func (r *reader) message() plain.Object {
	if len(r.msg) < headerSize {
		r.fail("data error")
		return nil
	}
	r.at = 4
	o := plain.Object{{Name: "id", Value: number(binary.BigEndian.Uint16(r.msg))}}
	bits := binary.BigEndian.Uint16(r.msg[2:])
	for _, f := range flags {
		if n := bits >> f.shift & f.mask; n != 0 {
			o = append(o, plain.Field{Name: f.name, Value: number(n)})
		}
	}
	var counts [4]int
	for i := range counts {
		counts[i] = int(r.uint16(headerSize, ""))
	}
	for i, section := range sections {
		var list []any
		for range counts[i] {
			if i == 0 {
				list = append(list, r.question())
			} else {
				list = append(list, r.record())
			}
			if r.problem != "" {
				return nil
			}
		}
		if list != nil {
			o = append(o, plain.Field{Name: section, Value: list})
		}
	}
	return o
}

func number[T uint16 | uint32](n T) float64 { return float64(n) }

func (r *reader) question() plain.Object {
	if r.at == len(r.msg) {
		r.fail("question count error")
		return nil
	}
	o := plain.Object{{Name: "name", Value: r.name(len(r.msg), "question error")}}
	kind, class := r.uint16(len(r.msg), "question error"), r.uint16(len(r.msg), "question error")
	return withType(o, kind, class)
}

func withType(o plain.Object, kind, class uint16) plain.Object {
	o = append(o, plain.Field{Name: "type", Value: typeValue(kind)})
	if class != dns.ClassINET {
		o = append(o, plain.Field{Name: "class", Value: number(class)})
	}
	return o
}

func typeValue(kind uint16) any {
	for _, t := range typeNames {
		if t.Type == kind {
			return t.Name
		}
	}
	return number(kind)
}

func (r *reader) record() plain.Object {
	if r.at == len(r.msg) {
		r.fail("record count error")
		return nil
	}
	o := plain.Object{{Name: "name", Value: r.name(len(r.msg), "record name error")}}
	kind, class := r.uint16(len(r.msg), "record error"), r.uint16(len(r.msg), "record error")
	ttl := r.uint32(len(r.msg), "record error")
	size := int(r.uint16(len(r.msg), "record error"))
	if r.problem == "" && size > len(r.msg)-r.at {
		r.fail("rdlength error")
	}
	if r.problem != "" {
		return nil
	}
	rdata := r.rdata(kind, r.at+size)
	return append(withType(o, kind, class), plain.Field{Name: "ttl", Value: number(ttl)}, plain.Field{Name: "rdata", Value: rdata})
}

// rdata reads what ends at end. Names in it may be compressed.
func (r *reader) rdata(kind uint16, end int) (x any) {
	what := ""
	switch kind {
	case dns.TypeA:
		return r.address(end, 4, "A rdata error")
	case dns.TypeAAAA:
		return r.address(end, 16, "AAAA rdata error")
	case dns.TypeNS, dns.TypeCNAME:
		what, x = "CNAME", r.name(end, "failed to read CNAME")
	case dns.TypePTR:
		what, x = "PTR", r.name(end, "failed to read PTR")
	case dns.TypeMX:
		what, x = "MX", plain.Object{
			{Name: "preference", Value: number(r.uint16(end, "mx error"))},
			{Name: "exchange", Value: r.name(end, "srv exchange error")},
		}
	case dns.TypeSRV:
		what, x = "SRV", plain.Object{
			{Name: "priority", Value: number(r.uint16(end, "srv error"))},
			{Name: "weight", Value: number(r.uint16(end, "srv error"))},
			{Name: "port", Value: number(r.uint16(end, "srv error"))},
			{Name: "target", Value: r.name(end, "srv target error")},
		}
	case dns.TypeSOA:
		o := plain.Object{
			{Name: "mname", Value: r.name(end, "soa mname error")},
			{Name: "rname", Value: r.name(end, "soa rname error")},
		}
		for _, n := range soaNumbers {
			o = append(o, plain.Field{Name: n, Value: number(r.uint32(end, "soa error"))})
		}
		what, x = "SOA", o
	case dns.TypeTXT:
		return r.text(end)
	default:
		x = hex.EncodeToString(r.msg[r.at:end])
		r.at = end
		return x
	}
	if r.at != end {
		r.fail("failed to read " + what)
	}
	return x
}

var soaNumbers = []string{"serial", "refresh", "retry", "expire", "minimum"}

func (r *reader) address(end, size int, problem string) any {
	a, ok := netip.AddrFromSlice(r.msg[r.at:end])
	if !ok || end-r.at != size {
		r.fail(problem)
		return nil
	}
	r.at = end
	return a.String()
}

// text joins the strings of a TXT record.
func (r *reader) text(end int) any {
	var b []byte
	for r.at < end {
		n := int(r.msg[r.at])
		if r.at++; n > end-r.at {
			r.fail("record error")
			return nil
		}
		b = append(b, r.msg[r.at:r.at+n]...)
		r.at += n
	}
	return string(b)
}
