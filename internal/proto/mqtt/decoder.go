package mqtt

import (
	"errors"
	"fmt"

	"weir/internal/proto/token"
)

// Decoder finds packets in a stream of bytes. Make one with NewDecoder.
//
// Which version a packet is of only CONNECT says. From a server comes CONNACK first, which is shorter in version 3. Without
// either, packets are read as version 5, or as version 3.1.1 if they cannot be that.
type Decoder struct {
	in      token.Reader
	level   int // of the connection, 0 if not known
	head    Head
	topic   string
	body    []byte
	payload any
}

// ownHead is a head with what it points to.
type ownHead struct {
	Head
	topic string
}

// minOverhead is what fields may take in memory besides their bytes, however small the limit is.
const minOverhead = 1 << 20

// NewDecoder returns a Decoder for packets of at most limit bytes, on the wire and, if that is more than 1 MiB, of their fields in
// memory.
func NewDecoder(limit int) *Decoder { return &Decoder{in: token.Reader{Limit: limit}} }

// Reset makes the decoder ready for another connection.
func (d *Decoder) Reset() {
	d.in.Reset()
	d.level = 0
}

// Feed takes bytes up to the end of a packet. It returns how many it took, and whether the packet is complete. After an error
// the stream cannot be decoded any further.
func (d *Decoder) Feed(p []byte) (n int, done bool, err error) {
	d.in.Feed(p)
	d.in.Begin()
	err = d.packet()
	if err == token.ErrMore {
		return len(p), false, nil
	}
	return len(p) - d.in.Rest(), err == nil, err
}

// Packet returns the complete packet. Its body is borrowed from what was fed; the rest owns its bytes.
func (d *Decoder) Packet() (head any, body []byte, payload any) {
	p := &ownHead{d.head, d.topic}
	if p.TopicName != nil {
		p.TopicName = &p.topic
	}
	return &p.Head, d.body, d.payload
}

// packet reads a whole packet, or nothing.
func (d *Decoder) packet() error {
	size, n := 0, 1
	for {
		n++
		b, err := d.in.Need(n)
		if err != nil {
			return err
		}
		c := b[n-1]
		size |= int(c&0x7f) << (7 * (n - 2))
		if c < 0x80 {
			break
		}
		if n == 5 {
			return errVarint
		}
	}
	b, err := d.in.Take(n + size)
	if err != nil {
		return err
	}
	return d.decode(b[0], b[n:])
}

func (d *Decoder) decode(first byte, b []byte) (err error) {
	level := d.level
	t := Type(first >> 4)
	if t == ConnAck {
		if level = 5; len(b) == 2 {
			level = 4
		}
	}
	if level != 0 {
		err = d.decodeAs(level, first, b)
	} else if err = d.decodeAs(5, first, b); err != nil && t != Connect {
		if d.decodeAs(4, first, b) == nil {
			err = nil
		}
	}
	if err != nil {
		if t == 0 {
			return err
		}
		return fmt.Errorf("%s: %w", typeNames[t], err)
	}
	if t == Connect || t == ConnAck {
		d.level = d.head.ProtocolLevel
	}
	return nil
}

// flags are what the lower bits of the first byte must be in packets other than PUBLISH.
func (t Type) flags() byte {
	switch t {
	case PubRel, Subscribe, Unsubscribe:
		return 2
	}
	return 0
}

func (d *Decoder) decodeAs(level int, first byte, b []byte) error {
	t := Type(first >> 4)
	h := Head{Type: t, Dup: first&8 != 0, QoS: int(first >> 1 & 3), Retain: first&1 != 0, ProtocolLevel: level}
	d.body, d.payload = nil, nil
	p := &parser{b: b, left: max(d.in.Limit, minOverhead)}
	v5 := level >= 5
	switch {
	case t == 0 || t == Auth && !v5:
		return fmt.Errorf("there is no packet type %d", t)
	case t == Publish && h.QoS == 3:
		return errors.New("the quality of service is 3")
	case t != Publish && first&15 != t.flags():
		return fmt.Errorf("the flags are %d instead of %d", first&15, t.flags())
	}
	switch t {
	case Connect:
		d.connect(&h, p)
	case ConnAck:
		flags := p.byte()
		h.SessionPresent = flags&1 != 0
		h.ReasonCode = int(p.byte())
		if flags > 1 {
			p.fail(errors.New("reserved flags are set"))
		}
		h.section(p, v5)
	case Publish:
		d.topic = p.text()
		h.TopicName = &d.topic
		if h.QoS > 0 {
			h.PacketIdentifier = p.uint16()
		}
		h.section(p, v5)
		d.body, p.b = p.b, nil
	case PubAck, PubRec, PubRel, PubComp:
		h.PacketIdentifier = p.uint16()
		h.reason(p, v5)
	case Disconnect, Auth:
		h.reason(p, v5)
	case PingReq, PingResp:
	default:
		h.PacketIdentifier = p.uint16()
		h.section(p, v5)
		d.body = p.b
		d.list(t, v5, p)
	}
	if p.err == nil && len(p.b) > 0 {
		return fmt.Errorf("%d bytes follow the last field", len(p.b))
	}
	d.head = h
	return p.err
}

