package http1

import (
	"bytes"

	"weir/internal/stream"
)

// lines finds and parses the lines of a head or a trailer section in bytes that may come in pieces. Each line is
// parsed as soon as it is whole, so that a bad one is refused at once and the result does not depend on the pieces.
type lines struct {
	held    []byte // the section so far, if it came in pieces
	start   int    // where the section starts, behind an empty line that was ignored
	line    int    // where the current line starts
	scanned int    // no line feed between line and here
	started bool   // the start line has been parsed
	empty   bool   // an empty line came before it

	count  int // field lines, also those that are not kept
	fields []field
	room   [10]field

	startLine span // of the method or the protocol
	target    span // of the request target or the status text
	status    int
	protocol  string

	connection span // name of the connection header
	te         span // value of transfer-encoding
	contentLen int64
	hosts      int
	hasTE      bool
	hasLen     bool
	close      bool
	keepAlive  bool
	upgrade    bool
	expect     bool
}

// span is a range of bytes of the section.
type span struct{ from, to uint32 }

func (s span) of(block string) string { return block[s.from:s.to] }

type field struct{ name, value span }

// section takes a whole head or trailer section off in and returns its bytes, nil if there is more to come. The bytes
// are valid until the next call.
func (d *Decoder) section(in *stream.Data) ([]byte, error) {
	l := &d.lines
	if l.fields == nil {
		l.fields = l.room[:0]
	}
	for !in.Empty() {
		piece := in.Segments()[0]
		if len(l.held) == 0 {
			done, err := d.scan(piece)
			if err != nil {
				return nil, err
			}
			if done {
				in.Skip(l.line)
				return piece[:l.line], nil
			}
			l.held = append(l.held, piece...)
			in.Skip(len(piece))
			continue
		}
		n := bytes.IndexByte(piece, '\n') + 1
		if n == 0 {
			n = len(piece)
		}
		l.held = append(l.held, piece[:n]...)
		in.Skip(n)
		done, err := d.scan(l.held)
		if err != nil {
			return nil, err
		}
		if done {
			return l.held, nil
		}
	}
	return nil, nil
}

// scan parses the lines of buf that it has not seen yet. It reports whether the blank line was found; l.line is then
// where the section ends.
func (d *Decoder) scan(buf []byte) (done bool, err error) {
	l := &d.lines
	for {
		n := bytes.IndexByte(buf[l.scanned:], '\n')
		end := l.scanned + n
		if n < 0 {
			end = len(buf)
		}
		line := buf[l.line:end]
		if !l.started && len(line) > 0 {
			// What cannot be HTTP, such as a TLS handshake, may never send a line feed.
			if c := line[0]; !isToken[c] && (c != '\r' || l.empty || d.Response) {
				return false, d.fail(400, "malformed start line")
			}
		}
		text := line
		if len(text) > 0 && text[len(text)-1] == '\r' {
			text = text[:len(text)-1]
		}
		if len(text) > d.maxHeaderSize() || end-l.start > d.maxHeadSize() {
			if !l.started {
				return false, d.fail(414, "request line too long")
			}
			return false, d.fail(431, "header too large")
		}
		if n < 0 {
			l.scanned = end
			return false, nil
		}
		if len(text) == len(line) {
			return false, d.fail(400, "line feed without carriage return")
		}
		from := l.line
		l.line, l.scanned = end+1, end+1
		switch {
		case len(text) > 0 && l.started:
			err = d.parseField(text, from)
		case len(text) > 0:
			l.started = true
			err = d.parseStartLine(text, from)
		case l.started:
			return true, nil
		case l.empty || d.Response:
			err = d.fail(400, "malformed start line")
		default:
			l.empty = true
			l.start = l.line
		}
		if err != nil {
			return false, err
		}
	}
}

func (d *Decoder) maxHeaderSize() int {
	if d.MaxHeaderSize > 0 {
		return d.MaxHeaderSize
	}
	return DefaultMaxHeaderSize
}

func (d *Decoder) maxHeadSize() int {
	if d.MaxHeadSize > 0 {
		return d.MaxHeadSize
	}
	return max(DefaultMaxHeadSize, 4*d.MaxHeaderSize)
}

func (d *Decoder) maxHeaders() int {
	if d.MaxHeaders > 0 {
		return d.MaxHeaders
	}
	return DefaultMaxHeaders
}

// reset prepares for the next section; a trailer section has no start line.
func (l *lines) reset(trailer bool) {
	l.held = nil
	l.start, l.line, l.scanned, l.count = 0, 0, 0, 0
	l.started, l.empty = trailer, false
	if cap(l.fields) > len(l.room) {
		l.fields = nil // an unusually large head: idle connections keep little
	} else {
		l.fields = l.fields[:0]
	}
	l.connection, l.te = span{}, span{}
	l.contentLen, l.hosts = 0, 0
	l.hasTE, l.hasLen = false, false
	l.close, l.keepAlive, l.upgrade, l.expect = false, false, false, false
}
