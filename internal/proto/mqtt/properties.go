package mqtt

import (
	"fmt"
	"reflect"
	"slices"

	"weir/internal/plain"
	"weir/internal/stream"
)

// form is how a property's value is written.
type form uint8

const (
	oneByte form = iota + 1
	twoBytes
	fourBytes
	varint
	text
	binary
	textPair
)

type property struct {
	name string
	form form
}

const userProperty = 38

var propertyByID = map[byte]property{
	1: {"payloadFormatIndicator", oneByte}, 2: {"messageExpiryInterval", fourBytes}, 3: {"contentType", text},
	8: {"responseTopic", text}, 9: {"correlationData", binary}, 11: {"subscriptionIdentifier", varint},
	17: {"sessionExpiryInterval", fourBytes}, 18: {"assignedClientIdentifier", text}, 19: {"serverKeepAlive", twoBytes},
	21: {"authenticationMethod", text}, 22: {"authenticationData", binary}, 23: {"requestProblemInfo", oneByte},
	24: {"willDelayInterval", fourBytes}, 25: {"requestResponseInfo", oneByte}, 26: {"responseInfo", text},
	28: {"serverReference", text}, 31: {"reasonString", text}, 33: {"receiveMaximum", twoBytes},
	34: {"topicAliasMaximum", twoBytes}, 35: {"topicAlias", twoBytes}, 36: {"maximumQoS", oneByte},
	37: {"retainAvailable", oneByte}, userProperty: {"", textPair}, 39: {"maximumPacketSize", fourBytes},
	40: {"wildcardSubscriptionAvailable", oneByte}, 41: {"subscriptionIdentifierAvailable", oneByte},
	42: {"sharedSubscriptionAvailable", oneByte},
}

var propertyIDs = func() map[string]byte {
	m := map[string]byte{}
	for id, p := range propertyByID {
		m[p.name] = id
	}
	return m
}()

// PropertyNames lists the names of all properties but those users define, in the order of their numbers.
func PropertyNames() []string {
	var names []string
	for id := range byte(64) {
		if name := propertyByID[id].name; name != "" {
			names = append(names, name)
		}
	}
	return names
}

// properties is a section of properties as it came, so that it can be written the same: an object has no place for a
// property that is repeated.
type properties struct {
	raw    []byte
	object plain.Object
}

// properties reads a section with its length.
func (p *parser) properties() (plain.Object, properties) {
	n := p.varint()
	raw := p.bytes(n)
	if p.err != nil || n == 0 {
		return nil, properties{}
	}
	in := parser{b: raw, left: p.left}
	var o plain.Builder
	for len(in.b) > 0 && in.err == nil {
		in.charge()
		o.Set(in.property())
	}
	if p.left = in.left; in.err != nil {
		p.fail(in.err)
	}
	return o.Object, properties{own(raw), slices.Clone(o.Object)}
}

func (p *parser) property() (name string, value any) {
	id := p.varint()
	d, ok := propertyByID[byte(id)]
	if !ok || id > 255 {
		p.fail(fmt.Errorf("there is no property %d", id))
		return "", nil
	}
	switch d.form {
	case oneByte:
		return d.name, float64(p.byte())
	case twoBytes:
		return d.name, float64(p.uint16())
	case fourBytes:
		b := p.bytes(4)
		if b == nil {
			return d.name, nil
		}
		return d.name, float64(int32(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])))
	case varint:
		return d.name, float64(p.varint())
	case text:
		return d.name, p.text()
	case binary:
		return d.name, p.data()
	}
	name = p.text()
	return name, p.text()
}

// appendProperties appends a section with its length: as it came, if it has not changed.
func appendProperties(b []byte, o plain.Object, came properties) ([]byte, error) {
	section := came.raw
	if !reflect.DeepEqual(o, came.object) {
		var err error
		if section, err = appendObject(nil, o); err != nil {
			return b, err
		}
	}
	if b = appendVarint(b, len(section)); len(section) > maxVarint {
		return b, fmt.Errorf("properties of %d bytes are too large", len(section))
	}
	return append(b, section...), nil
}

func appendObject(b []byte, o plain.Object) (_ []byte, err error) {
	for _, f := range o {
		if f.Value == nil || f.Value == (plain.Undefined{}) {
			continue
		}
		id, ok := propertyIDs[f.Name]
		if !ok || f.Name == "" {
			s, _ := plain.Text(f.Value)
			if b, err = appendText(append(b, userProperty), f.Name); err == nil {
				b, err = appendText(b, s)
			}
			if err != nil {
				return b, err
			}
			continue
		}
		b = append(b, id)
		n := plain.Integer(f.Value)
		switch propertyByID[id].form {
		case oneByte:
			b = append(b, byte(n))
		case twoBytes:
			b = append(b, byte(n>>8), byte(n))
		case fourBytes:
			b = append(b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		case varint:
			if n > maxVarint {
				return b, fmt.Errorf("property %s is %d, over %d", f.Name, n, maxVarint)
			}
			b = appendVarint(b, int(n))
		case text:
			s, _ := plain.Text(f.Value)
			b, err = appendText(b, s)
		case binary:
			d, _ := f.Value.(*stream.Data)
			b, err = appendData(b, d)
		}
		if err != nil {
			return b, fmt.Errorf("property %s: %w", f.Name, err)
		}
	}
	return b, nil
}
