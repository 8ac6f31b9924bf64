package stun

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net/netip"
	"testing"

	"weir/internal/proto/codectest"
)

const id = "b7e7a701bc34d686fa87dfae"

// The messages of RFC 5769 sections 2.1 to 2.3.
const (
	sampleRequest = "00010058 2112a442 " + id + "80220010 5354554e207465737420636c69656e74 00240004 6e0001ff" +
		"80290008 932ff9b151263b36 00060009 6576746a3a68367659202020 00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 80280004 e57a3bcf"
	sampleIPv4 = "0101003c 2112a442 " + id + "8022000b 7465737420766563746f7220 00200008 0001a147e112a643" +
		"00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96"
	sampleIPv6 = "01010048 2112a442 " + id + "8022000b 7465737420766563746f7220 00200014 0002a147 0113a9faa5d3f179bc25f4b5bed2b9d9" +
		"00080014 a382954e4be67bf11784c97c8292c275bfe3ed41 80280004 c8fb0b4c"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, address string
		err         error
	}{
		{sampleRequest, "", nil},
		{sampleIPv4, "192.0.2.1:32853", nil},
		{sampleIPv6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853", nil},
		{"0101000c 2112a442" + id + "00010008 00010050 01020304", "1.2.3.4:80", nil},
		{"01010018 2112a442" + id + "00010008 00010050 01020304 00200008 0001a147e112a643", "1.2.3.4:80", nil},
		{"01010018 2112a442" + id + "00200008 0001a147e112a643 00010008 00010050 01020304", "192.0.2.1:32853", nil},
		{"0001000c 2112a442" + id + "00010008 00010050 01020304", "", nil}, // a request has no mapped address
		{"01010000 2112a442" + id + "00010008", "", nil},
		{"", "", ErrShort},
		{"00010000 2112a442" + id[2:], "", ErrShort},
		{"01110000 2112a442" + id, "", ErrType},
		{"00110000 2112a442" + id, "", ErrType},
		{"00010000 2112a443" + id, "", ErrCookie},
		{"00010004 2112a442" + id, "", ErrLength},
		{"01010003 2112a442" + id + "000100", "", ErrAttribute},
		{"01010004 2112a442" + id + "00010008", "", ErrAttribute},
		{"01010008 2112a442" + id + "00010004 00010050", "", ErrAttribute},
		{"0101000c 2112a442" + id + "00010008 00020050 01020304", "", ErrAttribute},
		{"0101000c 2112a442" + id + "00010008 00030050 01020304", "", ErrAttribute},
		{"01010004 2112a442" + id + "00200000", "", ErrAttribute},
	} {
		m, err := Parse(codectest.Unhex(t, c.in))
		if !errors.Is(err, c.err) {
			t.Errorf("%s: got %v, want %v", c.in, err, c.err)
		}
		got := ""
		if m.MappedAddress.IsValid() {
			got = m.MappedAddress.String()
		}
		if got != c.address || err == nil && hex.EncodeToString(m.TransactionID[:]) != id {
			t.Errorf("%s: got %q of %x, want %q", c.in, got, m.TransactionID, c.address)
		}
	}
}

// TestLongTerm reads the message of RFC 5769 section 2.4, whose attributes are those of a password's user.
func TestLongTerm(t *testing.T) {
	t.Parallel()
	in := codectest.Unhex(t, "00010060 2112a442 78ad3433c6ad72c029da412e 00060012 e3839ee38388e383aae38383e382afe382b90000"+
		"0015001c 662f2f3439396b3935346436 4f4c33346f4c394653547679363473 41 0014000b 6578616d706c652e6f726700 00080014 f67024656dd64a3e02b8e0712e85c9a28ca89666")
	m, err := Parse(in)
	if err != nil || m.Type != BindingRequest || hex.EncodeToString(m.TransactionID[:]) != "78ad3433c6ad72c029da412e" || m.MappedAddress.IsValid() {
		t.Errorf("%+v, %v", m, err)
	}
	for n := range in {
		if _, err := Parse(in[:n]); err == nil {
			t.Errorf("%d of %d bytes are taken", n, len(in))
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, s := range []string{sampleRequest, sampleIPv4, sampleIPv6} {
		whole := codectest.Unhex(t, s)
		for n := range whole {
			if _, err := Parse(whole[:n]); err == nil {
				t.Errorf("%d of %d bytes are taken", n, len(whole))
			}
		}
	}
}

func TestAppend(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		sampleRequest: "00010000 2112a442" + id,
		sampleIPv4:    "0101000c 2112a442" + id + "00200008 0001a147e112a643",
		sampleIPv6:    "01010018 2112a442" + id + "00200014 0002a147 0113a9faa5d3f179bc25f4b5bed2b9d9",
	} {
		m, err := Parse(codectest.Unhex(t, in))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Append([]byte("x")); !bytes.Equal(got, append([]byte("x"), codectest.Unhex(t, want)...)) {
			t.Errorf("got %x, want %s", got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{sampleRequest, sampleIPv4, sampleIPv6} {
		f.Add(codectest.Unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		again, err := Parse(m.Append(nil))
		if err != nil || again != m {
			t.Errorf("%x: %v became %v, %v", b, m, again, err)
		}
		if m.MappedAddress != (netip.AddrPort{}) && m.Type != BindingResponse {
			t.Error("a request has a mapped address")
		}
	})
}
