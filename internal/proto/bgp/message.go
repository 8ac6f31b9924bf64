// Package bgp is BGP-4 (RFC 4271) with capabilities (RFC 5492), 4-byte AS numbers (RFC 6793), multiprotocol routes (RFC 4760),
// communities (RFC 1997, 8092) and route refresh (RFC 2918): bytes to messages and back.
package bgp

import (
	"weir/internal/plain"
	"weir/internal/stream"
)

// Type is the type of a message.
type Type uint8

// The types of messages.
const (
	TypeOpen Type = iota + 1
	TypeUpdate
	TypeNotification
	TypeKeepalive
	TypeRouteRefresh
)

// TypeNames are the names of message types by number.
var TypeNames = []string{"", "OPEN", "UPDATE", "NOTIFICATION", "KEEPALIVE", "ROUTE_REFRESH"}

// Message is a message. Body is *Open, *Update, *Notification, *RouteRefresh, *stream.Data for any other type with a body, or
// nil.
type Message struct {
	Type Type
	Body any

	large bool // was received with more than maxMessage bytes (RFC 8654)
}

// Plain makes the message plain data: an object with the name of its type, or the number of one without a name.
func (m *Message) Plain() any {
	var t any = float64(m.Type)
	if int(m.Type) < len(TypeNames) && m.Type > 0 {
		t = TypeNames[m.Type]
	}
	return &plain.Typed{Type: t, Object: plain.Object{{Name: "body", Value: m.Body}}}
}

// Open is the body of OPEN.
type Open struct {
	Version    int                 `js:"version"`
	MyAS       int                 `js:"myAS"`
	HoldTime   int                 `js:"holdTime"`
	Identifier string              `js:"identifier"`
	Parameters []OptionalParameter `js:"parameters"`
}

// OptionalParameter is a parameter of OPEN. Value is []Capability for Capabilities, otherwise *stream.Data; nil if empty.
type OptionalParameter struct {
	Name  *string `js:"name"`
	Value any     `js:"value"`
	Code  int     `js:"code"`
}

// Capability is a capability (RFC 5492).
type Capability struct {
	Code  int          `js:"code"`
	Value *stream.Data `js:"value"`
}

// Update is the body of UPDATE. Routes are netip.Prefix, or text from scripts.
type Update struct {
	WithdrawnRoutes []any           `js:"withdrawnRoutes"`
	PathAttributes  []PathAttribute `js:"pathAttributes"`
	Destinations    []any           `js:"destinations"`
}

// PathAttribute is an attribute of routes. See attributes for its values.
type PathAttribute struct {
	Name       *string `js:"name"`
	Value      any     `js:"value"`
	Code       int     `js:"code"`
	Optional   bool    `js:"optional"`
	Transitive bool    `js:"transitive"`
	Partial    bool    `js:"partial"`

	extended bool // the length had two bytes
	wire     []byte
}

// Notification is the body of NOTIFICATION.
type Notification struct {
	ErrorCode    int          `js:"errorCode"`
	ErrorSubcode int          `js:"errorSubcode"`
	Data         *stream.Data `js:"data"`
}

// RouteRefresh is the body of ROUTE_REFRESH.
type RouteRefresh struct {
	AFI  int `js:"afi"`
	SAFI int `js:"safi"`

	subtype byte // RFC 7313
}

// FromPlain makes a message of what a script gives, or nil if it is no object with a type. What is missing has the values
// of an empty message of its type.
func FromPlain(x any) *Message {
	o, ok := plain.AsObject(x)
	if !ok {
		return nil
	}
	m := &Message{Type: TypeKeepalive}
	switch t, _ := o.Get("type"); t := t.(type) {
	case string:
		m.Type = 255
		for i, name := range TypeNames {
			if name == t && i > 0 {
				m.Type = Type(i)
			}
		}
	case nil, plain.Undefined:
	default:
		m.Type = Type(plain.Integer(t))
	}
	body, _ := o.Get("body")
	if d, ok := body.(*stream.Data); ok {
		m.Body = d
		return m
	}
	b, ok := plain.AsObject(body)
	if !ok {
		return m
	}
	switch m.Type {
	case TypeOpen:
		m.Body = &Open{Version: 4}
	case TypeUpdate:
		m.Body = &Update{}
	case TypeNotification:
		m.Body = &Notification{}
	case TypeRouteRefresh:
		m.Body = &RouteRefresh{}
	default:
		return m
	}
	plain.Assign(m.Body, b)
	return m
}
