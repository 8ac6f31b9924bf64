package hessian

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	dubbo "github.com/apache/dubbo-go-hessian2"

	"weir/internal/plain"
	"weir/internal/stream"
)

// car is an object both sides know.
type car struct {
	Color   string
	Doors   int32
	Mileage int64
	Price   float64
	Next    *car
}

// JavaClassName implements the interface of dubbo-go-hessian2.
func (car) JavaClassName() string { return "example.Car" }

func init() { dubbo.RegisterPOJO(&car{}) }

// TestInteropDecode reads what dubbo-go-hessian2 writes.
func TestInteropDecode(t *testing.T) {
	t.Parallel()
	chain := &car{"red", 3, 1 << 40, 12.5, nil}
	chain.Next = chain
	for _, c := range []struct {
		value any
		want  string
	}{
		{nil, "null"}, {true, "true"}, {int32(-16), "i-16"}, {int32(300000), "i300000"}, {int64(7), "l7"}, {int64(math.MaxInt64), "l9223372036854775807"},
		{0.0, "d0"}, {12.25, "d12.25"}, {-129.0, "d-129"}, {math.Pi, "d3.141592653589793"}, {"Grüße 😀", `"Grüße 😀"`},
		{strings.Repeat("ä", 70000), `"` + strings.Repeat("ä", 40) + `"`}, {[]byte{1, 2, 255}, "<0102ff>"},
		{time.UnixMilli(894621091000).UTC(), "1998-05-08T09:51:31Z"},
		{[]any{int32(1), "a", nil}, `list(i1 "a" null)`},
		{map[any]any{"k": int32(1)}, `map("k":i1)`},
		{chain, "object example.Car(color=\"red\" doors=i3 mileage=l1099511627776 price=d12.5 next=#0)"},
	} {
		e := dubbo.NewEncoder()
		if err := e.Encode(c.value); err != nil {
			t.Fatal(err)
		}
		values, err := Decode(e.Buffer())
		if err != nil || show(values) != c.want {
			t.Errorf("%.60v: %s, %v, want %s (%.80x)", c.value, show(values), err, c.want, e.Buffer())
		}
	}
}

// TestInteropEncode lets dubbo-go-hessian2 read what this package writes.
func TestInteropEncode(t *testing.T) {
	t.Parallel()
	name := "example.Car"
	object := &Collection{Kind: Object, Type: &name}
	object.Fields = []Field{{"color", "blue"}, {"doors", plain.Int32(5)}, {"mileage", int64(70000)}, {"price", 2.5}, {"next", object}}
	for _, c := range []struct{ value, want any }{
		{nil, nil}, {true, true}, {plain.Int32(47), int32(47)}, {plain.Int32(-300000), int32(-300000)}, {int64(7), int64(7)},
		{int64(1 << 20), int64(1 << 20)}, {int64(math.MinInt64), int64(math.MinInt64)}, {0.0, 0.0}, {-128.0, -128.0}, {32767.0, 32767.0}, {0.1, 0.1},
		{"Grüße", "Grüße"}, {strings.Repeat("ä", 70000), strings.Repeat("ä", 70000)}, {stream.NewString(strings.Repeat("x", 70000)), []byte(strings.Repeat("x", 70000))},
		{&Collection{Kind: List, Elements: []any{plain.Int32(1), "a", nil}}, []any{int32(1), "a", nil}},
		{&Collection{Kind: Map, Pairs: []Pair{{"k", plain.Int32(1)}}}, map[any]any{"k": int32(1)}},
	} {
		b, err := new(Encoder).Append(nil, c.value)
		if err != nil {
			t.Fatal(err)
		}
		got, err := dubbo.NewDecoder(b).Decode()
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%.60s: %.60v, %v", show(c.value), got, err)
		}
	}
	b, _ := new(Encoder).Append(nil, object)
	got, err := dubbo.NewDecoder(b).Decode()
	blue, ok := got.(*car)
	if err != nil || !ok || blue.Color != "blue" || blue.Doors != 5 || blue.Mileage != 70000 || blue.Price != 2.5 || blue.Next != blue {
		t.Errorf("%#v, %v", got, err)
	}
}