// section reads the properties there are in version 5.
func (h *Head) section(p *parser, v5 bool) {
	if v5 {
		h.Properties, h.wire = p.properties()
	}
}

// reason reads a reason code and properties, which may be left out.
func (h *Head) reason(p *parser, v5 bool) {
	if !v5 {
		return
	}
	if len(p.b) == 0 {
		h.omitted = 2
		return
	}
	h.ReasonCode = int(p.byte())
	if len(p.b) == 0 {
		h.omitted = 1
		return
	}
	h.section(p, v5)
}

func (d *Decoder) connect(h *Head, p *parser) {
	name := p.text()
	h.ProtocolLevel = int(p.byte())
	switch {
	case p.err != nil:
		return
	case name == "MQTT" && (h.ProtocolLevel == 4 || h.ProtocolLevel == 5), name == "MQIsdp" && h.ProtocolLevel == 3:
	default:
		p.fail(fmt.Errorf("protocol %.20q of level %d is not known", name, h.ProtocolLevel))
		return
	}
	v5 := h.ProtocolLevel >= 5
	flags := p.byte()
	h.KeepAlive = p.uint16()
	h.section(p, v5)
	d.body = p.b
	c := &ConnectPayload{CleanStart: flags&flagCleanStart != 0}
	d.payload = c
	c.ClientID = p.text()
	if flags&flagWill != 0 {
		w := &Will{QoS: int(flags >> 3 & 3), Retain: flags&flagWillRetain != 0}
		if w.QoS == 3 {
			p.fail(errors.New("the quality of service of the will is 3"))
		}
		if v5 {
			w.Properties, w.wire = p.properties()
		}
		w.Topic = p.text()
		w.Payload = p.data()
		c.Will = w
	}
	if flags&flagUsername != 0 {
		s := p.text()
		c.Username = &s
	}
	if flags&flagPassword != 0 {
		c.Password = p.data()
	}
	if flags&1 != 0 || flags&flagWill == 0 && flags&(flagWillRetain|3<<3) != 0 {
		p.fail(fmt.Errorf("the connect flags %#x have reserved bits set", flags))
	}
}

// The flags of CONNECT.
const (
	flagCleanStart = 1 << 1
	flagWill       = 1 << 2
	flagWillRetain = 1 << 5
	flagPassword   = 1 << 6
	flagUsername   = 1 << 7
)

// list reads what subscriptions consist of.
func (d *Decoder) list(t Type, v5 bool, p *parser) {
	switch t {
	case Subscribe:
		s := &SubscribePayload{}
		for len(p.b) > 0 {
			p.charge()
			f := TopicFilter{Filter: p.text()}
			c := p.byte()
			f.QoS = int(c & 3)
			if v5 {
				f.NoLocal, f.RetainAsPublished, f.RetainHandling = c&4 != 0, c&8 != 0, int(c>>4&3)
			}
			if f.QoS == 3 || c >= 0x40 || !v5 && c > 3 {
				p.fail(fmt.Errorf("%#x is no option of a subscription", c))
			}
			s.TopicFilters = append(s.TopicFilters, f)
		}
		d.payload = s
	case Unsubscribe:
		topics := Topics{}
		for len(p.b) > 0 {
			p.charge()
			topics = append(topics, p.text())
		}
		d.payload = topics
	default: // SUBACK, UNSUBACK
		d.payload, p.b = Codes(own(p.b)), nil
	}
}
