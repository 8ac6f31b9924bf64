// Package thrift is Apache Thrift's binary, compact and old binary protocols, framed or not: bytes to messages and back
// (https://github.com/apache/thrift/tree/master/doc/specs).
package thrift

// Protocol is how a message is written.
type Protocol uint8

// The protocols. Old is the binary protocol without a version.
const (
	Binary Protocol = iota
	Compact
	Old
)

// EnumNames implements plain.Enum.
func (Protocol) EnumNames() []string { return []string{"binary", "compact", "old"} }

// MessageType is the type of a message.
type MessageType uint8

// The types of messages.
const (
	Call MessageType = iota + 1
	Reply
	Exception
	Oneway
)

// EnumNames implements plain.Enum.
func (MessageType) EnumNames() []string { return []string{"", "call", "reply", "exception", "oneway"} }

// Type is the type of a value.
type Type uint8

// The types of values.
const (
	Bool Type = iota + 1
	I8
	I16
	I32
	I64
	Double
	Bytes
	Struct
	MapType
	Set
	ListType
	UUID
)

var typeNames = []string{"", "BOOL", "I8", "I16", "I32", "I64", "DOUBLE", "BINARY", "STRUCT", "MAP", "SET", "LIST", "UUID"}

// EnumNames implements plain.Enum.
func (Type) EnumNames() []string { return typeNames }

// The numbers of types on the wire. Of the compact protocol 1 is true and 2 false in fields; both are BOOL in containers.
var (
	binaryCodes  = [...]byte{Bool: 2, I8: 3, I16: 6, I32: 8, I64: 10, Double: 4, Bytes: 11, Struct: 12, MapType: 13, Set: 14, ListType: 15, UUID: 16}
	compactCodes = [...]byte{Bool: 2, I8: 3, I16: 4, I32: 5, I64: 6, Double: 7, Bytes: 8, ListType: 9, Set: 10, MapType: 11, Struct: 12, UUID: 13}
	binaryTypes  = inverse(binaryCodes[:])
	compactTypes = inverse(compactCodes[:])
)

func inverse(codes []byte) (types [17]Type) {
	for t, c := range codes {
		types[c] = Type(t)
	}
	types[0] = 0
	return types
}

// Message is a message. Values are of these types: bool; float64 for I8, I16, I32 and DOUBLE; int64; string or *stream.Data
// for BINARY; []Field; *Map; *List for LIST and SET; UUIDs as text.
type Message struct {
	Protocol Protocol    `js:"protocol"`
	Type     MessageType `js:"type"`
	SeqID    int         `js:"seqID"`
	Name     *string     `js:"name"`
	Fields   []Field     `js:"fields"`
	Framed   bool        `js:"framed,omitempty"` // the length goes before the message
}

// NewMessage returns a message with the values fields have if nothing is said.
func NewMessage() Message { return Message{Protocol: Compact, Type: Call} }

// Field is a field of a struct.
type Field struct {
	ID    int  `js:"id"`
	Type  Type `js:"type"`
	Value any  `js:"value"`
}

// SetDefaults sets the values fields have if nothing is said.
func (f *Field) SetDefaults() { f.Type = I32 }

// List is a list or a set.
type List struct {
	ElementType Type  `js:"elementType"`
	Elements    []any `js:"elements"`

	one bool // BOOL was written as 1
}

// SetDefaults sets the values fields have if nothing is said.
func (l *List) SetDefaults() { l.ElementType = I32 }

// Map is a map. Its pairs are []any of key and value.
type Map struct {
	KeyType   Type  `js:"keyType"`
	ValueType Type  `js:"valueType"`
	Pairs     []any `js:"pairs"`

	oneKey, oneValue bool // BOOL was written as 1
}

// SetDefaults sets the values fields have if nothing is said.
func (m *Map) SetDefaults() { m.KeyType, m.ValueType = I32, I32 }
