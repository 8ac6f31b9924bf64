package netlink

import (
	"encoding/binary"
	"reflect"
	"testing"
)

// raw is a head as the kernel lays it out.
func raw(length uint32, typ, flags uint16, seq, pid uint32) []byte {
	b := binary.NativeEndian.AppendUint32(nil, length)
	b = binary.NativeEndian.AppendUint16(b, typ)
	b = binary.NativeEndian.AppendUint16(b, flags)
	b = binary.NativeEndian.AppendUint32(b, seq)
	return binary.NativeEndian.AppendUint32(b, pid)
}

func TestHead(t *testing.T) {
	for _, c := range []struct {
		name string
		wire []byte
		head Head
		size int
	}{
		{"RTM_GETLINK dump", raw(32, 18, 0x301, 7, 0), Head{18, 0x301, 7, 0}, 16},
		{"no body", raw(16, 3, 2, 1, 1), Head{3, 2, 1, 1}, 0},
		{"highest numbers", raw(17, 0xffff, 0xffff, 0xffffffff, 0x80000000), Head{0xffff, 0xffff, -1, -1 << 31}, 1},
	} {
		h, size, err := Parse(c.wire)
		if err != nil || *h != c.head || size != c.size {
			t.Errorf("%s: Parse: %+v, %d, %v", c.name, h, size, err)
		}
		if got := Append(nil, &c.head, c.size); !reflect.DeepEqual(got, c.wire) {
			t.Errorf("%s: Append: % x, want % x", c.name, got, c.wire)
		}
	}
	got := Append(nil, &Head{Type: 0x12345, Flags: -1, Seq: 1<<32 + 5, PID: 3000000000}, 4)
	if want := raw(20, 0x2345, 0xffff, 5, 3000000000); !reflect.DeepEqual(got, want) {
		t.Errorf("large numbers: % x, want % x", got, want)
	}
	if h, _, err := Parse(raw(15, 3, 0, 9, 0)); err == nil || h.Seq != 9 {
		t.Errorf("too short: %+v, %v", h, err)
	}
}

func TestPadding(t *testing.T) {
	for size, want := range []int{0, 3, 2, 1, 0, 3} {
		if got := Padding(size); got != want {
			t.Errorf("Padding(%d) = %d, want %d", size, got, want)
		}
	}
}

func TestParseAddr(t *testing.T) {
	for _, c := range []struct {
		text string
		want Addr
		err  string
	}{
		{"pid=0;groups=0", Addr{}, ""},
		{"pid=12;groups=1029", Addr{12, 1029}, ""},
		{" groups = 5 ; pid=7 ", Addr{7, 5}, ""},
		{"groups=4294967295", Addr{0, 0xffffffff}, ""},
		{"pid=-1", Addr{0xffffffff, 0}, ""},
		{"pid=1;;groups=x", Addr{1, 0}, ""},
		{"pid=1;;nonsense", Addr{1, 0}, ""},
		{"pid=12abc", Addr{12, 0}, ""},
		{"groups=0x10", Addr{}, ""},
		{"pid", Addr{}, ""},
		{"", Addr{}, ""},
		{"port=1", Addr{}, "invalid address field for Netlink: port"},
		{"pid=1;group=2", Addr{}, "invalid address field for Netlink: group"},
		{"localhost:80", Addr{}, "invalid address field for Netlink: localhost:80"},
	} {
		got, err := ParseAddr(c.text)
		msg := ""
		if err != nil {
			msg = err.Error()
		}
		if got != c.want || msg != c.err {
			t.Errorf("%q: %+v, %v", c.text, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(raw(32, 18, 0x301, 7, 0))
	f.Add(raw(0, 0, 0, 0, 0xffffffff))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < HeadSize {
			return
		}
		h, size, err := Parse(b)
		if err != nil {
			if size != 0 {
				t.Fatalf("size %d with %v", size, err)
			}
			return
		}
		if got := Append(nil, h, size); !reflect.DeepEqual(got, b[:HeadSize]) {
			t.Fatalf("% x became % x", b[:HeadSize], got)
		}
	})
}

func FuzzParseAddr(f *testing.F) {
	f.Add("pid=0;groups=1")
	f.Add(" groups = -5 ;; pid=7x")
	f.Fuzz(func(t *testing.T, s string) {
		if a, err := ParseAddr(s); err != nil && a != (Addr{}) {
			t.Fatalf("%q: %+v with %v", s, a, err)
		}
	})
}
