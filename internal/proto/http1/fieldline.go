package http1

import (
	"bytes"
	"math"
)

// parseField parses a header or trailer line. at is the position of line in the section.
func (d *Decoder) parseField(line []byte, at int) error {
	l := &d.lines
	n := 0
	for n < len(line) && isToken[line[n]] {
		n++
	}
	if n == 0 || n == len(line) || line[n] != ':' {
		if line[0] == ' ' || line[0] == '\t' {
			return d.fail(400, "folded header line")
		}
		return d.fail(400, "malformed header name")
	}
	from, to := n+1, len(line)
	for from < to && (line[from] == ' ' || line[from] == '\t') {
		from++
	}
	for to > from && (line[to-1] == ' ' || line[to-1] == '\t') {
		to--
	}
	name, value := line[:n], line[from:to]
	if !allText(value) {
		return d.fail(400, "control character in a header value")
	}
	if l.count++; l.count > d.maxHeaders() {
		return d.fail(431, "too many headers")
	}
	f := field{span{uint32(at), uint32(at + n)}, span{uint32(at + from), uint32(at + to)}}
	if d.state == stateHead {
		kept, err := d.noteField(name, value, f)
		if !kept || err != nil {
			return err
		}
	}
	l.fields = append(l.fields, f)
	return nil
}

// noteField remembers what framing depends on. It reports whether the header is shown to users.
func (d *Decoder) noteField(name, value []byte, f field) (kept bool, err error) {
	l := &d.lines
	switch len(name) {
	case len("host"):
		if !foldEqual(name, "host") {
			break
		}
		if l.hosts++; !d.Response && l.hosts > 1 {
			return false, d.fail(400, "more than one host header")
		}
		if !d.Response && !all(value, &isHost) {
			return false, d.fail(400, "malformed host header")
		}
	case len("expect"):
		if foldEqual(name, "expect") {
			l.expect = l.expect || foldEqual(value, "100-continue")
		}
	case len("connection"):
		if !foldEqual(name, "connection") {
			break
		}
		l.connection = f.name
		l.noteConnection(value)
		return false, nil
	case len("content-length"):
		if !foldEqual(name, "content-length") {
			break
		}
		if l.hasLen {
			return false, d.fail(400, "more than one content-length header")
		}
		var ok bool
		if l.contentLen, ok = parseLength(value); !ok {
			return false, d.fail(400, "malformed content-length header")
		}
		l.hasLen = true
	case len("transfer-encoding"):
		if !foldEqual(name, "transfer-encoding") {
			break
		}
		if l.hasTE {
			return false, d.fail(400, "more than one transfer-encoding header")
		}
		l.hasTE, l.te = true, f.value
	}
	return true, nil
}

// noteConnection remembers the options of a connection header that mean something here.
func (l *lines) noteConnection(list []byte) {
	for more := true; more; {
		var option []byte
		option, list, more = bytes.Cut(list, []byte{','})
		switch option = bytes.Trim(option, " \t"); {
		case foldEqual(option, "keep-alive"):
			l.keepAlive = true
		case foldEqual(option, "close"):
			l.close = true
		case foldEqual(option, "upgrade"):
			l.upgrade = true
		}
	}
}

// foldEqual reports whether b is s, which is in lower case, in any spelling.
func foldEqual(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if lower[c] != s[i] {
			return false
		}
	}
	return true
}

// parseLength parses a content-length: digits only (RFC 9110 §8.6).
func parseLength(b []byte) (n int64, ok bool) {
	for _, c := range b {
		digit := int64(c - '0')
		if c < '0' || c > '9' || n > (math.MaxInt64-digit)/10 {
			return 0, false
		}
		n = n*10 + digit
	}
	return n, len(b) > 0
}
