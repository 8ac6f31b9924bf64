package script

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// The engine's parser makes a string of each name and finds the shape of objects property by property. Here they are found by
// the bytes of the names, as documents have many objects of few kinds.

// ParseJSON is JSON.parse without a reviver, for a text in UTF-8. It returns false if the text is no JSON, or is nested so deep, or
// has a surrogate without the other half, or if there is no memory for the value. JSON.parse tells which, or does it.
func (r *Realm) ParseJSON(text []byte) (Value, bool) {
	p := jsonParser{r: r, parts: r.Parts(), root: &r.shapes.root, text: text}
	mark := p.parts.Mark()
	ok := p.value(0) && p.next() == 0 && p.at == len(text)
	if !ok {
		p.parts.drop(mark)
		p.parts.failed = false
		return Undefined, false
	}
	return p.parts.Take()
}

// ParseJSONString is ParseJSON for a script string.
func (r *Realm) ParseJSONString(v Value) (Value, bool) {
	if b, ok := ascii(v.v); ok {
		return r.ParseJSON(b)
	}
	s := r.text(v.v)
	if !intact(s) {
		return Undefined, false
	}
	return r.ParseJSON(unsafe.Slice(unsafe.StringData(s), len(s)))
}

type jsonParser struct {
	r     *Realm
	parts *Parts
	root  *shape
	text  []byte
	at    int
	spare []byte // for texts with escapes
}

// next skips white space and returns the byte that follows, 0 at the end.
func (p *jsonParser) next() byte {
	for ; p.at < len(p.text); p.at++ {
		if c := p.text[p.at]; c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
	}
	return 0
}

// take skips white space and a byte, if it is the one that follows.
func (p *jsonParser) take(c byte) bool {
	if p.next() != c {
		return false
	}
	p.at++
	return true
}

// value adds a value to the parts.
func (p *jsonParser) value(depth int) bool {
	if depth > maxJSONDepth {
		return false
	}
	switch c := p.next(); c {
	case '{':
		p.at++
		return p.object(depth + 1)
	case '[':
		p.at++
		return p.array(depth + 1)
	case '"':
		p.at++
		s, ok := p.str()
		if ok {
			p.parts.String(unsafe.String(unsafe.SliceData(s), len(s)))
		}
		return ok
	case 't':
		return p.word("true", Bool(true))
	case 'f':
		return p.word("false", Bool(false))
	case 'n':
		return p.word("null", Null)
	default:
		return p.number()
	}
}

func (p *jsonParser) word(text string, v Value) bool {
	if !bytes.HasPrefix(p.text[p.at:], []byte(text)) {
		return false
	}
	p.at += len(text)
	p.parts.push(v.v)
	return true
}

func (p *jsonParser) array(depth int) bool {
	mark := p.parts.Mark()
	if !p.take(']') {
		for {
			if !p.value(depth) {
				return false
			}
			if p.take(']') {
				break
			}
			if !p.take(',') {
				return false
			}
		}
	}
	p.parts.Array(mark)
	return true
}

func (p *jsonParser) object(depth int) bool {
	s := p.root
	if !p.take('}') {
		for {
			name, ok := p.name()
			if !ok {
				return false
			}
			next := s.with(p.r, name)
			if next == nil {
				return p.oddObject(s, name, depth)
			}
			if s = next; !p.value(depth) {
				return false
			}
			if p.take('}') {
				break
			}
			if !p.take(',') {
				return false
			}
		}
	}
	p.parts.object(s)
	return true
}

// oddObject goes on with an object that has the properties of s, whose values were added, and one that no shape is kept for.
func (p *jsonParser) oddObject(s *shape, name string, depth int) bool {
	p.parts.object(s)
	o := p.parts.values[len(p.parts.values)-1]
	for {
		name = string(append([]byte(nil), name...)) // it is borrowed
		if !p.value(depth) {
			return false
		}
		last := len(p.parts.values) - 1
		v := p.parts.values[last]
		p.parts.values = p.parts.values[:last]
		if o.Ftag != tagObject {
			p.r.free(v)
			return false // no memory
		}
		p.r.define(o, name, v, propAll)
		if p.take('}') {
			return true
		}
		if !p.take(',') {
			return false
		}
		var ok bool
		if name, ok = p.name(); !ok {
			return false
		}
	}
}

