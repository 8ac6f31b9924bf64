package resp

// Kind is the first byte of a value on the wire.
type Kind byte

// The kinds of values; from Null on those of version 3 only.
const (
	SimpleString   Kind = '+'
	SimpleError    Kind = '-'
	Integer        Kind = ':'
	BulkString     Kind = '$'
	Array          Kind = '*'
	Null           Kind = '_'
	Boolean        Kind = '#'
	Double         Kind = ','
	BigNumber      Kind = '('
	BulkError      Kind = '!'
	VerbatimString Kind = '='
	Map            Kind = '%'
	Set            Kind = '~'
	Push           Kind = '>'
	Attribute      Kind = '|'
)

// What streamed values consist of besides their beginning.
const (
	chunk Kind = ';' // a piece of a string
	end   Kind = '.' // of a collection
)

// Value is a value as it stands on the wire, so that it can be written back the same.
type Value struct {
	Kind Kind
	// Null is set for the null bulk string and the null array of version 2.
	Null bool
	// Streamed is set for a BulkString whose text came in pieces, and for an Array, a Map or a Set whose size was not told
	// before.
	Streamed bool
	// Text is the value of anything that is no collection: numbers as digits, a boolean as t or f, a verbatim string with
	// its format and colon before it.
	Text []byte
	// Elems are the elements of a collection: keys and values in turn for a Map. For an Attribute they are its keys and
	// values, then the value it belongs to. For a streamed BulkString they are the pieces of its text.
	Elems []Value
}

// overhead is what a Value takes in memory besides its text, about.
const overhead = 64
