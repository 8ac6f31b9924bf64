package socks

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"weir/internal/stream"
)

// Client is the side of a negotiation that asks. Set what is known, call Start, then Next for what comes back; when that
// returns AskTarget, call Request.
type Client struct {
	Version  Version
	Username string // the user id with SOCKS 4 and 4a
	Password string
	HasUser  bool // SOCKS 5: offer to identify by Username and Password

	state clientState
	err   error
}

// Version is a version of the protocol.
type Version uint8

// The versions. SOCKS 4 knows IPv4 addresses only, SOCKS 4a domain names as well.
const (
	V5 Version = iota
	V4
	V4a
)

type clientState uint8

const (
	clientMethod   clientState = iota // the choice of a method is to come
	clientPassword                    // the verdict on the password is to come
	clientTarget                      // Request is to be called
	clientReply                       // the reply is to come
	clientDone
)

// Progress is how far a Client has come.
type Progress uint8

// The states of a negotiation.
const (
	Waiting   Progress = iota // for more bytes
	AskTarget                 // Request is to be called
	Connected                 // what is left of the input belongs to the tunnel
)

// ErrUnexpected is a reply that makes no sense.
var ErrUnexpected = errors.New("socks: unexpected reply")

// RefusedError is a reply that says no, with its code.
type RefusedError byte

// Error implements error.
func (e RefusedError) Error() string {
	return fmt.Sprintf("socks: the server refused, code %d", byte(e))
}

// Start appends what the client says first to out. It fails if a name is too long to be said.
func (c *Client) Start(out *stream.Data) error {
	if len(c.Username) > MaxName || len(c.Password) > MaxName {
		return fmt.Errorf("socks: the user name or the password is longer than %d bytes", MaxName)
	}
	switch {
	case c.Version != V5:
		c.state = clientTarget
	case c.HasUser:
		out.Append([]byte{5, 2, methodNone, methodPassword})
	default:
		out.Append([]byte{5, 1, methodNone})
	}
	return nil
}

// Request appends the request for a tunnel to out. It fails if the version in use cannot express the target.
func (c *Client) Request(out *stream.Data, target Address) error {
	if len(target.Domain) > MaxName {
		return fmt.Errorf("domain name too long: %s", target.Domain)
	}
	if !target.IP.IsValid() && target.Domain == "" {
		return ErrEmpty
	}
	target.IP = target.IP.Unmap().WithZone("")
	if c.Version == V5 {
		c.state = clientReply
		out.Append(appendAddress([]byte{5, commandConnect, 0}, target))
		return nil
	}
	if strings.IndexByte(c.Username+target.Domain, 0) >= 0 {
		return errors.New("a user id or domain name with a zero byte cannot be sent with SOCKS 4")
	}
	b := binary.BigEndian.AppendUint16([]byte{4, commandConnect}, target.Port)
	switch {
	case isMarker(target.IP):
		return fmt.Errorf("%v means a domain name with SOCKS 4, use version 5", target.IP)
	case target.IP.Is4():
		b = append(b, target.IP.AsSlice()...)
	case c.Version == V4:
		return errors.New("SOCKS 4 has IPv4 addresses only, use version '4a' or 5")
	case target.IP.IsValid():
		return errors.New("SOCKS 4a has no IPv6 addresses, use version 5")
	default:
		b = append(b, 0, 0, 0, 1)
	}
	b = append(append(b, c.Username...), 0)
	if !target.IP.IsValid() {
		b = append(append(b, target.Domain...), 0)
	}
	c.state = clientReply
	out.Append(b)
	return nil
}

// isMarker reports whether an address says in SOCKS 4 that a domain name follows.
func isMarker(ip netip.Addr) bool {
	if !ip.Is4() {
		return false
	}
	b := ip.As4()
	return b[0] == 0 && b[1] == 0 && b[2] == 0 && b[3] != 0
}

// Next takes bytes of the server off in and appends what is to be sent to out. Bytes that are left in in have to be kept.
func (c *Client) Next(in, out *stream.Data) (Progress, error) {
	for c.err == nil {
		var buf [4 + 2 + MaxName + 2]byte
		b := buf[:in.Peek(buf[:])]
		switch c.state {
		case clientTarget:
			return AskTarget, nil
		case clientDone:
			return Connected, nil
		}
		n := c.read(b, out)
		if n == 0 {
			break
		}
		in.Skip(n)
	}
	return Waiting, c.err
}

// read understands a message of the server and returns its size: 0 if b does not reach.
func (c *Client) read(b []byte, out *stream.Data) int {
	version := byte(5)
	switch {
	case c.Version != V5:
		version = 0
	case c.state == clientPassword:
		version = 1
	}
	if len(b) > 0 && b[0] != version {
		c.err = ErrUnexpected
		return 0
	}
	if len(b) < 2 {
		return 0
	}
	switch {
	case c.state == clientMethod:
		return c.method(b[1], out)
	case c.state == clientPassword:
		if b[1] != 0 {
			c.err = RefusedError(b[1])
		}
		c.state = clientTarget
		return 2
	case c.Version != V5:
		if b[1] != granted4 {
			c.err = RefusedError(b[1])
		}
		if len(b) < 8 {
			return 0
		}
		c.state = clientDone
		return 8
	}
	if b[1] != succeeded5 {
		c.err = RefusedError(b[1])
		return 0
	}
	if len(b) < 4 {
		return 0
	}
	_, n, ok := parseAddress(b[3:])
	if !ok {
		c.err = ErrUnexpected
	}
	if n == 0 {
		return 0
	}
	c.state = clientDone
	return 3 + n
}

// method follows the server's choice of a way to identify oneself.
func (c *Client) method(m byte, out *stream.Data) int {
	switch {
	case m == methodNone:
		c.state = clientTarget
	case m == methodPassword && c.HasUser:
		b := append([]byte{1, byte(len(c.Username))}, c.Username...)
		out.Append(append(append(b, byte(len(c.Password))), c.Password...))
		c.state = clientPassword
	case m == methodRefused:
		c.err = RefusedError(m)
	default:
		c.err = ErrUnexpected
	}
	return 2
}