// name reads the name of a property and the colon. It is borrowed until the next call.
func (p *jsonParser) name() (string, bool) {
	if !p.take('"') {
		return "", false
	}
	s, ok := p.str()
	return unsafe.String(unsafe.SliceData(s), len(s)), ok && p.take(':')
}

// str reads a string behind its first quote. The text is borrowed until the next call.
func (p *jsonParser) str() ([]byte, bool) {
	start := p.at
	for {
		p.at += clean(p.text[p.at:])
		if p.at >= len(p.text) {
			return nil, false
		}
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return p.text[start : p.at-1], true
		case c == '\\':
			return p.escaped(start)
		case c < ' ':
			return nil, false
		}
		p.at++ // of a character of several bytes, or DEL
	}
}

// escaped goes on with a string that begins at start and has an escape.
func (p *jsonParser) escaped(start int) ([]byte, bool) {
	b := append(p.spare[:0], p.text[start:p.at]...)
	for {
		n := clean(p.text[p.at:])
		b = append(b, p.text[p.at:p.at+n]...)
		if p.at += n; p.at >= len(p.text) {
			return nil, false
		}
		c := p.text[p.at]
		p.at++
		switch {
		case c == '"':
			p.spare = b
			return b, true
		case c >= utf8.RuneSelf:
			b = append(b, c)
		case c == '\\':
			var ok bool
			if b, ok = p.escape(b); !ok {
				return nil, false
			}
		default:
			return nil, false
		}
	}
}

func (p *jsonParser) escape(b []byte) ([]byte, bool) {
	if p.at >= len(p.text) {
		return b, false
	}
	c := p.text[p.at]
	p.at++
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		r, ok := p.hex4()
		if ok && utf16.IsSurrogate(r) {
			if ok = bytes.HasPrefix(p.text[p.at:], []byte(`\u`)); !ok {
				return b, false
			}
			p.at += 2
			var low rune
			low, ok = p.hex4()
			r = utf16.DecodeRune(r, low)
			ok = ok && r != utf8.RuneError
		}
		return utf8.AppendRune(b, r), ok
	default:
		return b, false
	}
	return append(b, c), true
}

func (p *jsonParser) hex4() (rune, bool) {
	if p.at+4 > len(p.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.text[p.at:p.at+4]), 16, 16)
	p.at += 4
	return rune(n), err == nil
}

// number reads a number as the grammar of RFC 8259, section 6, has it.
func (p *jsonParser) number() bool {
	start, t := p.at, p.text
	i := p.at
	negative := i < len(t) && t[i] == '-'
	if negative {
		i++
	}
	digits := func() int {
		from := i
		for i < len(t) && t[i]-'0' <= 9 {
			i++
		}
		return i - from
	}
	first := i
	n := digits()
	if n == 0 || n > 1 && t[first] == '0' {
		return false
	}
	whole := true
	if i < len(t) && t[i] == '.' {
		i++
		if whole = false; digits() == 0 {
			return false
		}
	}
	if i < len(t) && t[i]|0x20 == 'e' {
		i++
		if i < len(t) && (t[i] == '+' || t[i] == '-') {
			i++
		}
		if whole = false; digits() == 0 {
			return false
		}
	}
	p.at = i
	if whole && n <= 9 {
		x := int32(0)
		for _, c := range t[first:i] {
			x = 10*x + int32(c-'0')
		}
		if !negative {
			p.parts.push(intValue(x))
			return true
		}
		if x != 0 {
			p.parts.push(intValue(-x))
			return true
		}
	}
	f, _ := strconv.ParseFloat(unsafe.String(&t[start], i-start), 64) // out of range, it is infinite or 0
	p.parts.push(Number(f).v)
	return true
}
