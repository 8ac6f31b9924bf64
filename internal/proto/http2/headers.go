package http2

import (
	"golang.org/x/net/http2/hpack"

	"weir/internal/proto/http1"
)

func (c *Conn) frameHeaders(flags byte, id uint32, p []byte) {
	if id == 0 {
		c.fail(ProtocolError, "HEADERS without a stream")
		return
	}
	pad, bad := 0, false
	if flags&flagPadded != 0 {
		if len(p) == 0 {
			c.fail(FrameSizeError, "HEADERS without the length of its padding")
			return
		}
		pad, p = int(p[0]), p[1:]
	}
	if flags&flagPriority != 0 {
		if len(p) < 5 {
			c.fail(FrameSizeError, "HEADERS without its priority")
			return
		}
		bad = uint31(p) == id
		p = p[5:]
	}
	if pad > len(p) {
		c.fail(ProtocolError, "more padding than payload")
		return
	}
	p = p[:len(p)-pad]
	end := flags&flagEndStream != 0
	if flags&flagEndHeaders != 0 {
		c.headers(id, p, end, bad)
		return
	}
	c.block = headerBlock{id: id, open: true, end: end, bad: bad, bytes: append([]byte(nil), p...)}
}

func (c *Conn) frameContinuation(flags byte, id uint32, p []byte) {
	b := &c.block
	if !b.open {
		c.fail(ProtocolError, "unexpected CONTINUATION")
		return
	}
	if b.frames++; b.frames > maxContinuations || len(b.bytes)+len(p) > 2*c.cfg.MaxHeadSize {
		c.fail(EnhanceYourCalm, "header block too large")
		return
	}
	b.bytes = append(b.bytes, p...)
	if flags&flagEndHeaders == 0 {
		return
	}
	whole := *b
	*b = headerBlock{}
	c.headers(id, whole.bytes, whole.end, whole.bad)
}

// headers handles a whole header block. Whatever becomes of it, it has to be decoded, since the next ones refer to it.
func (c *Conn) headers(id uint32, block []byte, end, selfDependent bool) {
	if len(block) > 2*c.cfg.MaxHeadSize {
		c.fail(EnhanceYourCalm, "header block too large")
		return
	}
	l := &c.list
	l.reset(c.cfg.Buffers.fields[:0])
	c.decoder.SetEmitEnabled(true)
	_, err := c.decoder.Write(block)
	if e := c.decoder.Close(); err == nil {
		err = e
	}
	if err != nil {
		c.fail(CompressionError, "invalid header block")
		return
	}
	c.dispatch(id, end, selfDependent)
	clear(l.fields)
	if cap(l.fields) <= 256 {
		c.cfg.Buffers.fields = l.fields[:0]
	}
	l.fields = nil
}

// dispatch finds out what a header block is.
func (c *Conn) dispatch(id uint32, end, selfDependent bool) {
	s := c.find(id)
	switch {
	case s != nil && s.remoteDone:
		c.resetBy(s, StreamClosed)
	case s != nil && selfDependent:
		c.resetBy(s, ProtocolError)
	case s != nil && s.began:
		c.trailersReceived(s, end)
	case s != nil:
		c.responseReceived(s, end)
	case !c.cfg.Server:
		if c.idle(id) {
			c.fail(ProtocolError, "HEADERS on an idle stream")
			return
		}
		c.onClosed(id)
	case id&1 == 0:
		c.fail(ProtocolError, "HEADERS on a stream of this side")
	case id <= c.lastPeer:
		switch known, reset := c.gone.find(id); {
		case reset || c.leaving && id > c.lastTaken:
			c.glitch()
		case known:
			c.fail(StreamClosed, "HEADERS on a closed stream")
		default:
			c.fail(ProtocolError, "stream opened out of order")
		}
	default:
		c.requestReceived(id, end, selfDependent)
	}
}

