// Package fastcgi is FastCGI 1.0 (https://fastcgi-archives.github.io/FastCGI_Specification.html): bytes to records and back.
package fastcgi

import (
	"encoding/binary"
	"fmt"

	"weir/internal/proto/token"
	"weir/internal/stream"
)

// Type is the type of a record.
type Type uint8

// The types of records.
const (
	BeginRequest Type = iota + 1
	AbortRequest
	EndRequest
	Params
	Stdin
	Stdout
	Stderr
	Data
	GetValues
	GetValuesResult
	UnknownType
)

// The roles a request can ask for.
const (
	Responder = iota + 1
	Authorizer
	Filter
)

// The protocol statuses of EndRequest.
const (
	RequestComplete = iota
	CannotMultiplex
	Overloaded
	UnknownRole
)

// keepConn is the flag of BeginRequest that says that the connection is to stay.
const keepConn = 1

const (
	headerSize = 8
	// MaxContent is the most bytes a record has besides its header and padding; records in a row are full to here.
	MaxContent = 0xfff8
)

// Record is a record. Its content is borrowed from what was fed to the Decoder.
type Record struct {
	Type    Type
	ID      uint16
	Content []byte
}

// Decoder finds records in a stream of bytes. The zero Decoder is ready; it holds at most one record.
type Decoder struct {
	in     token.Reader
	record Record
}

// Feed takes bytes up to the end of a record. It returns how many it took, and whether the record is complete.
func (d *Decoder) Feed(p []byte) (n int, done bool) {
	d.in.Limit = headerSize + 0xffff + 0xff
	d.in.Begin()
	d.in.Feed(p)
	h, err := d.in.Need(headerSize)
	if err != nil {
		return len(p), false
	}
	size := headerSize + int(binary.BigEndian.Uint16(h[4:]))
	b, err := d.in.Take(size + int(h[6]))
	if err != nil {
		return len(p), false
	}
	d.record = Record{Type(b[1]), binary.BigEndian.Uint16(b[2:]), b[headerSize:size]}
	return len(p) - d.in.Rest(), true
}

// Record returns the complete record.
func (d *Decoder) Record() Record { return d.record }

// Reset drops an incomplete record.
func (d *Decoder) Reset() { *d = Decoder{} }

var padding [7]byte

// Append appends a record, padded to a multiple of 8 bytes. The content has at most 65535 bytes.
func Append(b []byte, t Type, id uint16, content []byte) []byte {
	b, pad := appendHeader(b, t, id, len(content))
	b = append(b, content...)
	return append(b, padding[:pad]...)
}

func appendHeader(b []byte, t Type, id uint16, size int) ([]byte, int) {
	pad := -size & 7
	return append(b, 1, byte(t), byte(id>>8), byte(id), byte(size>>8), byte(size), byte(pad), 0), pad
}

// PushStream adds the bytes of a stream such as Stdin to out, as records. No bytes are no record; the end of a stream is an
// empty one, which Append makes. d is used up.
func PushStream(out *stream.Data, t Type, id uint16, d *stream.Data) {
	for !d.Empty() {
		piece := d.Shift(MaxContent)
		h, pad := appendHeader(make([]byte, 0, headerSize), t, id, piece.Size())
		out.Append(h)
		out.Push(piece)
		out.Append(padding[:pad:pad])
	}
}

// AppendBegin appends BeginRequest.
func AppendBegin(b []byte, id uint16, role int, keepAlive bool) []byte {
	content := [8]byte{byte(role >> 8), byte(role)}
	if keepAlive {
		content[2] = keepConn
	}
	return Append(b, BeginRequest, id, content[:])
}

// ParseBegin reads the content of BeginRequest.
func ParseBegin(b []byte) (role int, keepAlive bool, err error) {
	if len(b) < 8 {
		return 0, false, fmt.Errorf("BEGIN_REQUEST has %d bytes instead of 8", len(b))
	}
	return int(b[0])<<8 | int(b[1]), b[2]&keepConn != 0, nil
}

// AppendEnd appends EndRequest.
func AppendEnd(b []byte, id uint16, appStatus uint32, protocolStatus byte) []byte {
	content := [8]byte{4: protocolStatus}
	binary.BigEndian.PutUint32(content[:], appStatus)
	return Append(b, EndRequest, id, content[:])
}

// ParseEnd reads the content of EndRequest.
func ParseEnd(b []byte) (appStatus uint32, protocolStatus byte, err error) {
	if len(b) < 8 {
		return 0, 0, fmt.Errorf("END_REQUEST has %d bytes instead of 8", len(b))
	}
	return binary.BigEndian.Uint32(b), b[4], nil
}
