package mqtt

import (
	"errors"
	"fmt"
	"math"

	"weir/internal/plain"
	"weir/internal/stream"
)

// Append appends a packet. body is the message of PUBLISH. The payload is of the type Decoder returns for the packet, or nil:
// *ConnectPayload, *SubscribePayload, Topics, Codes.
func Append(b []byte, h *Head, body *stream.Data, payload any) ([]byte, error) {
	const room = 5 // for the fixed header
	start := len(b)
	b, err := h.content(append(b, make([]byte, room)...), payload)
	if err != nil {
		return b[:start], fmt.Errorf("%s: %w", typeNames[h.Type], err)
	}
	content := b[start+room:]
	size := len(content)
	flags := h.Type.flags()
	if h.Type == Publish {
		size += body.Size()
		flags = byte(h.QoS&3) << 1
		if h.Dup {
			flags |= 8
		}
		if h.Retain {
			flags |= 1
		}
	}
	if size > maxVarint {
		return b[:start], fmt.Errorf("%s: %d bytes are more than a packet can have", typeNames[h.Type], size)
	}
	b = appendVarint(append(b[:start], byte(h.Type)<<4|flags), size)
	b = append(b, content...) // which is further on
	if h.Type == Publish {
		b = body.AppendTo(b)
	}
	return b, nil
}

// content appends what follows the fixed header, without the message of PUBLISH.
func (h *Head) content(b []byte, payload any) (_ []byte, err error) {
	v5 := h.ProtocolLevel >= 5
	reason := func() {
		if !v5 || h.omitted == 2 && h.ReasonCode == 0 && h.Properties == nil {
			return
		}
		if b = append(b, byte(h.ReasonCode)); h.omitted == 0 || h.Properties != nil {
			b, err = h.appendSection(b)
		}
	}
	switch h.Type {
	case Connect:
		return h.connect(b, payload)
	case ConnAck:
		flags := byte(0)
		if h.SessionPresent {
			flags = 1
		}
		return h.appendSection(append(b, flags, byte(h.ReasonCode)))
	case Publish:
		topic := ""
		if h.TopicName != nil {
			topic = *h.TopicName
		}
		if b, err = appendText(b, topic); err != nil {
			return b, err
		}
		if h.QoS&3 > 0 {
			b = h.appendID(b)
		}
		return h.appendSection(b)
	case PubAck, PubRec, PubRel, PubComp:
		b = h.appendID(b)
		reason()
	case Disconnect, Auth:
		reason()
	case Subscribe, SubAck, Unsubscribe, UnsubAck:
		if b, err = h.appendSection(h.appendID(b)); err == nil {
			b, err = appendList(b, v5, payload)
		}
	}
	return b, err
}

func (h *Head) appendID(b []byte) []byte {
	return append(b, byte(h.PacketIdentifier>>8), byte(h.PacketIdentifier))
}

// appendSection appends the properties there are in version 5.
func (h *Head) appendSection(b []byte) ([]byte, error) {
	if h.ProtocolLevel < 5 {
		return b, nil
	}
	return appendProperties(b, h.Properties, h.wire)
}

func appendList(b []byte, v5 bool, payload any) (_ []byte, err error) {
	switch p := payload.(type) {
	case *SubscribePayload:
		for _, f := range p.TopicFilters {
			if b, err = appendText(b, f.Filter); err != nil {
				return b, err
			}
			options := byte(f.QoS & 3)
			if v5 {
				options |= byte(f.RetainHandling&3) << 4
				if f.NoLocal {
					options |= 4
				}
				if f.RetainAsPublished {
					options |= 8
				}
			}
			b = append(b, options)
		}
	case Topics:
		for _, s := range p {
			if b, err = appendText(b, s); err != nil {
				return b, err
			}
		}
	case Codes:
		b = append(b, p...)
	}
	return b, nil
}

func (h *Head) connect(b []byte, payload any) (_ []byte, err error) {
	c, ok := payload.(*ConnectPayload)
	if !ok {
		c = new(ConnectPayload)
	}
	name := "MQTT"
	if h.ProtocolLevel == 3 {
		name = "MQIsdp"
	}
	b, _ = appendText(b, name)
	flags := byte(0)
	for _, f := range []struct {
		set bool
		bit byte
	}{{c.CleanStart, flagCleanStart}, {c.Will != nil, flagWill}, {c.Will != nil && c.Will.Retain, flagWillRetain},
		{c.Password != nil, flagPassword}, {c.Username != nil, flagUsername}} {
		if f.set {
			flags |= f.bit
		}
	}
	if c.Will != nil {
		flags |= byte(c.Will.QoS&3) << 3
	}
	b = append(b, byte(h.ProtocolLevel), flags, byte(h.KeepAlive>>8), byte(h.KeepAlive))
	v5 := h.ProtocolLevel >= 5
	if v5 {
		if b, err = appendProperties(b, h.Properties, h.wire); err != nil {
			return b, err
		}
	}
	if b, err = appendText(b, c.ClientID); err != nil {
		return b, err
	}
	if w := c.Will; w != nil {
		if v5 {
			if b, err = appendProperties(b, w.Properties, w.wire); err != nil {
				return b, err
			}
		}
		if b, err = appendText(b, w.Topic); err != nil {
			return b, err
		}
		d, ok := w.Payload.(*stream.Data)
		if s, isText := plain.Text(w.Payload); !ok && isText {
			d = stream.NewString(s)
		}
		if b, err = appendData(b, d); err != nil {
			return b, fmt.Errorf("payload of the will: %w", err)
		}
	}
	if c.Username != nil {
		if b, err = appendText(b, *c.Username); err != nil {
			return b, err
		}
	}
	if c.Password != nil {
		b, err = appendData(b, c.Password)
	}
	return b, err
}

func appendVarint(b []byte, n int) []byte {
	for n >= 0x80 {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}

var errLong = errors.New("texts and binary fields have at most 65535 bytes")

func appendText(b []byte, s string) ([]byte, error) {
	if len(s) > math.MaxUint16 {
		return b, errLong
	}
	b = append(b, byte(len(s)>>8), byte(len(s)))
	return append(b, s...), nil
}

func appendData(b []byte, d *stream.Data) ([]byte, error) {
	if d == nil {
		return append(b, 0, 0), nil
	}
	if d.Size() > math.MaxUint16 {
		return b, errLong
	}
	b = append(b, byte(d.Size()>>8), byte(d.Size()))
	return d.AppendTo(b), nil
}