// requestReceived opens a stream.
func (c *Conn) requestReceived(id uint32, end, selfDependent bool) {
	c.lastPeer = id
	c.begun++
	if c.leaving {
		return
	}
	l := &c.list
	refuse := func(code ErrCode) {
		if c.cancelled() {
			c.rst(id, code)
			c.gone.add(id, true)
		}
	}
	switch {
	case len(c.streams) >= c.cfg.MaxStreams:
		refuse(RefusedStream)
		return
	case selfDependent:
		refuse(ProtocolError)
		return
	}
	if !l.tooLarge && !l.checkRequest() {
		refuse(ProtocolError)
		return
	}
	length, ok := l.contentLength()
	if !ok && !l.tooLarge || end && length > 0 {
		refuse(ProtocolError)
		return
	}
	c.useful()
	s := c.handler.NewStream()
	c.add(s, id)
	if l.tooLarge {
		s.remoteDone = end
		if c.tooLarge(s); !c.closed {
			c.wasted()
		}
		return
	}
	m := l.message()
	h := &m.head
	h.Method, h.Scheme, h.Authority, h.Path = l.method, l.scheme, l.authority, l.path
	if l.method == "CONNECT" {
		if l.seen&seenProtocol != 0 {
			s.upgraded = true
			h.Method = "GET"
			h.Headers.Add("upgrade", l.protocol)
			h.Received.Upgrade = true
		} else {
			s.connect = true
			if h.Path == "" {
				h.Path = h.Authority
			}
		}
	}
	c.began(s, m, length, end)
}

// began passes a head on.
func (c *Conn) began(s *Stream, m *received, length int64, end bool) {
	s.began, s.msg, s.expected = true, m, length
	r := &m.head.Received
	r.HTTP2, r.ContentLength = true, length
	switch {
	case s.connect || s.upgraded:
		r.ContentLength = 0
	case end && length < 0:
		r.ContentLength = 0
	case length < 0:
		r.Chunked = true
	}
	m.start.Head = &m.head
	c.handler.OnHead(s, &m.start)
	if end && s.opened && !c.closed {
		c.ended(s, nil)
	}
}

// tooLarge answers a request whose head is too large.
func (c *Conn) tooLarge(s *Stream) {
	head := http1.Head{IsResponse: true, Status: 431}
	if c.SendHead(s, &head, 0, true) == nil && s.opened {
		c.Reset(s, NoError)
	}
}

// responseReceived begins a response.
func (c *Conn) responseReceived(s *Stream, end bool) {
	l := &c.list
	status := 0
	if !l.tooLarge {
		status = l.checkResponse()
	}
	length, ok := l.contentLength()
	interim := status >= 100 && status < 200
	if status == 0 || !ok || interim && end || status == 101 {
		c.resetBy(s, ProtocolError)
		return
	}
	if status == 304 {
		s.bodiless = true
	}
	if end && length > 0 && !s.bodiless {
		c.resetBy(s, ProtocolError)
		return
	}
	m := l.message()
	h := &m.head
	h.IsResponse, h.Status = true, status
	if interim {
		m.start.Head = h
		h.Received = http1.Received{HTTP2: true}
		c.handler.OnHead(s, &m.start)
		if s.opened && !c.closed {
			c.handler.OnEnd(s, &m.end)
		}
		return
	}
	c.began(s, m, length, end)
}

func (c *Conn) trailersReceived(s *Stream, end bool) {
	l := &c.list
	if !end || l.bad || l.tooLarge || l.seen != 0 {
		c.resetBy(s, ProtocolError)
		return
	}
	var tail any
	if len(l.fields) > 0 && s.msg != nil {
		t := &s.msg.tail
		t.Headers = append(http1.Headers(nil), l.fields...)
		tail = t
	}
	c.ended(s, tail)
}

// headerList collects the fields of a header block.
type headerList struct {
	cfg    *Config
	full   func(bool) // called with false when nothing more is of interest
	fields []http1.Header

	method, scheme, authority, path, protocol, status string

	length   string // content-length
	lengths  int
	size     int
	seen     uint8
	host     int // place of the host header in fields, plus one
	bad      bool
	tooLarge bool
}

const (
	seenMethod = 1 << iota
	seenScheme
	seenAuthority
	seenPath
	seenProtocol
	seenStatus
)

func (l *headerList) reset(fields []http1.Header) {
	*l = headerList{cfg: l.cfg, full: l.full, fields: fields}
}

