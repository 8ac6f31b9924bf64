package stream

import (
	"bytes"
	"errors"
	"testing"
)

// parts returns a Data made of several slices.
func parts(ss ...string) *Data {
	d := new(Data)
	for _, s := range ss {
		d.Append([]byte(s))
	}
	return d
}

func TestShiftAndPop(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n                             int
		front, rest, tail, beforeTail string
	}{
		{-1, "", "abcdef", "", "abcdef"},
		{0, "", "abcdef", "", "abcdef"},
		{1, "a", "bcdef", "f", "abcde"},
		{2, "ab", "cdef", "ef", "abcd"},
		{3, "abc", "def", "def", "abc"},
		{5, "abcde", "f", "bcdef", "a"},
		{6, "abcdef", "", "abcdef", ""},
		{9, "abcdef", "", "abcdef", ""},
	} {
		d := parts("ab", "", "c", "def")
		if front := d.Shift(c.n); string(front.Bytes()) != c.front || string(d.Bytes()) != c.rest || d.Size() != len(c.rest) {
			t.Errorf("shift %d: %q and %q of size %d", c.n, front.Bytes(), d.Bytes(), d.Size())
		}
		d = parts("ab", "c", "def")
		if tail := d.Pop(c.n); string(tail.Bytes()) != c.tail || string(d.Bytes()) != c.beforeTail {
			t.Errorf("pop %d: %q and %q", c.n, tail.Bytes(), d.Bytes())
		}
		d = parts("ab", "c", "def")
		if d.Skip(c.n); string(d.Bytes()) != c.rest || d.Size() != len(c.rest) {
			t.Errorf("skip %d: %q", c.n, d.Bytes())
		}
	}
}

func TestPeek(t *testing.T) {
	t.Parallel()
	for n, want := range []string{"", "a", "ab", "abc", "abcd", "abcd"} {
		d, b := parts("ab", "c", "d"), make([]byte, n)
		if got := b[:d.Peek(b)]; string(got) != want || d.Size() != 4 {
			t.Errorf("%d: got %q", n, got)
		}
	}
}

func TestScan(t *testing.T) {
	t.Parallel()
	is := func(c byte) func(byte) (bool, error) { return func(b byte) (bool, error) { return b == c, nil } }
	not := func(c byte) func(byte) (bool, error) { return func(b byte) (bool, error) { return b != c, nil } }
	d := parts("ab", "cd", "ef")
	if got, _ := d.ShiftTo(is('d')); string(got.Bytes()) != "abcd" || string(d.Bytes()) != "ef" {
		t.Errorf("ShiftTo: %q, %q", got.Bytes(), d.Bytes())
	}
	if got, _ := d.ShiftTo(is('x')); string(got.Bytes()) != "ef" || !d.Empty() {
		t.Errorf("ShiftTo without a match: %q, %q", got.Bytes(), d.Bytes())
	}
	d = parts("ab", "cd", "ef")
	if got, _ := d.ShiftWhile(not('d')); string(got.Bytes()) != "abc" || string(d.Bytes()) != "def" {
		t.Errorf("ShiftWhile: %q, %q", got.Bytes(), d.Bytes())
	}
	fail := errors.New("no")
	failing := func(b byte) (bool, error) {
		if b == 'e' {
			return true, fail
		}
		return true, nil
	}
	if got, err := d.ShiftWhile(failing); err != fail || string(got.Bytes()) != "d" || string(d.Bytes()) != "ef" {
		t.Errorf("failing ShiftWhile: %q, %q, %v", got.Bytes(), d.Bytes(), err)
	}
	if got, err := d.ShiftTo(func(byte) (bool, error) { return false, fail }); err != fail || string(got.Bytes()) != "e" || string(d.Bytes()) != "f" {
		t.Errorf("failing ShiftTo: %q, %q, %v", got.Bytes(), d.Bytes(), err)
	}
}

// A Data that was cloned, cut or pushed elsewhere must not see what is written to the original afterwards.
func TestSharedBytesStay(t *testing.T) {
	t.Parallel()
	d := new(Data)
	d.Write([]byte("hello"))
	clone := d.Clone()
	other := parts("x")
	other.Push(d)
	head := d.Shift(2)
	d.Write([]byte(" world"))
	head.Write([]byte("!"))
	clone.Write([]byte("?"))
	for _, c := range []struct {
		d    *Data
		want string
	}{{d, "llo world"}, {head, "he!"}, {clone, "hello?"}, {other, "xhello"}} {
		if string(c.d.Bytes()) != c.want {
			t.Errorf("got %q, want %q", c.d.Bytes(), c.want)
		}
	}
}

