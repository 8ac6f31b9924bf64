package socks

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"weir/internal/stream"
)

// Server is the side of a negotiation that is asked. The zero value is ready.
type Server struct {
	// Passwords makes clients of SOCKS 5 give a user name and a password. Without it they are asked for that only if they
	// offer no way to do without.
	Passwords bool

	// What the client has said.
	Version  int    // 4 or 5
	ID       string // of the user, SOCKS 4 only
	Username string // SOCKS 5 with HasUser only
	Password string
	HasUser  bool
	Target   Address

	state serverState
	err   error
}

type serverState uint8

const (
	serverBegins   serverState = iota
	serverPassword             // a user name and a password are to come
	serverRequest              // the request of SOCKS 5 is to come
	serverAsked                // the caller has to answer
)

// Question is what a Server wants to know from its caller.
type Question uint8

// The questions, each to be answered by Answer.
const (
	None        Question = iota // more bytes are needed
	AskPassword                 // are Username and Password right?
	AskRequest                  // is a tunnel to Target to be opened?
)

// Codes of replies.
const (
	granted4  = 0x5A
	rejected4 = 0x5B

	succeeded5      = 0
	failed5         = 1
	notAllowed5     = 2
	badCommand5     = 7
	badAddressType5 = 8

	methodNone     = 0
	methodPassword = 2
	methodRefused  = 0xFF

	commandConnect = 1
)

// Errors of a Server, besides others.
var (
	ErrVersion = errors.New("socks: the first byte is neither 4 nor 5")
	ErrMethod  = errors.New("socks: the client offers no way to identify itself that is accepted")
	ErrAuth    = errors.New("socks: malformed user name and password")
	ErrLong    = fmt.Errorf("socks: a user id or a domain name is longer than %d bytes", MaxName)
	ErrEmpty   = errors.New("socks: the domain name is empty")
	ErrType    = errors.New("socks: unknown type of address")
)

// CommandError is a request for something else than a connection: 2 is BIND, 3 is UDP ASSOCIATE.
type CommandError byte

// Error implements error.
func (e CommandError) Error() string {
	return fmt.Sprintf("socks: command %d is not supported", byte(e))
}

// maxMessage is the size of the longest message: a user name and a password. One of SOCKS 4a is 8 bytes and two names with
// their ends.
const maxMessage = 8 + 2*(MaxName+1)

// Next takes bytes of the client off in and appends what is to be sent to out. Bytes that are left in in have to be kept:
// they come first the next time, or, after a request was granted, belong to the tunnel.
//
// After an error, for which the client has its reply in out, everything is over.
func (s *Server) Next(in, out *stream.Data) (Question, error) {
	for s.err == nil {
		if s.state == serverAsked {
			return None, nil
		}
		var buf [maxMessage]byte
		b := buf[:in.Peek(buf[:])]
		if len(b) == 0 {
			return None, nil
		}
		n, q := 0, None
		switch {
		case s.state == serverPassword:
			n, q = s.password(b)
		case s.state == serverRequest:
			n, q = s.request5(b, out)
		case b[0] == 5:
			s.Version = 5
			n = s.methods(b, out)
		case b[0] == 4:
			s.Version = 4
			n, q = s.request4(b, out)
		default:
			s.err = ErrVersion
		}
		if s.err != nil || n == 0 {
			break
		}
		in.Skip(n)
		if q != None {
			s.state = serverAsked
			return q, nil
		}
	}
	return None, s.err
}

// methods answers the offer of ways to identify oneself (RFC 1928 §3).
func (s *Server) methods(b []byte, out *stream.Data) int {
	if len(b) < 2 || len(b) < 2+int(b[1]) {
		return 0
	}
	n := 2 + int(b[1])
	offers := func(m byte) bool { return bytes.IndexByte(b[2:n], m) >= 0 }
	switch {
	case !s.Passwords && offers(methodNone):
		s.state = serverRequest
		out.Append([]byte{5, methodNone})
	case offers(methodPassword):
		s.state = serverPassword
		out.Append([]byte{5, methodPassword})
	default:
		s.err = ErrMethod
		out.Append([]byte{5, methodRefused})
	}
	return n
}

