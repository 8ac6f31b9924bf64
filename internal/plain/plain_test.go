package plain

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"testing"
)

type color uint8

func (color) EnumNames() []string { return []string{"", "red", "green"} }

type inner struct {
	N int `js:"n"`
}

func (i *inner) SetDefaults() { i.N = 7 }

type all struct {
	B      bool    `js:"b"`
	I      int     `js:"i"`
	U      uint64  `js:"u"`
	S      string  `js:"s"`
	P      *string `js:"p"`
	C      color   `js:"c"`
	In     *inner  `js:"in"`
	List   []inner `js:"list"`
	Any    any     `js:"any"`
	O      Object  `js:"o"`
	Hidden int
}

func TestAssign(t *testing.T) {
	t.Parallel()
	text := "x"
	got := all{I: 1, C: 2, P: &text, Hidden: 5}
	Assign(&got, Object{{"b", "yes"}, {"i", 4294967297.9}, {"u", uint64(math.MaxUint64)}, {"s", 1.5}, {"p", nil}, {"c", "blue"},
		{"in", Object{}}, {"list", []any{Object{{"n", "3"}}, "no", &Typed{Type: "t", Object: Object{{"n", true}}}}}, {"any", Int32(3)},
		{"o", []any{Object{}}}, {"other", 1.0}})
	want := all{B: true, I: 1, U: math.MaxUint64, S: "1.5", C: 2, In: &inner{7}, List: []inner{{3}, {1}}, Any: Int32(3), Hidden: 5}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	Assign(&got, Object{{"c", "red"}, {"in", "no"}, {"list", nil}, {"i", "x"}})
	if got.C != 1 || got.In != nil || got.List != nil || got.I != 0 {
		t.Errorf("got %+v", got)
	}
	Assign(&got, "no object")
	Assign(&got, &want)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("a copy is %+v", got)
	}
}

func TestConversions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x       any
		text    string
		integer uint64
		truth   bool
	}{
		{nil, "", 0, false},
		{Undefined{}, "", 0, false},
		{true, "true", 1, true},
		{"", "", 0, false},
		{" 12 ", " 12 ", 12, true},
		{"0x10", "0x10", 16, true},
		{1.5, "1.5", 1, true},
		{-1.0, "-1", math.MaxUint64, true},
		{1e21, "1e+21", 1e21 - 54*(1<<64), true},
		{1e-7, "1e-7", 0, true},
		{math.Copysign(0, -1), "0", 0, false},
		{math.NaN(), "NaN", 0, false},
		{math.Inf(-1), "-Infinity", 0, true},
		{math.Inf(1), "Infinity", 0, true},
		{Int32(-2), "-2", math.MaxUint64 - 1, true},
		{int64(math.MaxInt64), "9223372036854775807", math.MaxInt64, true},
		{uint64(math.MaxUint64), "18446744073709551615", math.MaxUint64, true},
		{big.NewInt(-1), "-1", math.MaxUint64, true},
		{errors.New("x"), "Error: x", 0, true},
		{[]any{1.0, nil, "a"}, "1,,a", 0, true},
		{Object{}, "[object Object]", 0, true},
	} {
		s, ok := Text(c.x)
		if _, undefined := c.x.(Undefined); ok == (c.x == nil || undefined) {
			t.Errorf("%v: it is a text: %v", c.x, ok)
		}
		if s != c.text || Integer(c.x) != c.integer || Bool(c.x) != c.truth {
			t.Errorf("%v: %q %d %v, want %q %d %v", c.x, s, Integer(c.x), Bool(c.x), c.text, c.integer, c.truth)
		}
	}
}

func TestBuilder(t *testing.T) {
	t.Parallel()
	var b Builder
	for i := range 100 {
		b.Set(fmt.Sprint(i%40), i)
	}
	if len(b.Object) != 40 || b.Find("39").Value != 79 || b.Find("5").Value != 85 || b.Find("x") != nil || b.Object[3].Name != "3" {
		t.Errorf("%v", b.Object)
	}
}
