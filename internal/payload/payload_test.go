package payload

import (
	"reflect"
	"testing"

	"weir/internal/event"
	"weir/internal/plain"
	"weir/internal/script/scripttest"
	"weir/internal/stream"
)

type color uint8

func (color) EnumNames() []string { return []string{"", "red", "green"} }

type inner struct {
	N int `js:"n"`
}

type head struct {
	Color  color        `js:"color"`
	Flag   bool         `js:"flag"`
	Count  int          `js:"count"`
	Text   string       `js:"text"`
	Name   *string      `js:"name"`
	Props  plain.Object `js:"props"`
	Inner  *inner       `js:"inner"`
	Data   *stream.Data `js:"data"`
	List   []any        `js:"list"`
	Inners []inner      `js:"inners"`
	Any    any          `js:"any"`

	hidden int
}

func sample() *head {
	name := "Zoë"
	return &head{Color: 2, Flag: true, Count: -5, Text: "hello", Name: &name, Inner: &inner{7}, List: []any{1.5, "x", nil, []any{}}, hidden: 9,
		Props: plain.Object{{Name: "a", Value: 1.0}, {Name: "b", Value: plain.Object{{Name: "c", Value: "d"}}}, {Name: "42", Value: true}}}
}

// simple is what can be told to be unchanged without reading all of it.
func simple() *head {
	h := sample()
	h.Props = h.Props[:2]
	return h
}

// look lets a script look at a decoded head, and returns what Read and Struct make of it.
func look(t *testing.T, h *head, src string) (decoded, changed any, out *head) {
	t.Helper()
	r, _ := scripttest.New(t, event.Namespace)
	v := Of(h)
	object := v.ScriptObject(r)
	if !r.Same(object, v.ScriptObject(r)) {
		t.Error("another object the second time")
	}
	if err := r.Set(r.Global(), "head", object); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run("main.js", src); err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	decoded, changed, err := Read(r, v)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	out, ok, err := Struct(r, v, head{Text: "default"})
	if err != nil || !ok {
		t.Fatalf("%s: %v %v", src, ok, err)
	}
	return decoded, changed, out
}

func TestShown(t *testing.T) {
	t.Parallel()
	r, _ := scripttest.New(t, event.Namespace)
	h := sample()
	h.Data = stream.NewString("bytes")
	h.Inners = []inner{{1}, {2}}
	if err := r.Set(r.Global(), "head", Of(h).ScriptObject(r)); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{`JSON.stringify(head)`, `{"color":"green","flag":true,"count":-5,"text":"hello","name":"Zoë","props":{"42":true,"a":1,"b":{"c":"d"}},"inner":{"n":7},` +
			`"data":{},"list":[1.5,"x",null,[]],"inners":[{"n":1},{"n":2}],"any":null}`},
		{`Object.keys({ ...head }).join()`, `color,flag,count,text,name,props,inner,data,list,inners,any`},
		{`[head.constructor === Object, Array.isArray(head.list), head.data instanceof Data]`, `true,true,true`},
		{`var n = []; for (var k in head.props) n.push(k); n.join()`, `42,a,b`},
		{`head.data.toString()`, `bytes`},
		{`delete head.flag; head.extra = 1; head.list.push(2); [head.flag, head.extra, head.list.length].join()`, `,1,5`},
	} {
		result, err := r.Run("main.js", c[0])
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := r.ToString(result.Value); got != c[1] {
			t.Errorf("%s\ngot  %s\nwant %s", c[0], got, c[1])
		}
	}
}

// What a script did not change is encoded as it was decoded, without being read.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	for _, src := range []string{``, `head.color`, `JSON.stringify(head)`, `({ ...head })`, `head.count = head.count`, `head.text = 'hel' + 'lo'`,
		`head.list[1] = 'x'`, `head.inner = head.inner`} {
		h := simple()
		decoded, changed, out := look(t, h, src)
		if decoded != any(h) || changed != nil || out != h {
			t.Errorf("%s: %v, changed to %v", src, decoded, changed)
		}
	}
}

