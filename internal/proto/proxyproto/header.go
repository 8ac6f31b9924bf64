package proxyproto

import "net/netip"

// Header is what a header says.
type Header struct {
	Version  int  // 1 or 2
	Local    bool // version 2: the proxy connects for itself; the header tells nothing about a client
	Protocol Protocol

	Source, Target         netip.AddrPort // of TCP and UDP
	SourcePath, TargetPath string         // of Unix sockets, version 2 only
	TLVs                   []TLV          // version 2 only
	Checksum               bool           // version 2: a CRC32c is or was in the header; it is not among the TLVs
}

// Protocol is what a client speaks with the proxy.
type Protocol uint8

// The protocols. Version 1 has the first three.
const (
	Unknown Protocol = iota
	TCP4
	TCP6
	UDP4
	UDP6
	Unix
	UnixDatagram
	numProtocols
)

var protocolNames = [numProtocols]string{"UNKNOWN", "TCP4", "TCP6", "UDP4", "UDP6", "UNIX", "UNIX_DGRAM"}

// families are the bytes of version 2 for the protocols: address family and transport.
var families = [numProtocols]byte{0x00, 0x11, 0x21, 0x12, 0x22, 0x31, 0x32}

// String returns the protocol's name.
func (p Protocol) String() string { return protocolNames[p] }

// ProtocolByName finds a protocol.
func ProtocolByName(name string) (Protocol, bool) {
	for i, n := range protocolNames {
		if n == name {
			return Protocol(i), true
		}
	}
	return Unknown, false
}

// V6 reports whether the addresses of a protocol are IPv6.
func (p Protocol) V6() bool { return p == TCP6 || p == UDP6 }

// TLV is a field that may follow the addresses in version 2.
type TLV struct {
	Type  uint8
	Value []byte
}

// Types of TLVs that the codec knows.
const (
	typeCRC32C = 0x03
	typeNoop   = 0x04
)

// signature begins a header of version 2.
const signature = "\r\n\r\n\x00\r\nQUIT\n"

const (
	maxV1     = 107 // bytes of the longest header of version 1, with its line end
	fixedV2   = 16  // bytes of version 2 before the addresses
	pathSize  = 108 // bytes for the path of a Unix socket
	crcLength = 4
)
