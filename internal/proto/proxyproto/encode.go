package proxyproto

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
)

// AppendV1 appends a header of version 1. Addresses and ports are text, written as it is; without addresses nothing but
// the protocol is written.
func AppendV1(b []byte, p Protocol, source, target, sourcePort, targetPort string) ([]byte, error) {
	if p > TCP6 {
		return b, fmt.Errorf("version 1 of the PROXY protocol has no %s, use version 2", p)
	}
	begin := len(b)
	b = append(append(b, "PROXY "...), p.String()...)
	if p != Unknown || source != "" || target != "" {
		for _, s := range []string{source, target, sourcePort, targetPort} {
			if !printable(s) {
				return b[:begin], fmt.Errorf("version 1 of the PROXY protocol cannot have %q as an address or port", s)
			}
			b = append(append(b, ' '), s...)
		}
	}
	if b = append(b, "\r\n"...); len(b)-begin > maxV1 {
		return b[:begin], ErrLong
	}
	return b, nil
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7F {
			return false
		}
	}
	return s != ""
}

// AppendV2 appends a header of version 2. Addresses that are not valid, or not of the protocol's family, count as zero; an
// IPv4 address is written as an IPv6 one where the protocol asks for that.
func AppendV2(b []byte, h *Header) ([]byte, error) {
	begin := len(b)
	command := byte(0x21)
	if h.Local {
		command = 0x20
	}
	b = append(append(b, signature...), command, families[h.Protocol], 0, 0)
	switch h.Protocol {
	case Unknown:
	case Unix, UnixDatagram:
		if len(h.SourcePath) > pathSize || len(h.TargetPath) > pathSize {
			return b[:begin], errors.New("the path of a Unix socket is longer than 108 bytes")
		}
		var paths [2 * pathSize]byte
		copy(paths[:], h.SourcePath)
		copy(paths[pathSize:], h.TargetPath)
		b = append(b, paths[:]...)
	default:
		b = appendIP(b, h.Source.Addr(), h.Protocol)
		b = appendIP(b, h.Target.Addr(), h.Protocol)
		b = binary.BigEndian.AppendUint16(b, h.Source.Port())
		b = binary.BigEndian.AppendUint16(b, h.Target.Port())
	}
	for _, t := range h.TLVs {
		if len(t.Value) > math.MaxUint16 {
			return b[:begin], errTooMuch
		}
		b = binary.BigEndian.AppendUint16(append(b, t.Type), uint16(len(t.Value)))
		b = append(b, t.Value...)
	}
	crc := 0
	if h.Checksum {
		b = append(b, typeCRC32C, 0, crcLength)
		crc = len(b)
		b = append(b, make([]byte, crcLength)...)
	}
	size := len(b) - begin - fixedV2
	if size > math.MaxUint16 {
		return b[:begin], errTooMuch
	}
	binary.BigEndian.PutUint16(b[begin+fixedV2-2:], uint16(size))
	if h.Checksum {
		binary.BigEndian.PutUint32(b[crc:], checksum(b[begin:], crc-begin))
	}
	return b, nil
}

var errTooMuch = errors.New("the fields of a PROXY protocol header are larger than 64 KiB")

func appendIP(b []byte, a netip.Addr, p Protocol) []byte {
	if p.V6() {
		var ip [16]byte
		if a.IsValid() {
			ip = a.As16()
		}
		return append(b, ip[:]...)
	}
	var ip [4]byte
	if a = a.Unmap(); a.Is4() {
		ip = a.As4()
	}
	return append(b, ip[:]...)
}