// password reads a user name and a password (RFC 1929 §2).
func (s *Server) password(b []byte) (int, Question) {
	if b[0] != 1 {
		s.err = ErrAuth
		return 0, None
	}
	if len(b) < 2 || len(b) < 3+int(b[1]) {
		return 0, None
	}
	p := 2 + int(b[1])
	n := p + 1 + int(b[p])
	if len(b) < n {
		return 0, None
	}
	s.HasUser, s.Username, s.Password = true, string(b[2:p]), string(b[p+1:n])
	return n, AskPassword
}

// request5 reads a request of SOCKS 5 (RFC 1928 §4).
func (s *Server) request5(b []byte, out *stream.Data) (int, Question) {
	refuse := func(code byte, err error) (int, Question) {
		s.err = err
		s.reply(out, code)
		return 0, None
	}
	if b[0] != 5 {
		return refuse(failed5, ErrVersion)
	}
	if len(b) < 4 {
		return 0, None
	}
	a, n, ok := parseAddress(b[3:])
	switch {
	case b[1] != commandConnect:
		return refuse(badCommand5, CommandError(b[1]))
	case !ok:
		return refuse(badAddressType5, ErrType)
	case n == 0:
		return 0, None
	case !a.IP.IsValid() && a.Domain == "":
		return refuse(failed5, ErrEmpty)
	}
	s.Target = a
	return 3 + n, AskRequest
}

// request4 reads a request of SOCKS 4 or 4a.
func (s *Server) request4(b []byte, out *stream.Data) (int, Question) {
	refuse := func(err error) (int, Question) {
		s.err = err
		s.reply(out, rejected4)
		return 0, None
	}
	if len(b) >= 2 && b[1] != commandConnect {
		return refuse(CommandError(b[1]))
	}
	if len(b) < 8 {
		return 0, None
	}
	id, n, ok := text(b, 8)
	if !ok {
		return refuse(ErrLong)
	}
	if n == 0 {
		return 0, None
	}
	a := Address{IP: netip.AddrFrom4([4]byte(b[4:8])), Port: binary.BigEndian.Uint16(b[2:])}
	if isMarker(a.IP) { // SOCKS 4a
		a.IP = netip.Addr{}
		if a.Domain, n, ok = text(b, n); !ok {
			return refuse(ErrLong)
		}
		if n == 0 {
			return 0, None
		}
		if a.Domain == "" {
			return refuse(ErrEmpty)
		}
	}
	s.ID, s.Target = id, a
	return n, AskRequest
}

// text reads a text that begins at i and ends with a zero, and returns where that is passed: 0 if b ends before it. ok is
// false if the text is too long.
func text(b []byte, i int) (s string, next int, ok bool) {
	n := bytes.IndexByte(b[i:], 0)
	switch {
	case n > MaxName || n < 0 && len(b)-i > MaxName:
		return "", 0, false
	case n < 0:
		return "", 0, true
	}
	return string(b[i : i+n]), i + n + 1, true
}

// Answer answers the question that Next returned last, and appends what is to be sent to out. After a no everything is over.
func (s *Server) Answer(out *stream.Data, q Question, yes bool) {
	switch {
	case q == AskPassword && yes:
		s.state = serverRequest
		out.Append([]byte{1, 0})
	case q == AskPassword:
		out.Append([]byte{1, 1})
	case s.Version == 4 && yes:
		s.reply(out, granted4)
	case s.Version == 4:
		s.reply(out, rejected4)
	case yes:
		s.reply(out, succeeded5)
	default:
		s.reply(out, notAllowed5)
	}
}

// Fail tells the client that the question could not be answered.
func (s *Server) Fail(out *stream.Data, q Question) {
	if q == AskRequest && s.Version == 5 {
		s.reply(out, failed5)
		return
	}
	s.Answer(out, q, false)
}

// reply answers a request. The bound address is not told: it is no use to clients of CONNECT.
func (s *Server) reply(out *stream.Data, code byte) {
	if s.Version == 4 {
		out.Append([]byte{0, code, 0, 0, 0, 0, 0, 0})
	} else {
		out.Append([]byte{5, code, 0, typeIPv4, 0, 0, 0, 0, 0, 0})
	}
}
