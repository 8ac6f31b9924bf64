package resp

import (
	"bytes"
	"fmt"
	"strconv"

	"weir/internal/proto/token"
)

// Decoder finds values in a stream of bytes. Make one with NewDecoder.
type Decoder struct {
	in    token.Reader
	stack []frame
	bulk  Kind   // of the string whose length was read
	size  int    // that length, -1 if none
	text  *Value // the streamed string whose pieces come, nil if none
	value Value
	fresh bool   // no byte of the value has come
	room  []byte // for short texts
}

// frame is a collection that is being filled; left is negative as long as it is not known how many elements it has.
type frame struct {
	v    Value
	left int
}

// NewDecoder returns a Decoder for values that take at most limit bytes, on the wire and in memory.
func NewDecoder(limit int) *Decoder {
	d := &Decoder{in: token.Reader{Limit: limit}}
	d.Reset()
	return d
}

// Reset drops an incomplete value.
func (d *Decoder) Reset() {
	d.in.Reset()
	d.stack, d.size, d.text, d.fresh = nil, -1, nil, true
}

// Feed takes bytes up to the end of a value. It returns how many it took, and whether the value is complete. After an error
// the stream cannot be decoded any further.
func (d *Decoder) Feed(p []byte) (n int, done bool, err error) {
	d.in.Feed(p)
	if d.fresh {
		d.in.Begin()
		d.fresh = false
	}
	for err == nil && !done {
		done, err = d.step()
	}
	if err == token.ErrMore {
		return len(p), false, nil
	}
	d.fresh = done
	return len(p) - d.in.Rest(), done, err
}

// Value returns the complete value. It owns its bytes.
func (d *Decoder) Value() *Value {
	v := d.value
	return &v
}

// step reads a line, or the text of a string, and returns whether the outermost value is complete.
func (d *Decoder) step() (bool, error) {
	if d.size >= 0 {
		b, err := d.in.Take(d.size + 2)
		if err != nil {
			return false, err
		}
		if b[d.size] != '\r' || b[d.size+1] != '\n' {
			return false, fmt.Errorf("a string of %d bytes does not end there", d.size)
		}
		b = b[:d.size]
		if d.bulk == VerbatimString && (len(b) < 4 || b[3] != ':') {
			return false, fmt.Errorf("a verbatim string begins with %.4q, not with its format", b)
		}
		d.size = -1
		if d.text != nil {
			d.text.Elems = append(d.text.Elems, Value{Kind: chunk, Text: d.own(b)})
			return false, nil
		}
		return d.add(Value{Kind: d.bulk, Text: d.own(b)}), nil
	}
	first, err := d.in.Need(1)
	if err != nil {
		return false, err
	}
	k := Kind(first[0])
	if d.text != nil && k != chunk {
		return false, fmt.Errorf("no piece of a string begins with %q", first[0])
	}
	switch k {
	case chunk, end:
		if !d.expects(k) {
			return false, fmt.Errorf("no value begins with %q", first[0])
		}
	case SimpleString, SimpleError, Integer, BulkString, Array, Null, Boolean, Double, BigNumber, BulkError, VerbatimString, Map,
		Set, Push, Attribute:
	default:
		return false, fmt.Errorf("no value begins with %q", first[0])
	}
	line, err := d.in.Line()
	if err != nil {
		return false, err
	}
	text, ok := bytes.CutSuffix(line[1:], []byte("\r\n"))
	if !ok || bytes.IndexByte(text, '\r') >= 0 {
		return false, fmt.Errorf("the line %.40q does not end with CR LF", line)
	}
	if err := d.in.Charge(overhead); err != nil {
		return false, err
	}
	switch k {
	case BulkString, BulkError, VerbatimString, Array, Map, Set, Push, Attribute:
		return d.sized(k, text)
	case chunk:
		return d.piece(text)
	case end:
		if len(text) > 0 {
			return false, fmt.Errorf("%.40q is no value", line)
		}
		return d.close(), nil
	}
	if !valid(k, text) {
		return false, fmt.Errorf("%.40q is no value", line)
	}
	return d.add(Value{Kind: k, Text: d.own(text)}), nil
}

// Short texts share memory, so that one that is kept holds no more than that.
const (
	shortText  = 32
	shortTexts = 256
)

// own copies b; the result is never nil.
func (d *Decoder) own(b []byte) []byte {
	n := len(b)
	if n > shortText {
		return append(make([]byte, 0, n), b...)
	}
	if n > len(d.room) || d.room == nil {
		d.room = make([]byte, shortTexts)
	}
	out := d.room[:n:n]
	d.room = d.room[n:]
	copy(out, b)
	return out
}

