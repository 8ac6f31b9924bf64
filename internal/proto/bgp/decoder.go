package bgp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"

	"weir/internal/proto/token"
)

const (
	headerSize = 19
	markerSize = 16
)

// Decoder finds messages in a stream of bytes. Make one with NewDecoder.
type Decoder struct {
	// AS4 says that AS numbers in AS_PATH and AGGREGATOR have 4 bytes. It may be changed between messages.
	AS4 bool

	in token.Reader
	m  *Message
}

// NewDecoder returns a Decoder. A message has at most 65535 bytes.
func NewDecoder() *Decoder { return &Decoder{in: token.Reader{Limit: 0xffff}} }

// Reset drops an incomplete message.
func (d *Decoder) Reset() { d.in.Reset() }

// Feed takes bytes up to the end of a message. It returns how many it took, and whether the message is complete. After an
// error the stream cannot be decoded any further.
func (d *Decoder) Feed(p []byte) (n int, done bool, err error) {
	d.in.Feed(p)
	d.in.Begin()
	h, err := d.in.Need(headerSize)
	if err == nil {
		size := int(binary.BigEndian.Uint16(h[markerSize:]))
		if size < headerSize {
			return len(p) - d.in.Rest(), false, fmt.Errorf("the length of a message is %d", size)
		}
		if h, err = d.in.Take(size); err == nil {
			d.m, err = d.message(h)
		}
	}
	if err == token.ErrMore {
		return len(p), false, nil
	}
	return len(p) - d.in.Rest(), err == nil, err
}

// Message returns the complete message. It owns its bytes.
func (d *Decoder) Message() *Message { return d.m }

func (d *Decoder) message(b []byte) (*Message, error) {
	m := &Message{Type: Type(b[markerSize+2]), large: len(b) > maxMessage}
	b = b[headerSize:]
	c := codec{d.AS4}
	var err error
	switch m.Type {
	case TypeOpen:
		m.Body, err = open(b)
	case TypeUpdate:
		m.Body, err = c.update(b)
	case TypeNotification:
		if len(b) < 2 {
			err = errLength
			break
		}
		n := &Notification{ErrorCode: int(b[0]), ErrorSubcode: int(b[1])}
		if len(b) > 2 {
			n.Data = own(b[2:])
		}
		m.Body = n
	case TypeRouteRefresh:
		if len(b) != 4 {
			err = errLength
			break
		}
		m.Body = &RouteRefresh{AFI: int(b[0])<<8 | int(b[1]), SAFI: int(b[3]), subtype: b[2]}
	default:
		if len(b) > 0 {
			m.Body = own(b)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("message type %d %w", m.Type, err)
	}
	return m, nil
}

func open(b []byte) (*Open, error) {
	if len(b) < 10 || len(b) != 10+int(b[9]) {
		return nil, errLength
	}
	o := &Open{Version: int(b[0]), MyAS: int(b[1])<<8 | int(b[2]), HoldTime: int(b[3])<<8 | int(b[4]),
		Identifier: netip.AddrFrom4([4]byte(b[5:9])).String()}
	for b = b[10:]; len(b) > 0; {
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return nil, errLength
		}
		p := OptionalParameter{Code: int(b[0])}
		value := b[2 : 2+b[1]]
		b = b[2+len(value):]
		if p.Code == capabilities {
			name := capabilitiesName
			p.Name = &name
			list := []Capability{}
			for len(value) > 0 {
				if len(value) < 2 || len(value) < 2+int(value[1]) {
					return nil, errLength
				}
				n := 2 + int(value[1])
				list = append(list, Capability{int(value[0]), own(value[2:n])})
				value = value[n:]
			}
			p.Value = list
		} else if len(value) > 0 {
			p.Value = own(value)
		}
		o.Parameters = append(o.Parameters, p)
	}
	return o, nil
}

const (
	capabilities     = 2
	capabilitiesName = "Capabilities"
)

// The flags of path attributes.
const (
	flagOptional   = 0x80
	flagTransitive = 0x40
	flagPartial    = 0x20
	flagExtended   = 0x10
)

func (c *codec) update(b []byte) (*Update, error) {
	withdrawn, b, ok := section(b)
	if !ok {
		return nil, errLength
	}
	attrs, b, ok := section(b)
	if !ok {
		return nil, errLength
	}
	u := &Update{}
	var err error
	if u.WithdrawnRoutes, err = routes(withdrawn, 32); err != nil {
		return nil, err
	}
	for len(attrs) > 0 {
		a, n, err := c.attribute(attrs)
		if err != nil {
			return nil, err
		}
		u.PathAttributes = append(u.PathAttributes, a)
		attrs = attrs[n:]
	}
	u.Destinations, err = routes(b, 32)
	return u, err
}

// section cuts off what a length of two bytes counts.
func section(b []byte) (part, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := 2 + int(binary.BigEndian.Uint16(b))
	if len(b) < n {
		return nil, nil, false
	}
	return b[2:n], b[n:], true
}

func (c *codec) attribute(b []byte) (a PathAttribute, n int, err error) {
	if len(b) < 4 && (len(b) < 3 || b[0]&flagExtended != 0) {
		return a, 0, errLength
	}
	flags := b[0]
	a = PathAttribute{Code: int(b[1]), Optional: flags&flagOptional != 0, Transitive: flags&flagTransitive != 0,
		Partial: flags&flagPartial != 0, extended: flags&flagExtended != 0}
	size := int(b[2])
	n = 3
	if a.extended {
		size, n = int(binary.BigEndian.Uint16(b[2:])), 4
	}
	if len(b) < n+size {
		return a, 0, errLength
	}
	value := b[n : n+size]
	n += size
	known, ok := attributes[a.Code]
	if ok {
		name := known.name
		a.Name = &name
	}
	switch {
	case len(value) == 0:
	case ok:
		if a.Value, err = known.read(c, value); err != nil {
			return a, 0, fmt.Errorf("attribute %s %w", known.name, err)
		}
		if !bytes.Equal(known.write(c, nil, a.Value), value) {
			a.wire = append([]byte(nil), value...) // was not written the way this package does
		}
	default:
		a.Value = own(value)
	}
	return a, n, nil
}
