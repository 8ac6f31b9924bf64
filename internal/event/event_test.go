package event

import (
	"errors"
	"testing"

	"weir/internal/script"
	"weir/internal/script/scripttest"
	"weir/internal/stream"
)

func TestClasses(t *testing.T) {
	t.Parallel()
	const show = `
		var text = v => v === undefined ? 'undefined' : v === null ? 'null' : v instanceof Data ? 'Data:' + v.toString() : typeof v === 'object' ? JSON.stringify(v) : String(v)
		var fail = f => { try { return text(f()) } catch (e) { return e.message } }
		`
	for _, c := range []struct{ src, want string }{
		// Data
		{`new Data().size`, `0`},
		{`new Data('é').toString('hex')`, `c3a9`},
		{`new Data([1, 256, -1, '7', 1.9]).toArray()`, `1,0,255,7,1`},
		{`var d = new Data('abc'), e = new Data(d); e.push('d'); d.toString() + e.toString()`, `abcabcd`},
		{`new Data('6869', 'hex').toString()`, `hi`},
		{`fail(() => new Data('zz', 'hex'))`, `invalid hex encoding`},
		{`fail(() => new Data('a', 'utf7'))`, `argument #2 has an invalid enum value`},
		{`fail(() => new Data('a', undefined))`, `argument #2 expects a string`},
		{`fail(() => new Data(5)) + '|' + fail(() => new Data(null))`, `argument #1 expects a string, an array or a Data|argument #1 expects a string, an array or a Data`},
		{`text(Data.from('abc', 'hex')) + text(Data.from('abcd', 'hex').size)`, `null2`},
		{`var d = new Data('abcdef'); [d.shift(2), d.pop(1), d].map(text).join()`, `Data:ab,Data:f,Data:cde`},
		{`var d = new Data('abcdef'); [d.shiftTo(b => b === 99), d.shiftWhile(b => b < 101), d].map(text).join()`, `Data:abc,Data:d,Data:ef`},
		{`var d = new Data([200, 1]), seen; d.shiftWhile(b => { seen = b }); seen`, `200`},
		{`fail(() => new Data('a').shiftTo(() => { throw new Error('no') }))`, `no`},
		{`fail(() => new Data('a').push(5))`, `argument #1 expects a Data or a string`},
		{`var d = new Data('ab'); d.push(d).size`, `2`},
		{`text(new Data([0xff, 0x41]).toString()) + text(new Data([0x41, 0xc3]).toString().length)`, `undefined2`},
		{`JSON.stringify(new Data('x')) + new Data('x').type + ('' + new Data('y'))`, `{}Datay`},
		// events
		{`var e = new MessageStart({ a: 1 }); e.head.a = 2; e.extra = 3; e.head = 5; [e.type, e.head.a, e.extra, e instanceof MessageStart].join()`, `MessageStart,2,3,true`},
		{`text(new MessageStart().head) + fail(() => new MessageStart(5))`, `nullargument #1 expects an object`},
		{`var e = new MessageEnd({ t: 1 }, 'p'); [e.type, e.tail.t, e.payload].join() + text(new MessageEnd().payload)`, `MessageEnd,1,pundefined`},
		{`[new StreamEnd().error, new StreamEnd('ReadError').error, new StreamEnd('').error, new StreamEnd(null).error, new StreamEnd('own').error].map(text).join('|')`, `undefined|ReadError||null|own`},
		// Message
		{`[new Message().head, new Message('b').body, new Message(new Data('d')).body, new Message({ h: 1 }).head].map(text).join('|')`, `null|Data:b|Data:d|{"h":1}`},
		{`var m = new Message({ h: 1 }, 'b', { t: 2 }); [m.head, m.body, m.tail, m.payload].map(text).join('|')`, `{"h":1}|Data:b|{"t":2}|undefined`},
		{`var m = new Message(null, { p: 1 }); [m.head, m.body, m.payload].map(text).join('|')`, `null|null|{"p":1}`},
		{`var m = new Message({}, null); [m.body, m.payload].map(text).join('|')`, `null|undefined`},
		{`fail(() => new Message(5)) + '|' + fail(() => new Message(5, 'x')) + '|' + fail(() => new Message(1, 2, 3, 4))`,
			`argument #1 expects a string or an object|argument #1 expects an instance of Object|requires 0 to 3 arguments`},
		{`var m = new Message('b'); m.body === m.body && m.type === undefined`, `true`},
	} {
		if got := scripttest.Run(t, []*script.Namespace{Namespace}, show+c.src); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestEach(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		src, want    string
		ok, isStatic bool
	}{
		{`undefined`, ``, true, false},
		{`null`, ``, true, false},
		{`new Data('x')`, `Data `, true, true},
		{`new Message('x')`, `MessageStart Data MessageEnd `, true, true},
		{`[new MessageStart, null, new Message({}), undefined, , new StreamEnd]`, `MessageStart MessageStart MessageEnd StreamEnd `, true, false},
		{`[new MessageStart, new StreamEnd]`, `MessageStart StreamEnd `, true, true},
		{`[new MessageStart, 5, new StreamEnd]`, `MessageStart `, false, false},
		{`[new MessageStart, [new StreamEnd]]`, `MessageStart `, false, false},
		{`5`, ``, false, false},
		{`({})`, ``, false, false},
	} {
		r, _ := scripttest.New(t, Namespace)
		res, err := r.Run("/main.js", c.src)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if ok := Each(r, res.Value, func(e stream.Event) { got += e.Kind().String() + " " }); ok != c.ok || got != c.want {
			t.Errorf("%s: %v %q", c.src, ok, got)
		}
		if IsStatic(r, res.Value) != c.isStatic {
			t.Errorf("%s: static is %v", c.src, !c.isStatic)
		}
	}
}

// The same event is the same object as long as a script has it, and its bytes outlive the turn only then.
func TestIdentity(t *testing.T) {
	t.Parallel()
	r, _ := scripttest.New(t, Namespace)
	res, err := r.Run("/main.js", `var kept = []; (d, keep) => { keep && kept.push(d); d.seen = (d.seen || 0) + 1; return kept.length ? d.seen + kept[0].toString() : d.seen }`)
	if err != nil {
		t.Fatal(err)
	}
	f := r.Hold(res.Value)
	look := func(d *stream.Data, keep bool) string {
		v, err := r.Call(f.Value(), NewData(r, d), script.Bool(keep))
		if err != nil {
			t.Fatal(err)
		}
		s, _ := r.ToString(v)
		return s
	}
	buf := []byte("first")
	d := stream.NewTransient(buf)
	if look(d, false); look(d, false) != "2" {
		t.Error("another object within the turn")
	}
	r.EndTurn()
	if !d.Transient() || d.Object != 0 {
		t.Error("bytes were copied for nobody")
	}
	look(d, true)
	r.EndTurn()
	copy(buf, "#####")
	if got := look(d, false); got != "2first" || d.Transient() {
		t.Errorf("got %s of what a script kept", got)
	}
}

func TestFailure(t *testing.T) {
	t.Parallel()
	r, _ := scripttest.New(t, Namespace)
	for _, c := range []struct{ src, want string }{{`throw new TypeError('bad')`, "bad"}, {`throw 'text'`, "text"}} {
		_, err := r.Run("/"+c.want+".js", c.src)
		v := ErrorOf(r, Failure(r, err))
		m, _ := r.Get(v, "message")
		if s, _ := r.AsString(m); !r.IsError(v) || s != c.want {
			t.Errorf("%s: message %q", c.src, s)
		}
	}
	if v := ErrorOf(r, &stream.StreamEnd{Code: stream.WriteError, Err: errors.New("own")}); !r.IsError(v) {
		t.Error("a Go error is no Error")
	}
}
