package thrift

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"weir/internal/proto/token"
	"weir/internal/stream"
)

// Decoder finds messages in a stream of bytes. Each message tells its protocol itself. Make one with NewDecoder.
type Decoder struct {
	in    token.Reader
	state state
	m     Message
	frame int // length of the frame around the message
	stack []level
	want  Type // of the value that comes next, 0 if none does
	size  int  // of the name or the bytes whose length was read, -1 if none was
}

type state uint8

const (
	beginning state = iota
	naming          // in the name
	numbering       // behind the name
	reading         // in the fields
)

// level is a value that is being filled.
type level struct {
	t      Type
	fields []Field
	lastID int // of a compact struct
	list   *List
	m      *Map
	key    any
	hasKey bool
	left   int // elements or pairs
}

// overhead is what a value takes in memory besides its bytes, about.
const overhead = 64

// NewDecoder returns a Decoder for messages that take at most limit bytes, on the wire and in memory.
func NewDecoder(limit int) *Decoder {
	d := &Decoder{in: token.Reader{Limit: limit}}
	d.Reset()
	return d
}

// Reset drops an incomplete message.
func (d *Decoder) Reset() {
	d.in.Reset()
	d.clear()
}

func (d *Decoder) clear() { d.state, d.stack, d.want, d.size = beginning, nil, 0, -1 }

// Feed takes bytes up to the end of a message. It returns how many it took, and whether the message is complete. After an
// error the stream cannot be decoded any further.
func (d *Decoder) Feed(p []byte) (n int, done bool, err error) {
	d.in.Feed(p)
	for err == nil && !done {
		done, err = d.step()
	}
	if err == token.ErrMore {
		return len(p), false, nil
	}
	return len(p) - d.in.Rest(), done, err
}

// Message returns the complete message. It owns its bytes.
func (d *Decoder) Message() *Message {
	m := d.m
	return &m
}

func (d *Decoder) step() (done bool, err error) {
	switch d.state {
	case beginning:
		return false, d.begin()
	case naming:
		b, err := d.in.Take(d.size)
		if err != nil {
			return false, err
		}
		s := string(b)
		d.m.Name = &s
		d.size = -1
		d.state = numbering
	case numbering:
		return false, d.number()
	case reading:
		v, ok, err := d.read()
		if err != nil || !ok {
			return false, err
		}
		return d.put(v)
	}
	return false, nil
}

// begin reads what comes before the name.
func (d *Decoder) begin() error {
	if !d.m.Framed || d.in.Taken() != 4 {
		d.in.Begin()
		d.m = Message{}
	}
	b, err := d.in.Need(1)
	if err != nil {
		return err
	}
	switch {
	case b[0] == 0x80:
		if b, err = d.in.Need(8); err != nil {
			return err
		}
		if b[1] != 1 {
			return fmt.Errorf("version %d of the binary protocol is not known", b[1])
		}
		d.m.Protocol = Binary
		n := binary.BigEndian.Uint32(b[4:])
		if err = d.setType(b[3]); err == nil {
			d.in.Skip(8)
			err = d.named(n)
		}
		return err
	case b[0] == 0x82:
		if b, err = d.in.Need(2); err != nil {
			return err
		}
		if b[1]&0x1f != 1 {
			return fmt.Errorf("version %d of the compact protocol is not known", b[1]&0x1f)
		}
		d.m.Protocol = Compact
		if err := d.setType(b[1] >> 5); err != nil {
			return err
		}
		seq, end, err := d.in.Uvarint(2)
		if err != nil {
			return err
		}
		d.m.SeqID = int(int32(seq))
		n, end, err := d.in.Uvarint(end)
		if err != nil {
			return err
		}
		d.in.Skip(end)
		return d.named(uint32(min(n, math.MaxUint32)))
	case b[0] > 0x80:
		return fmt.Errorf("no message begins with %#x", b[0])
	}
	// A length: of a frame, or of the name.
	if b, err = d.in.Need(5); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(b)
	if first := b[4]; first == 0x80 || first == 0x82 || first == 0 {
		if d.m.Framed {
			return errors.New("a frame is within a frame")
		}
		d.in.Skip(4)
		d.m.Framed, d.frame = true, int(n)
		return nil
	}
	d.m.Protocol = Old
	d.in.Skip(4)
	return d.named(n)
}

func (d *Decoder) setType(code byte) error {
	if d.m.Type = MessageType(code); d.m.Type < Call || d.m.Type > Oneway {
		return fmt.Errorf("there is no message type %d", code)
	}
	return nil
}

func (d *Decoder) named(size uint32) error {
	d.state, d.size = naming, int(size)
	if size > math.MaxInt32 {
		return errSize
	}
	return nil
}

var errSize = errors.New("a size is negative")

