package crypto

import (
	"errors"
	"fmt"

	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

const dataOrString = "a Data object or a string"

var errEmpty = errors.New("Data size is zero") //lint:ignore ST1005 the message scripts know

// bytesOf returns the bytes of a Data or the UTF-8 of a string, to be read only and no longer than the call; false for other
// values.
func bytesOf(r *script.Realm, v script.Value) ([]byte, bool) {
	if b, ok := r.AsBytes(v); ok {
		return b, true
	}
	if d, ok := event.DataOf(r, v); ok {
		return d.Bytes(), true
	}
	return nil, false
}

// bytesArg returns the bytes of the i-th argument, a Data or a string.
func bytesArg(c *script.Call, i int) ([]byte, error) {
	if b, ok := bytesOf(c.Realm, c.Arg(i)); ok {
		return b, nil
	}
	return nil, script.ArgError(i, dataOrString)
}

// bytesOption returns the bytes of an option, nil if it is not given.
func bytesOption(r *script.Realm, o *script.Options, name string) []byte {
	v := o.Value(name)
	if v.IsUndefined() {
		return nil
	}
	b, ok := bytesOf(r, v)
	if !ok {
		o.Fail(name, "a string", "a Data")
	}
	return b
}

// objectOption returns the Go value of an option, which is an object of a class; the zero value if it is not given.
func objectOption[T any](r *script.Realm, o *script.Options, name, class string) T {
	v := o.Value(name)
	t, ok := script.As[T](r, v)
	if !ok && !v.IsUndefined() {
		o.Fail(name, "a "+class)
	}
	return t
}

// about says which argument an error of a parser is about.
func about(i int, err error) error { return fmt.Errorf("argument #%d: %w", i+1, err) }

// newData returns a Data for bytes, which it takes over.
func newData(c *script.Call, b []byte) script.Value {
	return event.NewData(c.Realm, stream.NewData(b))
}