func TestTransient(t *testing.T) {
	t.Parallel()
	buf := []byte("borrowed")
	d := NewTransient(buf)
	kept, shared, copied := NewTransient(buf).Own(), new(Data), new(Data)
	shared.Push(d)
	part := d.Shift(3)
	copied.PushOwned(part)
	if !shared.Transient() || !part.Transient() || !d.Transient() || kept.Transient() || copied.Transient() {
		t.Error("the flag does not follow the bytes")
	}
	shared.Own()
	copy(buf, "########")
	if string(kept.Bytes()) != "borrowed" || string(shared.Bytes()) != "borrowed" || string(copied.Bytes()) != "bor" {
		t.Errorf("kept %q, shared %q, copied %q", kept.Bytes(), shared.Bytes(), copied.Bytes())
	}
	if d.Clear(); d.Transient() {
		t.Error("an empty Data borrows nothing")
	}
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ enc, text, bytes string }{
		{"utf8", "é😀", "\xc3\xa9\xf0\x9f\x98\x80"},
		{"utf16be", "é😀", "\x00\xe9\xd8\x3d\xde\x00"},
		{"utf16le", "é😀", "\xe9\x00\x3d\xd8\x00\xde"},
		{"hex", "00ff7f", "\x00\xff\x7f"},
		{"base64", "aGk=", "hi"},
		{"base64", "", ""},
		{"base64url", "_-4", "\xff\xee"},
	} {
		enc, ok := EncodingByName(c.enc)
		if !ok {
			t.Fatal(c.enc)
		}
		d, err := Decode(c.text, enc)
		if err != nil || string(d.Bytes()) != c.bytes {
			t.Errorf("%s: decoded %q to %q, %v", c.enc, c.text, d.Bytes(), err)
		}
		if got := Encode([]byte(c.bytes), enc); got != c.text {
			t.Errorf("%s: encoded %q to %q", c.enc, c.bytes, got)
		}
	}
	for _, c := range []struct{ enc, text, err string }{
		{"hex", "abc", "incomplete hex string"},
		{"hex", "xy", "invalid hex encoding"},
		{"base64", "aGk", "incomplete Base64 string"},
		{"base64", "a*k=", "invalid Base64 encoding"},
		{"base64url", "aGk12", "incomplete Base64 encoding"},
		{"base64url", "aG==", "invalid Base64 encoding"},
	} {
		enc, _ := EncodingByName(c.enc)
		if _, err := Decode(c.text, enc); err == nil || err.Error() != c.err {
			t.Errorf("%s %q: %v, want %s", c.enc, c.text, err, c.err)
		}
	}
}

func TestErrorCodes(t *testing.T) {
	t.Parallel()
	for c := NoError + 1; c < numErrorCodes; c++ {
		if got, ok := ErrorCodeByName(c.String()); !ok || got != c {
			t.Errorf("%v is found as %v", c, got)
		}
	}
	for _, name := range []string{"", "Nonsense"} {
		if _, ok := ErrorCodeByName(name); ok {
			t.Errorf("%q is a code", name)
		}
	}
}

func TestMessageEvents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body *Data
		want string
	}{{nil, "MessageStart MessageEnd "}, {new(Data), "MessageStart MessageEnd "}, {parts("x"), "MessageStart Data MessageEnd "}} {
		got := ""
		(&Message{Body: c.body}).Events(func(e Event) { got += e.Kind().String() + " " })
		if got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// FuzzData plays a program of operations on a rope and on plain byte slices side by side.
func FuzzData(f *testing.F) {
	f.Add([]byte("\x00abc\x01\x02\x03\x04\x05\x06\x07"), []byte("hello world"))
	f.Fuzz(func(t *testing.T, program, text []byte) {
		d, want := new(Data), []byte{}
		other, wantOther := new(Data), []byte{}
		pick := func(n int) []byte {
			if len(text) == 0 {
				return nil
			}
			i := n % len(text)
			return text[i:min(len(text), i+n%7)]
		}
		for i := 0; i+1 < len(program) && i < 400; i += 2 {
			n := int(program[i+1])
			switch program[i] % 10 {
			case 0:
				d.Append(bytes.Clone(pick(n)))
				want = append(want, pick(n)...)
			case 1:
				d.Write(pick(n))
				want = append(want, pick(n)...)
			case 2:
				k := min(n%9, len(want))
				other.Push(d.Shift(k))
				wantOther = append(wantOther, want[:k]...)
				want = want[k:]
			case 3:
				k := min(n%9, len(want))
				other.Push(d.Pop(k))
				wantOther = append(wantOther, want[len(want)-k:]...)
				want = want[:len(want)-k]
			case 4:
				k := min(n%9, len(want))
				d.Skip(k)
				want = want[k:]
			case 5:
				d.Push(NewTransient(bytes.Clone(pick(n))))
				want = append(want, pick(n)...)
			case 6:
				d.Own()
			case 7:
				d.PushOwned(other)
				want = append(want, wantOther...)
				if len(want) > 1<<12 {
					return
				}
			case 8:
				c := d.Clone()
				c.Write([]byte("clone"))
			case 9:
				d, other = other, d
				want, wantOther = wantOther, want
			}
			want, wantOther = bytes.Clone(want), bytes.Clone(wantOther)
			for _, p := range []struct {
				d    *Data
				want []byte
			}{{d, want}, {other, wantOther}} {
				if !bytes.Equal(p.d.Bytes(), p.want) || p.d.Size() != len(p.want) || p.d.Empty() != (len(p.want) == 0) {
					t.Fatalf("after step %d: %q of size %d, want %q", i/2, p.d.Bytes(), p.d.Size(), p.want)
				}
				for _, s := range p.d.Segments() {
					if len(s) == 0 {
						t.Fatal("empty segment")
					}
				}
			}
		}
	})
}

func TestReborrow(t *testing.T) {
	t.Parallel()
	d := NewTransient([]byte("first"))
	part := d.Shift(2)
	if !d.Reborrow([]byte("second")) || string(d.Bytes()) != "second" || d.Size() != 6 || !d.Transient() || string(part.Bytes()) != "fi" {
		t.Errorf("%q of size %d, %q", d.Bytes(), d.Size(), part.Bytes())
	}
	d.Object = 1
	if d.Reborrow(nil) {
		t.Error("a script has it")
	}
	d.Object = 0
	if d.Own(); d.Reborrow([]byte("third")) || string(d.Bytes()) != "second" {
		t.Error("it owns its bytes")
	}
}
