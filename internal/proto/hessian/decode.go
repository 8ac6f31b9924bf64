package hessian

import (
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"weir/internal/plain"
	"weir/internal/proto/token"
	"weir/internal/stream"
)

var (
	errShort = errors.New("the value ends too early")
	errDeep  = fmt.Errorf("values are nested more than %d deep", maxNesting)
)

// Decode reads values one after the other. At the first that is incomplete or malformed, or that takes the values beyond
// token.MaxDecoded, it returns those before it, and the error. What is returned owns its bytes.
func Decode(b []byte) (values []any, err error) { return decode(b, token.MaxDecoded) }

func decode(b []byte, limit int) (values []any, err error) {
	d := decoder{b: b, left: limit}
	for len(d.b) > 0 {
		v, err := d.value(0)
		if err != nil {
			return values, err
		}
		values = append(values, v)
	}
	return values, nil
}

type decoder struct {
	b       []byte
	left    int // memory that values may still take
	refs    []*Collection
	types   []string
	classes []class
}

type class struct {
	name   string
	fields []string
}

// What values take in memory besides their bytes, about.
const (
	valueSize      = 32
	collectionSize = 128
)

func (d *decoder) charge(n int) error {
	if d.left -= n; d.left < 0 {
		return token.ErrDecoded
	}
	return nil
}