// What a script changed is read, whatever it is.
func TestChanged(t *testing.T) {
	t.Parallel()
	for src, change := range map[string]func(h *head){
		`head.color = 'red'`:            func(h *head) { h.Color = 1 },
		`head.color = 1`:                func(h *head) { h.Color = 1 },
		`head.flag = false`:             func(h *head) { h.Flag = false },
		`head.count++`:                  func(h *head) { h.Count++ },
		`head.count = -4.5`:             func(h *head) { h.Count = -4 },
		`head.text += '!'`:              func(h *head) { h.Text += "!" },
		`head.text = 'jello'`:           func(h *head) { h.Text = "jello" },
		`delete head.text`:              func(h *head) { h.Text = "default" },
		`head.name = 'Zoe'`:             func(h *head) { s := "Zoe"; h.Name = &s },
		`head.name = undefined`:         func(h *head) { h.Name = nil },
		`head.props.a = 2`:              func(h *head) { h.Props[0].Value = 2.0 },
		`head.props.b.c = 'e'`:          func(h *head) { h.Props[1].Value = plain.Object{{Name: "c", Value: "e"}} },
		`head.props.z = 1`:              func(h *head) { h.Props = append(h.Props, plain.Field{Name: "z", Value: 1.0}) },
		`delete head.props.a`:           func(h *head) { h.Props = h.Props[1:] },
		`head.props = null`:             func(h *head) { h.Props = nil },
		`head.inner.n = 8`:              func(h *head) { h.Inner = &inner{8} },
		`head.inner = null`:             func(h *head) { h.Inner = nil },
		`head.data = new Data('x')`:     func(h *head) { h.Data = stream.NewString("x") },
		`head.list[0] = -1`:             func(h *head) { h.List[0] = -1.0 },
		`head.list.push('y')`:           func(h *head) { h.List = append(h.List, "y") },
		`head.list[3].push(1)`:          func(h *head) { h.List[3] = []any{1.0} },
		`head.list.pop()`:               func(h *head) { h.List = h.List[:3] },
		`head.list = [1.5,, 'x']`:       func(h *head) { h.List = []any{1.5, plain.Undefined{}, "x"} },
		`head.inners = [{ n: 3 }, 'x']`: func(h *head) { h.Inners = []inner{{3}} },
		`head.any = [1]`:                func(h *head) { h.Any = []any{1.0} },
		`Object.defineProperty(head, 'count', { get: () => 11 })`:                               func(h *head) { h.Count = 11 },
		`head.extra = 1; var c = head.count; delete head.count; head.count = c; head.flag = 0`:  func(h *head) { h.Flag = false },
		`var t = head.text; delete head.text; head.text = t; head.count = 1e9`:                  func(h *head) { h.Count = 1e9 },
		`Object.setPrototypeOf(head, { count: 3 }); delete head.count; head.own = 1; head.flag`: func(h *head) { h.Count = 0 },
		`head.list = Object.assign([1.5, 'x'], { type: 'push' })`:                               func(h *head) { h.List = []any{1.5, "x"} },
		`head.list = new (class extends Array {})(); head.list.push(3)`:                         func(h *head) { h.List = []any{3.0} },
		`head.list = [{ get a() { head.list.length = 1; return 5 } }, 2, 3]`:                    func(h *head) { h.List = []any{plain.Object{{Name: "a", Value: 5.0}}} },
	} {
		h, want := simple(), simple()
		change(want)
		decoded, changed, out := look(t, h, src)
		if decoded != any(h) || changed == nil {
			t.Errorf("%s: taken as unchanged", src)
			continue
		}
		if !reflect.DeepEqual(normal(out), normal(want)) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", src, normal(out), normal(want))
		}
	}
}

// normal replaces what has no equal.
func normal(h *head) head {
	n := *h
	if n.Data != nil {
		n.Data = stream.NewString(string(n.Data.Bytes()))
	}
	return n
}

// Objects that are in many places are no reason to work for ever.
func TestManyPlaces(t *testing.T) {
	t.Parallel()
	r, _ := scripttest.New(t, event.Namespace)
	result, err := r.Run("main.js", `var o = 1; for (var i = 0; i < 40; i++) o = i % 2 ? [o, o] : { a: o, b: o }; o`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&reader{r, 1000}).read(result.Value, 0); err == nil || err.Error() != "a value consists of more than 4194304 values" {
		t.Errorf("the error is %v", err)
	}
}

func BenchmarkHead(b *testing.B) {
	r, _ := scripttest.New(b, event.Namespace)
	for b.Loop() {
		v := Of(simple())
		v.ScriptObject(r)
		if _, changed, err := Read(r, v); changed != nil || err != nil {
			b.Fatal(changed, err)
		}
		v.ref.Free()
		r.EndTurn()
	}
}
