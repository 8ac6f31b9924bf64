package mqtt

import (
	"weir/internal/plain"
	"weir/internal/stream"
)

// Type is the type of a packet.
type Type uint8

// The types of packets.
const (
	Connect Type = iota + 1
	ConnAck
	Publish
	PubAck
	PubRec
	PubRel
	PubComp
	Subscribe
	SubAck
	Unsubscribe
	UnsubAck
	PingReq
	PingResp
	Disconnect
	Auth
)

var typeNames = []string{"", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK",
	"UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"}

// EnumNames implements plain.Enum.
func (Type) EnumNames() []string { return typeNames }

// Head is a packet without its payload.
type Head struct {
	Type             Type         `js:"type"`
	Dup              bool         `js:"dup"`
	Retain           bool         `js:"retain"`
	SessionPresent   bool         `js:"sessionPresent"`
	QoS              int          `js:"qos"`
	PacketIdentifier int          `js:"packetIdentifier"`
	ProtocolLevel    int          `js:"protocolLevel"` // of the connection the packet belongs to
	KeepAlive        int          `js:"keepAlive"`     // seconds
	ReasonCode       int          `js:"reasonCode"`
	TopicName        *string      `js:"topicName"`
	Properties       plain.Object `js:"properties"` // nil if there are none

	omitted int // how many of the trailing fields, properties and reason code, were left out on the wire
	wire    properties
}

// NewHead returns a head with the values fields have if nothing is said.
func NewHead() Head { return Head{Type: Connect, ProtocolLevel: 5} }

// ConnectPayload is the payload of CONNECT.
type ConnectPayload struct {
	ClientID   string       `js:"clientID"`
	Username   *string      `js:"username"`
	Password   *stream.Data `js:"password"`
	Will       *Will        `js:"will"`
	CleanStart bool         `js:"cleanStart"`
}

// Will is the message a server publishes when the client is lost.
type Will struct {
	QoS        int          `js:"qos"`
	Retain     bool         `js:"retain"`
	Properties plain.Object `js:"properties"`
	Topic      string       `js:"topic"`
	Payload    any          `js:"payload"` // *stream.Data, or text when it comes from a script

	wire properties
}

// SubscribePayload is the payload of SUBSCRIBE.
type SubscribePayload struct {
	TopicFilters []TopicFilter `js:"topicFilters"`
}

// TopicFilter is one subscription. What follows QoS is of version 5.
type TopicFilter struct {
	Filter            string `js:"filter"`
	QoS               int    `js:"qos"`
	NoLocal           bool   `js:"noLocal,omitempty"`
	RetainAsPublished bool   `js:"retainAsPublished,omitempty"`
	RetainHandling    int    `js:"retainHandling,omitempty"`
}

// Codes is the payload of SUBACK and UNSUBACK: a reason code for each topic filter.
type Codes []byte

// Plain makes it plain data: an array of numbers.
func (c Codes) Plain() any {
	a := make([]any, len(c))
	for i, b := range c {
		a[i] = float64(b)
	}
	return a
}

// Topics is the payload of UNSUBSCRIBE.
type Topics []string

// Plain makes it plain data: an array of texts.
func (t Topics) Plain() any {
	a := make([]any, len(t))
	for i, s := range t {
		a[i] = s
	}
	return a
}