func (d *decoder) take(n int) ([]byte, error) {
	if n > len(d.b) {
		return nil, errShort
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b, nil
}

// number reads n bytes as a signed integer on top of high.
func (d *decoder) number(high int64, n int) (int64, error) {
	b, err := d.take(n)
	if err != nil {
		return 0, err
	}
	for _, c := range b {
		high = high<<8 | int64(c)
	}
	return high, nil
}

func (d *decoder) value(depth int) (any, error) {
	if depth > maxNesting {
		return nil, errDeep
	}
	if err := d.charge(valueSize); err != nil {
		return nil, err
	}
	for {
		b, err := d.take(1)
		if err != nil {
			return nil, err
		}
		c := b[0]
		if c != 'C' {
			return d.tagged(c, depth)
		}
		if err := d.define(); err != nil {
			return nil, err
		}
	}
}

func (d *decoder) tagged(c byte, depth int) (any, error) {
	switch {
	case c <= 0x1f || c >= 0x30 && c <= 0x33 || c == 'R' || c == 'S':
		return d.text(c)
	case c >= 0x20 && c <= 0x2f || c >= 0x34 && c <= 0x37 || c == 'A' || c == 'B':
		return d.bytes(c)
	case c >= 0x38 && c <= 0x3f:
		return d.number(int64(c)-0x3c, 2)
	case c >= 0xd8 && c <= 0xef:
		return int64(c) - 0xe0, nil
	case c >= 0xf0:
		return d.number(int64(c)-0xf8, 1)
	case c >= 0x60 && c <= 0x6f:
		return d.object(int(c-0x60), depth)
	case c >= 0x70 && c <= 0x7f:
		return d.list(int(c&7), c < 0x78, depth)
	case c >= 0x80:
		i, err := d.integer(c)
		return plain.Int32(i), err
	}
	switch c {
	case 'N':
		return nil, nil
	case 'T':
		return true, nil
	case 'F':
		return false, nil
	case 'I', 'Y': // Y is a long, but scripts see it as an int
		i, err := d.number(0, 4)
		return plain.Int32(int32(i)), err
	case 'L':
		return d.number(0, 8)
	case 'D':
		i, err := d.number(0, 8)
		return math.Float64frombits(uint64(i)), err
	case 0x5b:
		return 0.0, nil
	case 0x5c:
		return 1.0, nil
	case 0x5d:
		i, err := d.number(0, 1)
		return float64(int8(i)), err
	case 0x5e:
		i, err := d.number(0, 2)
		return float64(int16(i)), err
	case 0x5f: // thousandths
		i, err := d.number(0, 4)
		return float64(int32(i)) / 1000, err
	case 'J':
		i, err := d.number(0, 8)
		return time.UnixMilli(i).UTC(), err
	case 'K':
		i, err := d.number(0, 4)
		return time.Unix(int64(int32(i))*60, 0).UTC(), err
	case 'U':
		return d.list(-1, true, depth)
	case 'V', 'X':
		typ := ""
		if c == 'V' {
			var err error
			if typ, err = d.typeName(); err != nil {
				return nil, err
			}
		}
		n, err := d.size()
		if err != nil {
			return nil, err
		}
		return d.elements(n, c == 'V', typ, depth)
	case 'W':
		return d.list(-1, false, depth)
	case 'H', 'M':
		return d.mapping(c == 'M', depth)
	case 'O':
		n, err := d.size()
		if err != nil {
			return nil, err
		}
		return d.object(n, depth)
	case 'Q':
		n, err := d.size()
		if err == nil && n >= len(d.refs) {
			err = fmt.Errorf("there is no value %d to refer to", n)
		}
		if err != nil {
			return nil, err
		}
		return d.refs[n], nil
	}
	return nil, fmt.Errorf("no value begins with %#x", c)
}

// integer reads an int whose first byte is c.
func (d *decoder) integer(c byte) (int64, error) {
	switch {
	case c >= 0x80 && c <= 0xbf:
		return int64(c) - 0x90, nil
	case c >= 0xc0 && c <= 0xcf:
		return d.number(int64(c)-0xc8, 1)
	case c >= 0xd0 && c <= 0xd7:
		return d.number(int64(c)-0xd4, 2)
	case c == 'I':
		i, err := d.number(0, 4)
		return int64(int32(i)), err
	}
	return 0, fmt.Errorf("no int begins with %#x", c)
}

// size reads an int that counts something.
func (d *decoder) size() (int, error) {
	b, err := d.take(1)
	if err != nil {
		return 0, err
	}
	n, err := d.integer(b[0])
	if err == nil && n < 0 {
		err = fmt.Errorf("the size %d is negative", n)
	}
	return int(n), err
}

// chunkSize reads the length of a piece of text or bytes that begins with c; last says that no more follow.
func (d *decoder) chunkSize(c byte, short, medium, final, more byte) (n int, last bool, err error) {
	switch {
	case c >= short && c < short+0x20 && (short == 0 || c < short+0x10):
		return int(c - short), true, nil
	case c >= medium && c <= medium+3:
		i, err := d.number(int64(c-medium), 1)
		return int(i), true, err
	case c == final || c == more:
		i, err := d.number(0, 2)
		return int(i), c == final, err
	}
	return 0, false, fmt.Errorf("a piece of text or bytes begins with %#x", c)
}

func (d *decoder) bytes(c byte) (*stream.Data, error) {
	out := []byte{}
	for {
		n, last, err := d.chunkSize(c, 0x20, 0x34, 'B', 'A')
		if err != nil {
			return nil, err
		}
		b, err := d.take(n)
		if err != nil {
			return nil, err
		}
		out = append(out, b...)
		if last {
			return stream.NewData(out), nil
		}
		if b, err = d.take(1); err != nil {
			return nil, err
		}
		c = b[0]
	}
}

func (d *decoder) text(c byte) (string, error) {
	var out []byte
	for {
		n, last, err := d.chunkSize(c, 0, 0x30, 'S', 'R')
		if err != nil {
			return "", err
		}
		size := 0
		for range n { // characters
			size += sequence(d.b[min(size, len(d.b)):])
			if size > len(d.b) {
				return "", errShort
			}
		}
		b, err := d.take(size)
		if err != nil {
			return "", err
		}
		out = append(out, b...)
		if last {
			return joinSurrogates(out), nil
		}
		if b, err = d.take(1); err != nil {
			return "", err
		}
		c = b[0]
	}
}

// sequence returns the length of the character that begins b by its first byte.
func sequence(b []byte) int {
	switch {
	case len(b) == 0 || b[0] < 0xc0:
		return 1
	case b[0] < 0xe0:
		return 2
	case b[0] < 0xf0:
		return 3
	}
	return 4
}

// joinSurrogates makes proper UTF-8 of text in which characters beyond 16 bits are two surrogates of three bytes each, which
// is how Java writes them.
func joinSurrogates(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	out := make([]byte, 0, len(b))
	surrogate := func(b []byte) rune {
		if len(b) >= 3 && b[0] == 0xed && b[1] >= 0xa0 && b[1] < 0xc0 {
			return 0xd000 | rune(b[1]&0x3f)<<6 | rune(b[2]&0x3f)
		}
		return 0
	}
	for len(b) > 0 {
		if high := surrogate(b); high != 0 {
			if r := utf16.DecodeRune(high, surrogate(b[3:])); r != utf8.RuneError {
				out = utf8.AppendRune(out, r)
				b = b[6:]
				continue
			}
		}
		r, n := utf8.DecodeRune(b)
		out = utf8.AppendRune(out, r)
		b = b[n:]
	}
	return string(out)
}

// typeName reads the name of a type, or the number of one that came before.
func (d *decoder) typeName() (string, error) {
	b, err := d.take(1)
	if err != nil {
		return "", err
	}
	c := b[0]
	if c <= 0x1f || c >= 0x30 && c <= 0x33 || c == 'R' || c == 'S' {
		s, err := d.text(c)
		d.types = append(d.types, s)
		return s, err
	}
	n, err := d.integer(c)
	if err == nil && (n < 0 || n >= int64(len(d.types))) {
		err = fmt.Errorf("there is no type %d to refer to", n)
	}
	if err != nil {
		return "", err
	}
	return d.types[n], nil
}

// begin makes a collection that can be referred to from within itself.
func (d *decoder) begin(k Kind, typed bool, name string) (*Collection, error) {
	c := &Collection{Kind: k}
	if typed {
		c.Type = &name
	}
	d.refs = append(d.refs, c)
	return c, d.charge(collectionSize)
}

// list reads a list of n elements, or up to its end if n is negative.
func (d *decoder) list(n int, typed bool, depth int) (any, error) {
	name := ""
	if typed {
		var err error
		if name, err = d.typeName(); err != nil {
			return nil, err
		}
	}
	return d.elements(n, typed, name, depth)
}

func (d *decoder) elements(n int, typed bool, name string, depth int) (any, error) {
	c, err := d.begin(List, typed, name)
	if err != nil {
		return nil, err
	}
	for i := 0; i != n; i++ {
		if n < 0 && d.ends() {
			break
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		c.Elements = append(c.Elements, v)
	}
	return c, nil
}

// ends takes the end of a collection, if it is there.
func (d *decoder) ends() bool {
	if len(d.b) > 0 && d.b[0] == 'Z' {
		d.b = d.b[1:]
		return true
	}
	return false
}

func (d *decoder) mapping(typed bool, depth int) (any, error) {
	name := ""
	if typed {
		var err error
		if name, err = d.typeName(); err != nil {
			return nil, err
		}
	}
	c, err := d.begin(Map, typed, name)
	if err != nil {
		return nil, err
	}
	for !d.ends() {
		k, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		c.Pairs = append(c.Pairs, Pair{k, v})
	}
	return c, nil
}

// define reads a class definition.
func (d *decoder) define() error {
	name, err := d.name()
	if err != nil {
		return err
	}
	n, err := d.size()
	if err != nil {
		return err
	}
	if err := d.charge(collectionSize); err != nil {
		return err
	}
	k := class{name: name}
	for range n {
		if err := d.charge(valueSize); err != nil {
			return err
		}
		f, err := d.name()
		if err != nil {
			return err
		}
		k.fields = append(k.fields, f)
	}
	d.classes = append(d.classes, k)
	return nil
}

func (d *decoder) name() (string, error) {
	b, err := d.take(1)
	if err != nil {
		return "", err
	}
	return d.text(b[0])
}

func (d *decoder) object(n, depth int) (any, error) {
	if n >= len(d.classes) {
		return nil, fmt.Errorf("there is no class %d", n)
	}
	k := d.classes[n]
	c, err := d.begin(Object, true, k.name)
	if err != nil {
		return nil, err
	}
	for _, f := range k.fields {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		c.Fields = append(c.Fields, Field{f, v})
	}
	return c, nil
}
