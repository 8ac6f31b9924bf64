package fastcgi

import (
	"encoding/binary"
	"errors"

	"weir/internal/plain"
)

// RequestHead is the head of a request.
type RequestHead struct {
	Role      int          `js:"role"`
	KeepAlive bool         `js:"keepAlive"`
	Params    plain.Object `js:"params"`
}

// NewRequestHead returns a head with the values fields have if nothing is said.
func NewRequestHead() RequestHead { return RequestHead{Role: Responder} }

var errParams = errors.New("the parameters of a request end too early")

// ParsePairs reads names and values. Of a name that comes more than once the last value counts.
func ParsePairs(b []byte) (plain.Object, error) {
	o := plain.Builder{Object: plain.Object{}}
	for len(b) > 0 {
		n, b1, ok1 := length(b)
		v, b2, ok2 := length(b1)
		if !ok1 || !ok2 || n > len(b2) || v > len(b2)-n {
			return o.Object, errParams
		}
		o.Set(string(b2[:n]), string(b2[n:n+v]))
		b = b2[n+v:]
	}
	return o.Object, nil
}

func length(b []byte) (n int, rest []byte, ok bool) {
	switch {
	case len(b) == 0:
		return 0, nil, false
	case b[0] < 0x80:
		return int(b[0]), b[1:], true
	case len(b) < 4:
		return 0, nil, false
	}
	return int(binary.BigEndian.Uint32(b) & 0x7fffffff), b[4:], true
}

func appendLength(b []byte, n int) []byte {
	if n < 0x80 {
		return append(b, byte(n))
	}
	return binary.BigEndian.AppendUint32(b, uint32(n)|1<<31)
}

// AppendPair appends a name with its value.
func AppendPair(b []byte, name, value string) []byte {
	b = appendLength(b, len(name))
	b = appendLength(b, len(value))
	b = append(b, name...)
	return append(b, value...)
}

// AppendParams appends the parameters of a request as records, the empty one at the end included. Records end between pairs
// unless a pair is larger than a record.
func AppendParams(b []byte, id uint16, params plain.Object) []byte {
	var content []byte
	flush := func() {
		for len(content) > 0 {
			n := min(len(content), MaxContent)
			b = Append(b, Params, id, content[:n])
			content = content[n:]
		}
		content = nil
	}
	for _, p := range params {
		s, _ := plain.Text(p.Value)
		if len(content)+len(p.Name)+len(s)+8 > MaxContent {
			flush()
		}
		content = AppendPair(content, p.Name, s)
	}
	flush()
	return Append(b, Params, id, nil)
}
