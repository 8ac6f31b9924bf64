package proxyproto

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"net/netip"
	"strconv"
	"strings"

	"weir/internal/stream"
)

// Errors of Decode, besides others.
var (
	ErrNone     = errors.New("proxyproto: there is no header")
	ErrLong     = errors.New("proxyproto: a header of version 1 is longer than 107 bytes")
	ErrLine     = errors.New("proxyproto: malformed header of version 1")
	ErrVersion  = errors.New("proxyproto: unknown version or command")
	ErrFamily   = errors.New("proxyproto: unknown address family or transport")
	ErrShort    = errors.New("proxyproto: the addresses do not fit into the header")
	ErrTLV      = errors.New("proxyproto: a field is cut off")
	ErrChecksum = errors.New("proxyproto: the checksum is wrong")
)

// Decode takes a header off in. It returns nil if it is not complete: in, at most 64 KiB, has to be kept and tried again
// with more. After an error the stream is of no use.
func Decode(in *stream.Data) (*Header, error) {
	var buf [maxV1 + 1]byte
	b := buf[:in.Peek(buf[:])]
	switch {
	case hasPrefix(b, signature):
		if len(b) < fixedV2 {
			return nil, nil
		}
		n := fixedV2 + int(binary.BigEndian.Uint16(b[14:]))
		if b[12]>>4 != 2 || b[12]&0xF > 1 {
			return nil, ErrVersion
		}
		if in.Size() < n {
			return nil, nil
		}
		return decodeV2(in.Shift(n).Bytes())
	case hasPrefix(b, "PROXY "):
		end := bytes.IndexByte(b, '\n')
		switch {
		case end >= maxV1 || end < 0 && len(b) > maxV1:
			return nil, ErrLong
		case end < 0:
			return nil, nil
		}
		in.Skip(end + 1)
		return decodeV1(string(b[:end+1]))
	}
	return nil, ErrNone
}

// hasPrefix reports whether b begins with the prefix, or may do so once it is longer.
func hasPrefix(b []byte, prefix string) bool {
	n := min(len(b), len(prefix))
	return string(b[:n]) == prefix[:n]
}

// decodeV1 understands a line, with its end.
func decodeV1(line string) (*Header, error) {
	line, ok := strings.CutSuffix(line, "\r\n")
	if !ok || strings.IndexByte(line, '\r') >= 0 {
		return nil, ErrLine
	}
	fields := strings.Split(line, " ")
	h := &Header{Version: 1}
	switch fields[1] {
	case "UNKNOWN":
		return h, nil
	case "TCP4":
		h.Protocol = TCP4
	case "TCP6":
		h.Protocol = TCP6
	default:
		return nil, ErrLine
	}
	if len(fields) != 6 {
		return nil, ErrLine
	}
	var okSource, okTarget bool
	h.Source, okSource = addressV1(fields[2], fields[4], h.Protocol)
	h.Target, okTarget = addressV1(fields[3], fields[5], h.Protocol)
	if !okSource || !okTarget {
		return nil, ErrLine
	}
	return h, nil
}

func addressV1(ip, port string, p Protocol) (netip.AddrPort, bool) {
	a, err := netip.ParseAddr(ip)
	if err != nil || a.Is4() == p.V6() || a.Zone() != "" {
		return netip.AddrPort{}, false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || len(port) > 1 && port[0] == '0' || port[0] == '+' {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(a, uint16(n)), true
}

// decodeV2 understands a whole header whose signature, version and command have been checked.
func decodeV2(b []byte) (*Header, error) {
	h := &Header{Version: 2, Local: b[12]&0xF == 0}
	p := bytes.IndexByte(families[:], b[13])
	switch {
	case p >= 0:
		h.Protocol = Protocol(p)
	case !h.Local: // the family of a local connection is to be ignored
		return nil, ErrFamily
	}
	size := addressSize(h.Protocol)
	rest := b[fixedV2:]
	if len(rest) < size {
		if h.Local {
			return h, nil
		}
		return nil, ErrShort
	}
	if !h.Local {
		h.addresses(rest[:size])
	}
	if p < 0 {
		return h, nil
	}
	err := h.fields(b, fixedV2+size)
	if err == ErrTLV && (h.Local || h.Protocol == Unknown) { // what follows may be anything
		h.TLVs, err = nil, nil
	}
	return h, err
}

func addressSize(p Protocol) int {
	switch p {
	case Unknown:
		return 0
	case TCP4, UDP4:
		return 2*4 + 2*2
	case TCP6, UDP6:
		return 2*16 + 2*2
	}
	return 2 * pathSize
}

func (h *Header) addresses(b []byte) {
	switch h.Protocol {
	case Unknown:
	case Unix, UnixDatagram:
		h.SourcePath, h.TargetPath = path(b[:pathSize]), path(b[pathSize:])
	default:
		n := (len(b) - 2*2) / 2
		source, _ := netip.AddrFromSlice(b[:n])
		target, _ := netip.AddrFromSlice(b[n : 2*n])
		h.Source = netip.AddrPortFrom(source, binary.BigEndian.Uint16(b[2*n:]))
		h.Target = netip.AddrPortFrom(target, binary.BigEndian.Uint16(b[2*n+2:]))
	}
}

// path reads the path of a Unix socket, which ends with a zero. That of an abstract one begins with one.
func path(b []byte) string {
	i := bytes.IndexByte(b[1:], 0)
	if i < 0 {
		return string(b)
	}
	if i == 0 && b[0] == 0 {
		return ""
	}
	return string(b[:i+1])
}

// fields reads the fields that begin at i.
func (h *Header) fields(b []byte, i int) error {
	for i < len(b) {
		if len(b) < i+3 {
			return ErrTLV
		}
		t, n := b[i], int(binary.BigEndian.Uint16(b[i+1:]))
		i += 3
		if len(b) < i+n {
			return ErrTLV
		}
		switch t {
		case typeNoop:
		case typeCRC32C:
			if n != crcLength || binary.BigEndian.Uint32(b[i:]) != checksum(b, i) {
				return ErrChecksum
			}
			h.Checksum = true
		default:
			h.TLVs = append(h.TLVs, TLV{t, bytes.Clone(b[i : i+n])})
		}
		i += n
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum computes the CRC32c of a header whose own place for it is at i: that counts as zero.
func checksum(b []byte, i int) uint32 {
	sum := crc32.Update(0, castagnoli, b[:i])
	sum = crc32.Update(sum, castagnoli, make([]byte, crcLength))
	return crc32.Update(sum, castagnoli, b[i+crcLength:])
}