// number reads what comes between name and fields.
func (d *Decoder) number() error {
	switch d.m.Protocol {
	case Binary:
		b, err := d.in.Take(4)
		if err != nil {
			return err
		}
		d.m.SeqID = int(int32(binary.BigEndian.Uint32(b)))
	case Old:
		b, err := d.in.Take(5)
		if err != nil {
			return err
		}
		d.m.SeqID = int(int32(binary.BigEndian.Uint32(b[1:])))
		if err := d.setType(b[0]); err != nil {
			return err
		}
	}
	d.state = reading
	return d.push(level{t: Struct, fields: []Field{}})
}

func (d *Decoder) push(l level) error {
	if len(d.stack) >= token.MaxNesting {
		return fmt.Errorf("values are nested more than %d deep", token.MaxNesting)
	}
	d.stack = append(d.stack, l)
	return nil
}

// put puts a complete value where it belongs; done says that it was the message.
func (d *Decoder) put(v any) (done bool, err error) {
	d.want = 0
	if len(d.stack) == 0 {
		d.m.Fields = v.([]Field)
		if d.m.Framed && d.in.Taken() != d.frame+4 {
			return false, fmt.Errorf("the frame of %d bytes has a message of %d", d.frame, d.in.Taken()-4)
		}
		d.clear()
		return true, nil
	}
	switch l := &d.stack[len(d.stack)-1]; l.t {
	case Struct:
		l.fields[len(l.fields)-1].Value = v
	case MapType:
		if !l.hasKey {
			l.key, l.hasKey = v, true
			return false, nil
		}
		l.m.Pairs = append(l.m.Pairs, []any{l.key, v})
		l.key, l.hasKey = nil, false
		l.left--
	default:
		l.list.Elements = append(l.list.Elements, v)
		l.left--
	}
	return false, nil
}

// read reads a value, or the header of a field or of a container, and returns a value that is complete.
func (d *Decoder) read() (v any, ok bool, err error) {
	if d.want != 0 {
		return d.value()
	}
	l := &d.stack[len(d.stack)-1]
	switch l.t {
	case Struct:
		stop, err := d.field(l)
		if err != nil || !stop {
			if err == nil && d.want == 0 { // a compact boolean
				f := &l.fields[len(l.fields)-1]
				return f.Value, true, nil
			}
			return nil, false, err
		}
		v = l.fields
	case MapType:
		if l.left > 0 {
			if d.want = l.m.ValueType; !l.hasKey {
				d.want = l.m.KeyType
			}
			return nil, false, nil
		}
		v = l.m
	default:
		if l.left > 0 {
			d.want = l.list.ElementType
			return nil, false, nil
		}
		v = l.list
	}
	d.stack[len(d.stack)-1] = level{}
	d.stack = d.stack[:len(d.stack)-1]
	return v, true, nil
}

// field reads the header of a field; stop says that there are no more.
func (d *Decoder) field(l *level) (stop bool, err error) {
	b, err := d.in.Need(1)
	if err != nil {
		return false, err
	}
	c := b[0]
	if c == 0 {
		d.in.Skip(1)
		return true, nil
	}
	f := Field{}
	if d.m.Protocol == Compact {
		end := 1
		if f.ID = l.lastID + int(c>>4); c>>4 == 0 {
			var id uint64
			if id, end, err = d.in.Uvarint(1); err != nil {
				return false, err
			}
			f.ID = int(int16(unzigzag(id)))
		}
		l.lastID = f.ID
		if c&15 == 1 {
			f.Type, f.Value = Bool, true
		} else if c&15 == 2 {
			f.Type, f.Value = Bool, false
		} else if f.Type, err = typeOf(compactTypes, c&15); err != nil {
			return false, err
		}
		d.in.Skip(end)
	} else {
		if f.Type, err = typeOf(binaryTypes, c); err != nil {
			return false, err
		}
		if b, err = d.in.Need(3); err != nil {
			return false, err
		}
		f.ID = int(int16(binary.BigEndian.Uint16(b[1:])))
		d.in.Skip(3)
	}
	if f.Value == nil {
		d.want = f.Type
	}
	l.fields = append(l.fields, f)
	return false, d.in.Charge(overhead)
}

func typeOf(types [17]Type, code byte) (Type, error) {
	if int(code) < len(types) && types[code] != 0 {
		return types[code], nil
	}
	return 0, fmt.Errorf("there is no type %d", code)
}