// add takes the next field.
func (l *headerList) add(f hpack.HeaderField) {
	n := len(f.Name) + len(f.Value)
	if l.size += n + 32; l.size > l.cfg.MaxHeadSize || n > l.cfg.MaxFieldSize || len(l.fields) >= l.cfg.MaxHeaders {
		l.tooLarge = true
		l.full(false)
		return
	}
	if len(f.Name) > 0 && f.Name[0] == ':' {
		l.pseudo(f.Name, f.Value)
		return
	}
	if !isName(f.Name) || !http1.IsText(f.Value) {
		l.bad = true
		return
	}
	switch len(f.Name) {
	case len("te"):
		if f.Name == "te" && f.Value != "trailers" {
			l.bad = true
		}
	case len("host"):
		if f.Name == "host" {
			if l.host > 0 { // the one from :authority
				l.bad = l.bad || l.fields[l.host-1].Value != f.Value
				return
			}
			l.bad = l.bad || !http1.IsHost(f.Value)
			l.host = len(l.fields) + 1
		}
	case len("upgrade"):
		l.bad = l.bad || f.Name == "upgrade"
	case len("connection"): // and of keep-alive
		l.bad = l.bad || f.Name == "connection" || f.Name == "keep-alive"
	case len("content-length"):
		if f.Name == "content-length" {
			if l.lengths++; l.lengths > 1 {
				l.bad = true
			}
			l.length = f.Value
		}
	case len("proxy-connection"):
		l.bad = l.bad || f.Name == "proxy-connection"
	case len("transfer-encoding"):
		l.bad = l.bad || f.Name == "transfer-encoding"
	}
	l.fields = append(l.fields, http1.Header{Name: f.Name, Value: f.Value})
}

// pseudo takes a field that stands for part of a start line.
func (l *headerList) pseudo(name, value string) {
	var bit uint8
	var to *string
	switch name {
	case ":method":
		bit, to = seenMethod, &l.method
	case ":scheme":
		bit, to = seenScheme, &l.scheme
	case ":authority":
		bit, to = seenAuthority, &l.authority
	case ":path":
		bit, to = seenPath, &l.path
	case ":protocol":
		bit, to = seenProtocol, &l.protocol
	case ":status":
		bit, to = seenStatus, &l.status
	}
	regular := len(l.fields)
	if l.fromAuthority() {
		regular--
	}
	if to == nil || l.seen&bit != 0 || regular > 0 {
		l.bad = true
		return
	}
	l.seen |= bit
	*to = value
	if bit == seenAuthority && value != "" {
		l.host = 1
		l.fields = append(l.fields, http1.Header{Name: "host", Value: value})
	}
}

// fromAuthority reports whether the first field is a host header made from :authority.
func (l *headerList) fromAuthority() bool { return l.seen&seenAuthority != 0 && l.authority != "" }

// checkRequest reports whether the list is a valid request (RFC 9113 §8.3.1).
func (l *headerList) checkRequest() bool {
	if l.bad || l.seen&seenStatus != 0 || !http1.IsToken(l.method) || !http1.IsHost(l.authority) {
		return false
	}
	if l.method == "CONNECT" && l.seen&seenProtocol == 0 {
		return l.authority != "" && (l.path == "" || http1.IsTarget(l.path))
	}
	if l.seen&seenProtocol != 0 && (!l.cfg.ConnectProtocol || l.method != "CONNECT" || !http1.IsToken(l.protocol) || l.authority == "") {
		return false
	}
	if !isScheme(l.scheme) || l.path == "" || !http1.IsTarget(l.path) {
		return false
	}
	return l.path[0] == '/' || l.path == "*" && l.method == "OPTIONS"
}

// checkResponse returns the status of a valid response, else 0.
func (l *headerList) checkResponse() int {
	if l.bad || l.seen != seenStatus || len(l.status) != 3 {
		return 0
	}
	n := 0
	for i := range 3 {
		c := l.status[i]
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	if n < 100 {
		return 0
	}
	return n
}

// contentLength returns what the header says, -1 if there is none.
func (l *headerList) contentLength() (int64, bool) {
	if l.lengths == 0 {
		return -1, true
	}
	return http1.ParseLength(l.length)
}

// message makes a message with the fields.
func (l *headerList) message() *received {
	fields := l.fields
	m := new(received)
	h := &m.head
	h.Headers = m.room[:0]
	if len(fields) > len(m.room) {
		h.Headers = make(http1.Headers, 0, len(fields)+1)
	}
	h.Headers = append(h.Headers, fields...)
	return m
}

var isNameByte, isSchemeByte [256]bool

func init() {
	for i := range 256 {
		upper := i >= 'A' && i <= 'Z'
		isNameByte[i] = http1.IsToken(string([]byte{byte(i)})) && !upper
		isSchemeByte[i] = i >= 'a' && i <= 'z' || upper || i >= '0' && i <= '9' || i == '+' || i == '-' || i == '.'
	}
}

func all(s string, class *[256]bool) bool {
	for i := 0; i < len(s); i++ {
		if !class[s[i]] {
			return false
		}
	}
	return s != ""
}

func isName(s string) bool   { return all(s, &isNameByte) }
func isScheme(s string) bool { return all(s, &isSchemeByte) }
