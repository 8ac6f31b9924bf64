package script

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// The engine prints JSON by way of its interface for scripts, with several calls for each property. Data, that is what
// JSON.parse makes and literals are, is printed here from where it lies. Nothing of that runs script code.

// PrintJSON returns what JSON.stringify gives for v, in memory of its own. It returns false if v is, or contains, anything but
// data: objects of any class, getters, toJSON, names that are numbers, BigInts, cycles. Then the engine has to do it.
func (r *Realm) PrintJSON(v Value) ([]byte, bool) {
	b, ok := r.printJSON(v)
	if !ok {
		return nil, false
	}
	return bytes.Clone(b), true
}

// StringifyJSON is PrintJSON for a script string.
func (r *Realm) StringifyJSON(v Value) (Value, bool) {
	b, ok := r.printJSON(v)
	if !ok {
		return Undefined, false
	}
	return r.StringBytes(b), true
}

// printJSON is PrintJSON in memory that is borrowed until the next call.
func (r *Realm) printJSON(v Value) ([]byte, bool) {
	if !r.fastJSON || v.v.Ftag == tagUndefined || v.v.Ftag == tagSymbol { // there is no text for these
		return nil, false
	}
	// Prototypes that scripts have given a toJSON are no case worth being fast.
	for _, p := range [...]jsValue{r.objectProto, r.arrayProto} {
		if f, err := r.GetKey(Value{p}, keyToJSON); err != nil || !f.IsUndefined() {
			return nil, false
		}
	}
	b, ok := r.appendJSON(r.printed[:0], v.v, 0)
	if cap(b) <= maxPrinted {
		r.printed = b
	}
	return b, ok
}

// longestJSON bounds what is printed here, as objects that are in many places can make a text of any length. The engine has its own
// limit, of strings.
var longestJSON = 1 << 28

// maxPrinted bounds the memory that is kept for printing.
const maxPrinted = 1 << 20

var keyToJSON = NewKey("toJSON")

// maxJSONDepth bounds the nesting of what is printed and parsed here, and so finds cycles.
const maxJSONDepth = 200

func (r *Realm) appendJSON(b []byte, v jsValue, depth int) ([]byte, bool) {
	switch v.Ftag {
	case tagNull:
		return append(b, "null"...), true
	case tagBool:
		return strconv.AppendBool(b, *(*int32)(unsafe.Pointer(&v)) != 0), true
	case tagInt:
		return strconv.AppendInt(b, int64(*(*int32)(unsafe.Pointer(&v))), 10), true
	case tagFloat:
		return appendNumber(b, *(*float64)(unsafe.Pointer(&v))), true
	case tagString:
		return appendQuoted(b, v), true
	case tagRope:
		s := r.text(v)
		return appendQuotedText(b, s), intact(s)
	case tagObject:
		if depth < maxJSONDepth && len(b) < longestJSON {
			switch o := at[lib.TJSObject](payload(v)); o.Fclass_id {
			case lib.EJS_CLASS_OBJECT:
				return r.appendObject(b, o, depth+1)
			case lib.EJS_CLASS_ARRAY:
				return r.appendArray(b, o, depth+1)
			}
		}
	}
	return b, false
}

func (r *Realm) appendObject(b []byte, o *lib.TJSObject, depth int) ([]byte, bool) {
	sh := at[lib.TJSShape](o.Fshape)
	if sh.Fproto != payload(r.objectProto) && sh.Fproto != 0 {
		return b, false
	}
	b = append(b, '{')
	empty := true
	desc := properties(o.Fshape)
	for i := range uintptr(sh.Fprop_count) {
		d := at[lib.TJSShapeProperty](desc + i*unsafe.Sizeof(lib.TJSShapeProperty{}))
		flags := int32(d.F__ccgo0 >> 26)
		switch {
		case d.Fatom == 0: // deleted
			continue
		case d.Fatom>>31 != 0, flags&lib.MJS_PROP_TMASK != 0: // an index, which goes before names; a getter
			return b, false
		}
		name, ok := r.atomName(d.Fatom)
		if !ok {
			continue
		}
		if name == "toJSON" {
			return b, false
		}
		v := *at[jsValue](o.Fprop + i*unsafe.Sizeof(jsValue{}))
		if flags&propEnumerable == 0 || v.Ftag == tagUndefined || v.Ftag == tagSymbol {
			continue
		}
		if !intact(name) {
			return b, false
		}
		if !empty {
			b = append(b, ',')
		}
		empty = false
		b = append(appendQuotedText(b, name), ':')
		if b, ok = r.appendJSON(b, v, depth); !ok {
			return b, false
		}
	}
	return append(b, '}'), true
}

func (r *Realm) appendArray(b []byte, o *lib.TJSObject, depth int) ([]byte, bool) {
	if !r.isBareArray(o) {
		return b, false
	}
	values, count := fastArray(o)
	b = append(b, '[')
	for i := range uintptr(count) {
		if i > 0 {
			b = append(b, ',')
		}
		v := *at[jsValue](values + i*unsafe.Sizeof(jsValue{}))
		if v.Ftag == tagUndefined || v.Ftag == tagSymbol {
			b = append(b, "null"...)
			continue
		}
		var ok bool
		if b, ok = r.appendJSON(b, v, depth); !ok {
			return b, false
		}
	}
	return append(b, ']'), true
}

// isBareArray reports whether an array has elements that lie side by side, and nothing but those.
func (r *Realm) isBareArray(o *lib.TJSObject) bool {
	sh := at[lib.TJSShape](o.Fshape)
	_, count := fastArray(o)
	// It has a length, which may be more than there are elements.
	return isFast(o) && sh.Fproto == payload(r.arrayProto) && sh.Fprop_count == 1 && *at[jsValue](o.Fprop) == intValue(int32(count))
}

