package filter

import (
	"strings"
	"time"

	"weir/internal/event"
	"weir/internal/pipeline"
	"weir/internal/reactor"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "detectProtocol", Length: 1, Sig: "detectProtocol(fn(name) -> EventsLike, options?) (L,N)",
		Rows: []script.Row{
			{Path: "callback:detectProtocol", Kind: "callback", Signature: "(name: 'HTTP'|'HTTP2'|'TLS'|'') -> EventsLike"},
			{Path: "option:detectProtocol.timeout", Kind: "option", Signature: "number (s) = 1"},
		},
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			fn, err := b.FunctionArg(0)
			if err != nil {
				return nil, err
			}
			o, err := options(b, 1)
			if err != nil {
				return nil, err
			}
			return &detectProtocolDef{fn, o.Duration("timeout", time.Second)}, o.Err()
		},
	})
}

type detectProtocolDef struct {
	fn      *script.Ref
	timeout time.Duration // 0: none
}

func (d *detectProtocolDef) New() pipeline.Filter { return &detectProtocol{def: d} }

// detectProtocol passes everything, and tells a callback what protocol the first bytes are of.
type detectProtocol struct {
	pipeline.Base
	def      *detectProtocolDef
	started  bool
	done     bool
	timer    *reactor.Timer
	detector detector
}

func (f *detectProtocol) Process(e stream.Event) {
	if f.done {
		f.Output(e)
		return
	}
	if !f.started {
		f.started = true
		if f.def.timeout > 0 {
			f.timer = f.World().Loop.AfterFunc(f.def.timeout, func() { f.tell("") })
		}
	}
	switch e := e.(type) {
	case *stream.Data:
		name, sure := "", false
		for _, b := range e.Segments() {
			if name, sure = f.detector.feed(b); sure {
				break
			}
		}
		if sure && !f.tell(name) {
			return
		}
	case *stream.StreamEnd:
		if !f.tell("") {
			return
		}
	}
	f.Output(e)
}

// tell calls the callback, once. It returns false if that throws.
func (f *detectProtocol) tell(name string) bool {
	f.done = true
	f.stopTimer()
	v, ok := f.Call(f.def.fn, f.Realm().String(name))
	if ok {
		event.Each(f.Realm(), v, f.Output) // anything else is ignored
	}
	return ok
}

func (f *detectProtocol) stopTimer() {
	if f.timer != nil {
		f.timer.Stop()
		f.timer = nil
	}
}

func (f *detectProtocol) Reset() { f.stopTimer() }

// detector tells protocols apart by the first bytes of a stream. It keeps a few of them at most.
type detector struct {
	matchers [3]matcher
	ruledOut int
}

// matcher compares the start of a stream with a protocol. Its zero value is at the start.
type matcher struct {
	state verdict
	step  int    // which part of the pattern is being compared
	seen  []byte // of that part
}

type verdict uint8

const (
	maybe verdict = iota
	yes
	no
)

// protocols are what matchers look for: each is told the next byte and answers whether that was it.
var protocols = [...]struct {
	name string
	next func(m *matcher, c byte) verdict
}{{"HTTP", nextHTTP}, {"HTTP2", nextHTTP2}, {"TLS", nextTLS}}

// feed looks at more bytes. sure is false as long as several protocols are possible; an empty name is none of them.
func (d *detector) feed(b []byte) (name string, sure bool) {
	for _, c := range b {
		for i := range d.matchers {
			m := &d.matchers[i]
			if m.state != maybe {
				continue
			}
			switch m.state = protocols[i].next(m, c); m.state {
			case yes:
				return protocols[i].name, true
			case no:
				d.ruledOut++
			}
		}
		if d.ruledOut == len(d.matchers) {
			return "", true
		}
	}
	return "", false
}

var detectedMethods = []string{"GET ", "HEAD ", "POST ", "PUT ", "PATCH ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE "}

// nextHTTP expects the start line of a request (RFC 9112 §3): a method, a target, a version.
func nextHTTP(m *matcher, c byte) verdict {
	const version, minor = "HTTP/1.x\r\n", len("HTTP/1.")
	switch m.step {
	case 0:
		m.seen = append(m.seen, c)
		for _, method := range detectedMethods {
			if method == string(m.seen) {
				m.step, m.seen = 1, m.seen[:0]
				return maybe
			}
			if strings.HasPrefix(method, string(m.seen)) {
				return maybe
			}
		}
		return no
	case 1, 2: // the first byte of the target, and the others
		switch {
		case c == ' ' && m.step == 2:
			m.step = 3
		case c <= ' ' || c == 0x7f:
			return no
		default:
			m.step = 2
		}
		return maybe
	}
	i := m.step - 3
	if m.step++; c != version[i] && !(i == minor && (c == '0' || c == '1')) {
		return no
	}
	if i == len(version)-1 {
		return yes
	}
	return maybe
}

// nextHTTP2 expects the preface of a client (RFC 9113 §3.4).
func nextHTTP2(m *matcher, c byte) verdict {
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	if c != preface[m.step] {
		return no
	}
	if m.step++; m.step == len(preface) {
		return yes
	}
	return maybe
}

// nextTLS expects a record with a ClientHello, or the start of one (RFC 8446 §5.1 and §4.1.2), up to the version in it.
func nextTLS(m *matcher, c byte) verdict {
	const (
		handshake   = 22
		clientHello = 1
		maxRecord   = 1 << 14
		minHello    = 2 + 32 + 1 + 2 + 2 + 1 + 1 // version, random, session, one cipher suite, one compression method
	)
	m.seen = append(m.seen, c)
	s := m.seen
	ok := true
	switch len(s) {
	case 1:
		ok = c == handshake
	case 2:
		ok = c == 3
	case 3:
		ok = c <= 4
	case 5:
		n := int(s[3])<<8 | int(s[4])
		ok = n >= 4 && n <= maxRecord
	case 6:
		ok = c == clientHello
	case 9:
		record, hello := int(s[3])<<8|int(s[4]), int(s[6])<<16|int(s[7])<<8|int(s[8])
		ok = hello >= minHello && record <= hello+4
	case 10:
		ok = c == 3
	case 11:
		if c <= 4 {
			return yes
		}
		ok = false
	}
	if !ok {
		return no
	}
	return maybe
}
