package token

import "testing"

// Tokens are the same however the input is cut.
func TestReader(t *testing.T) {
	t.Parallel()
	const in = "ab\xac\x02line\nrest"
	for cut := range len(in) {
		r := Reader{Limit: 100}
		r.Begin()
		var got []string
		step := 0
		for _, piece := range []string{in[:cut], in[cut:]} {
			p := []byte(piece)
			r.Feed(p)
			for step < 4 {
				var b []byte
				var err error
				switch step {
				case 0:
					b, err = r.Take(2)
				case 1:
					var v uint64
					var end int
					if v, end, err = r.Uvarint(0); err == nil {
						r.Skip(end)
						b = []byte{byte(v), byte(v >> 8)}
					}
				case 2:
					b, err = r.Line()
				case 3:
					b, err = r.Take(4)
				}
				if err == ErrMore {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(b))
				step++
			}
			for i := range p { // a piece is not used any more once it is used up
				p[i] = 'X'
			}
		}
		if len(got) != 4 || got[0] != "ab" || got[1] != "\x2c\x01" || got[2] != "line\n" || got[3] != "rest" || r.Taken() != len(in) || r.Rest() != 0 {
			t.Errorf("cut at %d: %q, %d bytes taken, %d left", cut, got, r.Taken(), r.Rest())
		}
	}
}

func TestReaderLimit(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(r *Reader) error{
		"token":  func(r *Reader) error { _, err := r.Need(11); return err },
		"charge": func(r *Reader) error { r.Skip(5); return r.Charge(6) },
		"line":   func(r *Reader) error { _, err := r.Line(); return err },
		"negative": func(r *Reader) error {
			_, err := r.Need(-1)
			return err
		},
	} {
		r := &Reader{Limit: 10}
		r.Begin()
		r.Feed([]byte("0123456789abcdef"))
		if err := f(r); err != ErrTooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := Reader{Limit: 100}
	r.Feed([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))
	if _, _, err := r.Uvarint(0); err != ErrVarint {
		t.Error(err)
	}
}