// isFast reports whether the elements of an array lie side by side. The flag is in front of the class; the name of its byte
// depends on the platform.
func isFast(o *lib.TJSObject) bool {
	return *(*byte)(unsafe.Add(unsafe.Pointer(&o.Fclass_id), -2))&0x10 != 0
}

func fastArray(o *lib.TJSObject) (values uintptr, count uint32) {
	a := (*[3]uintptr)(unsafe.Pointer(&o.Fu)) // a size, the elements, their number
	return a[1], uint32(a[2])
}

// appendNumber appends a number as JSON.stringify does.
func appendNumber(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return append(b, "null"...)
	case f == 0: // -0, too
		return append(b, '0')
	}
	if a := math.Abs(f); a >= 1e-6 && a < 1e21 {
		return strconv.AppendFloat(b, f, 'f', -1, 64)
	}
	b = strconv.AppendFloat(b, f, 'e', -1, 64)
	if n := len(b); b[n-2] == '0' && (b[n-3] == '-' || b[n-3] == '+') { // e-07
		b[n-2] = b[n-1]
		b = b[:n-1]
	}
	return b
}

// intact reports whether text of the engine has no place where a lone surrogate may have been.
func intact(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == 0xef && i+2 < len(s) && s[i+1] == 0xbf && s[i+2] == 0xbd {
			return false
		}
	}
	return true
}

// escapes are the second characters of short escapes, 'u' for bytes that have none.
var escapes = func() (t [utf8.RuneSelf]byte) {
	for c := range byte(' ') {
		t[c] = 'u'
	}
	t['\b'], t['\t'], t['\n'], t['\f'], t['\r'], t['"'], t['\\'] = 'b', 't', 'n', 'f', 'r', '"', '\\'
	return t
}()

const hexDigits = "0123456789abcdef"

func appendEscape(b []byte, c byte) []byte {
	if e := escapes[c]; e != 'u' {
		return append(b, '\\', e)
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// clean returns how many bytes at the beginning of s are ASCII that needs no escape.
func clean(s []byte) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	zero := func(x uint64) uint64 { return (x - ones) &^ x & high } // marks bytes of 0, and perhaps some above one
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := binary.LittleEndian.Uint64(s[i:])
		if m := x&high | (x-' '*ones)&^x&high | zero(x^'"'*ones) | zero(x^'\\'*ones); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for ; i < len(s) && s[i] < utf8.RuneSelf && escapes[s[i]] == 0; i++ {
	}
	return i
}

// appendQuotedText appends UTF-8 text as a string of JSON.
func appendQuotedText(b []byte, text string) []byte {
	b = append(b, '"')
	for s := unsafe.Slice(unsafe.StringData(text), len(text)); ; {
		n := clean(s)
		b = append(b, s[:n]...)
		if s = s[n:]; len(s) == 0 {
			return append(b, '"')
		}
		if s[0] < utf8.RuneSelf {
			b = appendEscape(b, s[0])
		} else {
			b = append(b, s[0])
		}
		s = s[1:]
	}
}

// appendQuoted appends a flat string, whose characters have one byte, which is Latin-1, or two.
func appendQuoted(b []byte, v jsValue) []byte {
	p := payload(v)
	h := *at[uint32](p)
	n := h & 0x7fffffff
	if h>>31 != 0 {
		return appendQuotedWide(b, unsafe.Slice(at[uint16](p+12), n))
	}
	s := unsafe.Slice(at[byte](p+12), n)
	b = append(b, '"')
	for {
		n := clean(s)
		b = append(b, s[:n]...)
		if s = s[n:]; len(s) == 0 {
			return append(b, '"')
		}
		if c := s[0]; c < utf8.RuneSelf {
			b = appendEscape(b, c)
		} else {
			b = append(b, 0xc0|c>>6, 0x80|c&0x3f)
		}
		s = s[1:]
	}
}

// appendQuotedWide appends UTF-16; surrogates without the other half are escaped.
func appendQuotedWide(b []byte, s []uint16) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		c := rune(s[i])
		switch {
		case c < utf8.RuneSelf && escapes[c] != 0:
			b = appendEscape(b, byte(c))
		case c>>11 != 0xd800>>11:
			b = utf8.AppendRune(b, c)
		case c < 0xdc00 && i+1 < len(s) && s[i+1]>>10 == 0xdc00>>10:
			i++
			b = utf8.AppendRune(b, (c-0xd800)<<10|(rune(s[i])-0xdc00)+0x10000)
		default:
			b = append(b, '\\', 'u', 'd', hexDigits[c>>8&15], hexDigits[c>>4&15], hexDigits[c&15])
		}
	}
	return append(b, '"')
}

// checkJSON makes sure that this platform's layout is the expected one.
func (r *Realm) checkJSON() bool {
	if !r.fastProps {
		return false
	}
	const text = `{"a":[1,-2.5,"b\u00e9\n",null,true,{"c":"\u4e2d"},[]],"d":{}}`
	r.fastJSON = true
	src := cstring(r.tls, text)
	v := lib.XJS_ParseJSON(r.tls, r.ctx, src, lib.Tsize_t(len(text)), src)
	libc.Xfree(r.tls, src)
	defer r.free(v)
	b, ok := r.PrintJSON(Value{v})
	return ok && string(b) == "{\"a\":[1,-2.5,\"bé\\n\",null,true,{\"c\":\"中\"},[]],\"d\":{}}"
}