func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// value reads a value of the type d.want, or begins one.
func (d *Decoder) value() (v any, ok bool, err error) {
	compact := d.m.Protocol == Compact
	t := d.want
	n := 0
	switch t {
	case Bool, I8:
		n = 1
	case I16:
		n = 2
	case I32:
		n = 4
	case I64, Double:
		n = 8
	case UUID:
		n = 16
	case Bytes:
		return d.bytes()
	default:
		d.want = 0
		err := d.container(t)
		if err != nil {
			d.want = t
		}
		return nil, false, err
	}
	if compact && (t == I16 || t == I32 || t == I64) {
		u, end, err := d.in.Uvarint(0)
		if err != nil {
			return nil, false, err
		}
		d.in.Skip(end)
		i := unzigzag(u)
		switch t {
		case I16:
			return float64(int16(i)), true, d.in.Charge(overhead)
		case I32:
			return float64(int32(i)), true, d.in.Charge(overhead)
		}
		return i, true, d.in.Charge(overhead)
	}
	b, err := d.in.Take(n)
	if err != nil {
		return nil, false, err
	}
	switch t {
	case Bool:
		v = b[0] == 1
	case I8:
		v = float64(int8(b[0]))
	case I16:
		v = float64(int16(binary.BigEndian.Uint16(b)))
	case I32:
		v = float64(int32(binary.BigEndian.Uint32(b)))
	case I64:
		v = int64(binary.BigEndian.Uint64(b))
	case Double:
		bits := binary.BigEndian.Uint64(b)
		if compact {
			bits = binary.LittleEndian.Uint64(b)
		}
		v = math.Float64frombits(bits)
	case UUID:
		h := hex.EncodeToString(b)
		v = h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	}
	return v, true, d.in.Charge(overhead)
}

// bytes reads a length, then the bytes: a text if they can be one.
func (d *Decoder) bytes() (any, bool, error) {
	if d.size < 0 {
		n, end, err := d.length()
		if err != nil {
			return nil, false, err
		}
		d.in.Skip(end)
		d.size = n
		return nil, false, nil
	}
	b, err := d.in.Take(d.size)
	if err != nil {
		return nil, false, err
	}
	d.size = -1
	if utf8.Valid(b) {
		return string(b), true, d.in.Charge(overhead)
	}
	return stream.NewData(append([]byte(nil), b...)), true, d.in.Charge(overhead)
}

// length returns a size and where it ends, without taking it.
func (d *Decoder) length() (n, end int, err error) {
	if d.m.Protocol == Compact {
		u, end, err := d.in.Uvarint(0)
		if err == nil && u > math.MaxInt32 {
			err = errSize
		}
		return int(u), end, err
	}
	b, err := d.in.Need(4)
	if err != nil {
		return 0, 0, err
	}
	u := binary.BigEndian.Uint32(b)
	if u > math.MaxInt32 {
		return 0, 0, errSize
	}
	return int(u), 4, nil
}

// container begins a value that consists of values.
func (d *Decoder) container(t Type) (err error) {
	l := level{t: t}
	end := 0
	switch {
	case t == Struct:
		l.fields = []Field{}
	case t == MapType && d.m.Protocol == Compact:
		l.m = &Map{KeyType: I32, ValueType: I32}
		if l.left, end, err = d.length(); err != nil {
			return err
		}
		if l.left > 0 {
			b, err := d.in.Need(end + 1)
			if err != nil {
				return err
			}
			k, v := b[end]>>4, b[end]&15
			end++
			l.m.oneKey, l.m.oneValue = k == 1, v == 1
			if l.m.KeyType, err = elementType(k); err != nil {
				return err
			}
			if l.m.ValueType, err = elementType(v); err != nil {
				return err
			}
			l.m.Pairs = []any{}
		}
	case t == MapType:
		b, err := d.in.Need(6)
		if err != nil {
			return err
		}
		l.m = &Map{Pairs: []any{}}
		n := binary.BigEndian.Uint32(b[2:])
		l.left, end = int(n), 6
		if l.m.KeyType, err = emptyType(b[0], n); err != nil {
			return err
		}
		if l.m.ValueType, err = emptyType(b[1], n); err != nil {
			return err
		}
	case d.m.Protocol == Compact:
		b, err := d.in.Need(1)
		if err != nil {
			return err
		}
		l.list = &List{Elements: []any{}, one: b[0]&15 == 1}
		if l.list.ElementType, err = elementType(b[0] & 15); err != nil {
			return err
		}
		l.left, end = int(b[0]>>4), 1
		if l.left == 15 {
			n, e, err := d.in.Uvarint(1)
			if err != nil {
				return err
			}
			l.left, end = int(min(n, math.MaxInt32+1)), e
		}
	default:
		b, err := d.in.Need(5)
		if err != nil {
			return err
		}
		l.list = &List{Elements: []any{}}
		n := binary.BigEndian.Uint32(b[1:])
		l.left, end = int(n), 5
		if l.list.ElementType, err = emptyType(b[0], n); err != nil {
			return err
		}
	}
	if l.left > math.MaxInt32 {
		return errSize
	}
	if l.left > d.in.Limit { // each element takes bytes
		return token.ErrTooLarge
	}
	d.in.Skip(end)
	if err := d.in.Charge(overhead); err != nil {
		return err
	}
	return d.push(l)
}

// elementType is the type of elements of a compact container.
func elementType(code byte) (Type, error) {
	if code == 1 {
		return Bool, nil
	}
	return typeOf(compactTypes, code)
}

// emptyType is the type of elements of a binary container of n; an empty one may say 0.
func emptyType(code byte, n uint32) (Type, error) {
	if code == 0 && n == 0 {
		return 0, nil
	}
	return typeOf(binaryTypes, code)
}
