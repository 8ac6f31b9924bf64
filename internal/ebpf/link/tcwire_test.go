package link

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
)

// The bytes were written by hand from the layouts of struct nlmsghdr, tcmsg and nlattr (rtnetlink(7), linux/pkt_sched.h,
// linux/pkt_cls.h), for a little-endian machine. TestClassicTC has the kernel read the messages.
func TestTCMessages(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the bytes are for little-endian machines")
	}
	f := tcFilter{ifindex: 3, priority: 7, handle: 1}
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"qdisc", appendQdisc(nil, 3, 9), `
			30000000 2400 0506 09000000 00000000
			00000000 03000000 0000ffff f1ffffff 00000000
			0b00 0100 636c73616374 00 00`},
		{"filter", f.appendFilter(nil, 9, 5, "count", false), `
			4c000000 2c00 0506 09000000 00000000
			00000000 03000000 01000000 f2ffffff 00030700
			0800 0100 62706600
			2000 0200
			0800 0600 05000000
			0a00 0700 636f756e74 00 0000
			0800 0800 01000000`},
		{"exchange", f.appendFilter(nil, 9, 5, "xyz", true)[:16], `48000000 2c00 0501 09000000 00000000`},
		{"delete", tcFilter{3, true, 7, 1}.appendDelete(nil, 9), `
			2c000000 2d00 0500 09000000 00000000
			00000000 03000000 01000000 f3ffffff 00030700
			0800 0100 62706600`},
	} {
		want, err := hex.DecodeString(strings.Join(strings.Fields(c.want), ""))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(c.got, want) {
			t.Errorf("%s is\n%x, want\n%x", c.name, c.got, want)
		}
	}
}