// expects reports whether a piece of a string, or the end of a collection, may come.
func (d *Decoder) expects(k Kind) bool {
	if k == chunk {
		return d.text != nil
	}
	if len(d.stack) == 0 {
		return false
	}
	f := &d.stack[len(d.stack)-1]
	return f.left < 0 && (f.v.Kind != Map || len(f.v.Elems)%2 == 0)
}

// piece begins a piece of a string; one of size 0 ends the string.
func (d *Decoder) piece(text []byte) (bool, error) {
	n, err := parseSize(text)
	if err != nil || n < 0 {
		return false, fmt.Errorf("%.40q is no size", text)
	}
	if n > 0 {
		d.bulk, d.size = BulkString, n
		return false, nil
	}
	v := *d.text
	d.text = nil
	for _, piece := range v.Elems {
		v.Text = append(v.Text, piece.Text...)
	}
	return d.add(v), nil
}

// sized begins a string or a collection.
func (d *Decoder) sized(k Kind, text []byte) (bool, error) {
	if string(text) == "?" {
		switch k {
		case BulkString:
			d.text = &Value{Kind: k, Text: []byte{}, Streamed: true}
			return false, nil
		case Array, Map, Set:
			return false, d.open(Value{Kind: k, Elems: []Value{}, Streamed: true}, -1)
		}
	}
	n, err := parseSize(text)
	if err != nil || n < 0 && k != BulkString && k != Array {
		return false, fmt.Errorf("%.40q is no size", text)
	}
	switch {
	case n < 0:
		return d.add(Value{Kind: k, Null: true}), nil
	case k == BulkString || k == BulkError || k == VerbatimString:
		d.bulk, d.size = k, n
		return false, nil
	}
	if n > d.in.Limit { // each element takes bytes
		return false, token.ErrTooLarge
	}
	switch k {
	case Map:
		n *= 2
	case Attribute:
		n = 2*n + 1
	}
	if n == 0 {
		return d.add(Value{Kind: k, Elems: []Value{}}), nil
	}
	// More elements may never come.
	return false, d.open(Value{Kind: k, Elems: make([]Value, 0, min(n, 8))}, n)
}

// open begins a collection of n elements, or of as many as come if n is negative.
func (d *Decoder) open(v Value, n int) error {
	if len(d.stack) >= token.MaxNesting {
		return fmt.Errorf("values are nested more than %d deep", token.MaxNesting)
	}
	d.stack = append(d.stack, frame{v, n})
	return nil
}

// close ends a collection and returns whether the outermost value is complete.
func (d *Decoder) close() bool {
	v := d.stack[len(d.stack)-1].v
	d.pop()
	return d.add(v)
}

func (d *Decoder) pop() {
	d.stack[len(d.stack)-1] = frame{}
	d.stack = d.stack[:len(d.stack)-1]
}

// add puts a value where it belongs and returns whether the outermost one is complete.
func (d *Decoder) add(v Value) bool {
	for len(d.stack) > 0 {
		f := &d.stack[len(d.stack)-1]
		f.v.Elems = append(f.v.Elems, v)
		if f.left < 0 {
			return false
		}
		if f.left--; f.left > 0 {
			return false
		}
		v = f.v
		d.pop()
	}
	d.value = v
	return true
}

// parseSize reads digits, or -1.
func parseSize(text []byte) (int, error) {
	if string(text) == "-1" {
		return -1, nil
	}
	if len(text) == 0 || text[0] < '0' || text[0] > '9' {
		return 0, strconv.ErrSyntax
	}
	n, err := strconv.ParseInt(string(text), 10, 48)
	return int(n), err
}

// valid checks what a line is to have besides being a line.
func valid(k Kind, text []byte) bool {
	switch k {
	case Integer, BigNumber:
		digits := text
		if len(digits) > 0 && (digits[0] == '-' || digits[0] == '+') {
			digits = digits[1:]
		}
		for _, c := range digits {
			if c < '0' || c > '9' {
				return false
			}
		}
		// An integer without digits is taken as 0.
		return len(digits) > 0 || k == Integer
	case Null:
		return len(text) == 0
	case Boolean:
		return len(text) == 1 && (text[0] == 't' || text[0] == 'f')
	case Double:
		_, err := parseDouble(text)
		return err == nil
	}
	return true
}

func parseDouble(text []byte) (float64, error) {
	switch string(text) {
	case "inf", "-inf", "nan", "-nan":
	default:
		for _, c := range text {
			if (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' && c|0x20 != 'e' {
				return 0, strconv.ErrSyntax
			}
		}
	}
	s := string(bytes.TrimPrefix(text, []byte("-")))
	f, err := strconv.ParseFloat(s, 64)
	if ne, ok := err.(*strconv.NumError); ok && ne.Err == strconv.ErrRange {
		err = nil
	}
	if len(s) < len(text) {
		f = -f
	}
	return f, err
}
