// Package plain is plain data between wire codecs and scripts: what a codec decodes and what it encodes, without a script
// engine. Values are of these Go types:
//
//	nil                        null
//	Undefined                  undefined
//	bool, string, float64      as they are; other Go integers up to 32 bits are numbers
//	Int32, int64, uint64       Int objects
//	error                      an Error with the message
//	*stream.Data, []byte       Data; nil is null
//	*big.Int, time.Time        BigInt, Date
//	netip.Prefix, netip.Addr   IPMask, the address as text
//	[]any, *List               arrays
//	Object, Map, Set           an object, a Map, a Set, in order
//	structs                    objects: each field with a tag `js:"name"`, in order
//	slices of those            arrays
//
// A *string in a struct is a text that may be undefined. A type of small integers that implements Enum is shown by name.
package plain
