package filter

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// nlBytes is the wire form of a head.
func nlBytes(length uint32, typ, flags uint16, seq, pid uint32) []byte {
	b := binary.NativeEndian.AppendUint32(nil, length)
	b = binary.NativeEndian.AppendUint16(b, typ)
	b = binary.NativeEndian.AppendUint16(b, flags)
	b = binary.NativeEndian.AppendUint32(b, seq)
	return binary.NativeEndian.AppendUint32(b, pid)
}

// nlHead is the same in the notation of the events of these tests.
func nlHead(length uint32, typ, flags uint16, seq, pid uint32) string {
	var s strings.Builder
	for _, c := range nlBytes(length, typ, flags, seq, pid) {
		fmt.Fprintf(&s, `\x%02x`, c)
	}
	return s.String()
}

func TestNetlink(t *testing.T) {
	t.Parallel()
	start := func(typ, flags, seq, pid int) string {
		return fmt.Sprintf(`MessageStart{"type":%d,"flags":%d,"seq":%d,"pid":%d} `, typ, flags, seq, pid)
	}
	done := nlHead(16, 3, 2, 1, 0)
	five := nlHead(21, 16, 2, 1, 0)
	check(t, []flow{
		{"several in a datagram", `decodeNetlink()`, `D"` + nlHead(20, 16, 2, 7, 9) + `abcd` + done + done + `" .`,
			start(16, 2, 7, 9) + `Data"abcd" MessageEnd ` + strings.Repeat(start(3, 2, 1, 0)+`MessageEnd `, 2) + `StreamEnd`, ""},
		{"unsigned numbers", `decodeNetlink()`, `D"` + nlHead(16, 0xffff, 0x8000, 0xffffffff, 0x80000000) + `"`,
			start(65535, 32768, -1, -2147483648) + `MessageEnd`, ""},
		{"padding", `decodeNetlink()`, `D"` + five + `abcde\x00\x00\x00` + done + `"`,
			start(16, 2, 1, 0) + `Data"abcde" MessageEnd ` + start(3, 2, 1, 0) + `MessageEnd`, ""},
		{"no padding at the end", `decodeNetlink()`, `D"` + five + `abcde" | D"` + done + `"`,
			start(16, 2, 1, 0) + `Data"abcde" MessageEnd ` + start(3, 2, 1, 0) + `MessageEnd`, ""},
		{"half of the padding", `decodeNetlink()`, `D"` + five + `abcde\x00" | D"` + done + `"`,
			start(16, 2, 1, 0) + `Data"abcde" MessageEnd ` + start(3, 2, 1, 0) + `MessageEnd`, ""},
		{"in pieces", `decodeNetlink()`, `D"` + five[:12] + `" | D"` + five[12:] + `ab" | D"cde\x00\x00\x00` + done + `"`,
			start(16, 2, 1, 0) + `Data"ab" Data"cde" MessageEnd ` + start(3, 2, 1, 0) + `MessageEnd`, ""},
		{"other events", `decodeNetlink()`, `S D"` + done + `" E`, start(3, 2, 1, 0) + `MessageEnd`, ""},
		{"too short", `decodeNetlink()`, `D"` + nlHead(15, 5, 0, 0, 0) + done + `" | D"` + done + `" .`,
			start(5, 0, 0, 0) + `StreamEnd(ProtocolError) StreamEnd`, ""},
		{"again after the end", `decodeNetlink()`, `D"` + five + `a" . D"` + done + `"`,
			start(16, 2, 1, 0) + `Data"a" StreamEnd ` + start(3, 2, 1, 0) + `MessageEnd`, ""},
		{"there and back", `encodeNetlink().decodeNetlink()`,
			`D"lost" S{"type":18,"flags":769,"seq":1} D"ab" S D"cde" E{"t":1} D"lost" S{"type":-1,"flags":65537,"seq":4294967295,"pid":3000000000} E S D"x" E .`,
			start(18, 769, 1, 0) + `Data"abcde" MessageEnd ` + start(65535, 1, -1, -1294967296) + `MessageEnd ` +
				start(0, 0, 0, 0) + `Data"x" MessageEnd StreamEnd`, ""},
		{"too large to encode", `encodeNetlink({maxMessageSize: 3})`, `S{"type":1} D"abc" | D"d" E`,
			`MessageStart{"type":1} StreamEnd(Error: encodeNetlink() at line 1 column 30 in /main.js: message is larger than maxMessageSize)`, ""},
		{"one start, each its own head", `encodeNetlink()`, `S{"type":1} D"a" E S{"type":2} E`,
			`MessageStart{"type":1} Data"\x11\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00a" MessageEnd ` +
				`MessageStart{"type":2} Data"\x10\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" MessageEnd`, ""},
	})
}
