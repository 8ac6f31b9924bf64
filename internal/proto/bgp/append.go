package bgp

import (
	"bytes"
	"encoding/binary"
	"math"

	"weir/internal/plain"
	"weir/internal/stream"
)

// maxMessage is the most bytes a message has that was made by a script.
const maxMessage = 4096

var marker = bytes.Repeat([]byte{0xff}, markerSize)

// Append appends a message. With as4, AS numbers in AS_PATH and AGGREGATOR have 4 bytes. What is larger than a message may be
// is cut off.
func Append(b []byte, m *Message, as4 bool) []byte {
	start := len(b)
	b = append(b, marker...)
	b = append(b, 0, 0, byte(m.Type))
	c := codec{as4}
	limit := maxMessage
	switch body := m.Body.(type) {
	case *Open:
		b = appendOpen(b, body)
	case *Update:
		b = c.appendUpdate(b, body)
	case *Notification:
		b = append(b, byte(body.ErrorCode), byte(body.ErrorSubcode))
		if body.Data != nil {
			b = body.Data.AppendTo(b)
		}
	case *RouteRefresh:
		b = append(b, byte(body.AFI>>8), byte(body.AFI), body.subtype, byte(body.SAFI))
	case *stream.Data:
		b = body.AppendTo(b)
	}
	if m.large {
		limit = math.MaxUint16
	}
	b = b[:min(len(b), start+limit)]
	binary.BigEndian.PutUint16(b[start+markerSize:], uint16(len(b)-start))
	return b
}

func appendOpen(b []byte, o *Open) []byte {
	as := o.MyAS
	if as < 0 || as > math.MaxUint16 {
		as = asTrans
	}
	b = append(b, byte(o.Version), byte(as>>8), byte(as), byte(o.HoldTime>>8), byte(o.HoldTime))
	b = append(b, address4(o.Identifier)...)
	at := len(b)
	b = append(b, 0)
	for _, p := range o.Parameters {
		code := p.Code
		if p.Name != nil && *p.Name == capabilitiesName {
			code = capabilities
		}
		value := parameterValue(code, p.Value)
		if len(b)-at-1+2+len(value) > 255 {
			break
		}
		b = append(b, byte(code), byte(len(value)))
		b = append(b, value...)
	}
	b[at] = byte(len(b) - at - 1)
	return b
}

func parameterValue(code int, v any) (b []byte) {
	if d, ok := v.(*stream.Data); ok && d != nil {
		b = d.Bytes()
		return b[:min(len(b), 255)]
	}
	if code != capabilities {
		return nil
	}
	list, ok := v.([]Capability)
	if !ok {
		elems, _ := plain.Elements(v)
		for _, e := range elems {
			if o, ok := plain.AsObject(e); ok {
				var c Capability
				plain.Assign(&c, o)
				list = append(list, c)
			}
		}
	}
	for _, c := range list {
		var value []byte
		if c.Value != nil {
			value = c.Value.Bytes()
		}
		if len(b)+2+len(value) > 255 {
			break
		}
		b = append(b, byte(c.Code), byte(len(value)))
		b = append(b, value...)
	}
	return b
}

func (c *codec) appendUpdate(b []byte, u *Update) []byte {
	section := func(fill func()) {
		at := len(b)
		b = append(b, 0, 0)
		fill()
		binary.BigEndian.PutUint16(b[at:], uint16(min(len(b)-at-2, math.MaxUint16)))
	}
	section(func() { b = appendRoutes(b, u.WithdrawnRoutes, 32) })
	section(func() {
		for i := range u.PathAttributes {
			b = c.appendAttribute(b, &u.PathAttributes[i])
		}
	})
	return appendRoutes(b, u.Destinations, 32)
}

func (c *codec) appendAttribute(b []byte, a *PathAttribute) []byte {
	code := a.Code
	if a.Name != nil {
		if n, ok := attributeCode(*a.Name); ok {
			code = n
		}
	}
	value := a.wire
	known, ok := attributes[code]
	switch v := a.Value.(type) {
	case *stream.Data:
		if v != nil {
			value = v.Bytes()
		}
	case nil, plain.Undefined:
	default:
		if value == nil && ok {
			value = known.write(c, nil, v)
		}
	}
	value = value[:min(len(value), math.MaxUint16)]
	flags := byte(0)
	for bit, set := range map[byte]bool{flagOptional: a.Optional, flagTransitive: a.Transitive, flagPartial: a.Partial,
		flagExtended: a.extended || len(value) > 255} {
		if set {
			flags |= bit
		}
	}
	b = append(b, flags, byte(code))
	if flags&flagExtended != 0 {
		b = append(b, byte(len(value)>>8))
	}
	b = append(b, byte(len(value)))
	return append(b, value...)
}
