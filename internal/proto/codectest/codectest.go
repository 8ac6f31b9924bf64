// Package codectest checks decoders of messages: however their input is cut, the messages are the same.
package codectest

import (
	"fmt"
	"reflect"
	"testing"
)

// Decoder is a decoder of messages T with the method that returns a complete one.
type Decoder[T any] struct {
	Feed func(p []byte) (n int, done bool, err error)
	Get  func() T
}

// Decode feeds input in pieces that end at the given places, and at the end. Pieces are spoilt after use, as sockets'
// buffers are. It returns the messages and the error that stopped decoding, if any.
func Decode[T any](t testing.TB, d Decoder[T], input []byte, cuts ...int) (list []T, err error) {
	t.Helper()
	from := 0
	for _, to := range append(cuts, len(input)) {
		piece := append([]byte(nil), input[from:to]...)
		from = to
		for p := piece; len(p) > 0; {
			n, done, err := d.Feed(p)
			if n < 0 || n > len(p) || !done && err == nil && n != len(p) || done && err != nil {
				t.Fatalf("Feed returned %d, %v, %v for %d bytes", n, done, err, len(p))
			}
			if err != nil {
				return list, err
			}
			if done {
				list = append(list, d.Get())
			}
			p = p[n:]
		}
		for i := range piece {
			piece[i] = 0xDB
		}
	}
	return list, nil
}

// Cut decodes input in one piece, cut at every place, and byte by byte, and checks that it makes no difference. It returns
// the result. What Get returns must not share bytes with the input.
func Cut[T any](t testing.TB, make func() Decoder[T], input []byte) ([]T, error) {
	t.Helper()
	want, wantErr := Decode(t, make(), input)
	check := func(cuts ...int) {
		t.Helper()
		got, err := Decode(t, make(), input, cuts...)
		if !reflect.DeepEqual(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("input %.300q\ncut at %v: %v, %v\nuncut: %v, %v", input, cuts, got, err, want, wantErr)
		}
	}
	var all []int
	for i := 1; i < len(input); i++ {
		check(i)
		all = append(all, i)
	}
	check(all...)
	return want, wantErr
}
