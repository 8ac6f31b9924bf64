package xml_test

import (
	"strings"
	"testing"

	"weir/internal/api/xml"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

const prelude = `function fails(f) { try { f(); return 'no error' } catch (e) { return e.message } };
	function tree(n) { return n === null ? null : typeof n === 'string' ? n : [n.name, n.attributes, n.children.map(tree)] };
	var p = s => JSON.stringify(tree(XML.parse(s))), d = (s, e) => JSON.stringify(tree(XML.decode(new Data(s, e))));
	var N = (...a) => new XML.Node(...a), doc = e => N('', null, [e]);
	`

func TestParse(t *testing.T) {
	t.Parallel()
	run(t, [][2]string{
		{`p('<?xml version="1.0"?><a x="1" y="&lt;&#65;"> <b/>t</a>')`, `["",{},[["a",{"x":"1","y":"<A"},[" ",["b",null,[]],"t"]]]]`},
		{`p('<a>a\nb&amp;c</a>')`, `["",{},[["a",null,["a","\n","b","&","c"]]]]`},
		{`p('<a>x<![CDATA[<y>\n]]>z&#x41;</a>')`, `["",{},[["a",null,["x","<y>","\n","z","A"]]]]`},
		{`p('<a>x\r\ny\rz</a>')`, `["",{},[["a",null,["x","\n","y","\n","z"]]]]`},
		{`p('<n:a xmlns:n="u" n:b="1"/>')`, `["",{},[["n:a",{"xmlns:n":"u","n:b":"1"},[]]]]`},
		{`p('<!-- c --><?pi x?><!DOCTYPE a [<!ENTITY e "ex"><!ENTITY f "&e;&e;">]><a q="&f;">&e;<!-- c --><?pi?>&f;</a>\n')`, `["",{},[["a",{"q":"exex"},["ex","ex","ex"]]]]`},
		{`p('<!DOCTYPE a [<!ENTITY e "1<b>2&f;</b>\n"><!ENTITY f "<c x=\'&g;\'/>"><!ENTITY g "&#38;lt;">]><a>0&e;</a>')`,
			`["",{},[["a",null,["0","1",["b",null,["2",["c",{"x":"<"},[]]]],"\n"]]]]`},
		// Appendix D of the XML specification.
		{`p('<!DOCTYPE p [<!ENTITY example "<p>An ampersand (&#38;#38;) may be escaped numerically (&#38;#38;#38;) or with a general entity (&amp;amp;).</p>">]><x>&example;</x>')`,
			`["",{},[["x",null,[["p",null,["An ampersand (","&",") may be escaped numerically (","&","#38;) or with a general entity (","&","amp;)."]]]]]]`},
		{`p('<a x="1\n2\t3&#10;&#9;4"\n y=\'"\'/>')`, `["",{},[["a",{"x":"1 2 3\n\t4","y":"\""},[]]]]`},
		{`p('<!DOCTYPE a [<!ENTITY unused "&none;"><!ENTITY amp "&#38;#38;">]><a>&amp;</a>')`, `["",{},[["a",null,["&"]]]]`},
		{`d('<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe9</a>'.split('').map(c => c.charCodeAt(0)))`, `["",{},[["a",null,["é"]]]]`},
		{`d('feff003c0061002f003e', 'hex')`, `["",{},[["a",null,[]]]]`},
		{`d('fffe3c0061003e003dd800de3c002f0061003e00', 'hex')`, `["",{},[["a",null,["😀"]]]]`},
		{`d('efbbbf3c612f3e', 'hex')`, `["",{},[["a",null,[]]]]`},
		{`XML.decode(null)`, `null`},
		{`Object.keys(XML.parse('<a/>')).join() + JSON.stringify(XML.parse('<a/>'))`, `{}`},
	})
	for _, bad := range []string{"", " ", "x", "<a>", "</a>", "<a></b>", "<a/><b/>", "<a/>x", "x<a/>", "<a x=1/>", "<a x='1' x='2'/>", "<a x='<'/>",
		"<a>&none;</a>", "<a>&#0;</a>", "<a>&#x110000;</a>", "<a>& </a>", "<a>]]></a>", "<a", "<![CDATA[x]]>", "<a/><!DOCTYPE a>", "<!DOCTYPE a><!DOCTYPE a><a/>",
		" <?xml version='1.0'?><a/>", "<?xml version='1.0' encoding='KOI8-R'?><a/>", "<?xml version='1.0' encoding='US-ASCII'?><a>é</a>", "<!DOCTYPE a [<!ENTITY e '&f;'>]><a>&e;</a>",
		"<!DOCTYPE a [<!ENTITY e '&f;'><!ENTITY f '&e;'>]><a>&e;</a>", "<!DOCTYPE a [<!ENTITY e '&e;'>]><a x='&e;'/>", "<!DOCTYPE a [<!ENTITY e '<b>'>]><a>&e;</b></a>",
		"<!DOCTYPE a [<!ENTITY e '</a><a>'>]><a>&e;</a>", "<!DOCTYPE a [<!ENTITY e '<b/>'>]><a x='&e;'/>", "<!DOCTYPE a [<!ENTITY e 'x & y'>]><a>&e;</a>",
		"<a x='1'y='2'/>", "<a x='1'y ='2'/>", "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><a>&e;</a>", "<!DOCTYPE a [<!ENTITY e '<!DOCTYPE b>'>]><a>&e;</a>",
		strings.Repeat("<a>", 20000) + strings.Repeat("</a>", 20000)} {
		r, _ := scripttest.New(t, event.Namespace, xml.Namespace)
		if v := xml.Parse(r, []byte(bad)); !v.IsNull() {
			t.Errorf("%.40q is taken", bad)
		}
	}
}

// Entities of entities cannot fill the memory.
func TestExpansion(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`<!DOCTYPE a [<!ENTITY a0 "0123456789">`)
	for i := 1; i < 9; i++ {
		b.WriteString(`<!ENTITY a` + string(rune('0'+i)) + ` "` + strings.Repeat(`&a`+string(rune('0'+i-1))+`;`, 10) + `">`)
	}
	r, _ := scripttest.New(t, event.Namespace, xml.Namespace)
	for _, body := range []string{"]><a>&a8;</a>", `]><a x="&a8;"/>`} {
		if v := xml.Parse(r, []byte(b.String()+body)); !v.IsNull() {
			t.Error("a document of a gigabyte is taken")
		}
	}
	many := `<!DOCTYPE a [<!ENTITY b "` + strings.Repeat("x", 1<<16) + `">]><a>` + strings.Repeat("&b;", 1<<16) + "</a>"
	if v := xml.Parse(r, []byte(many)); !v.IsNull() {
		t.Error("a document of four gigabytes is taken")
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	run(t, [][2]string{
		{`XML.stringify(doc(N('a', { n: 1 }, ['x<y', N('b')])))`, `<a n="1"><![CDATA[x<y]]><b/></a>`},
		{`XML.stringify(doc(N('a', { q: 'a"<&>\n' }, [1, null, true, ' '])))`, `<a q="a&quot;&lt;&amp;>&#10;">1true </a>`},
		{`XML.stringify(doc(N('a', null, ['a]]>b'])))`, `<a><![CDATA[a]]]]><![CDATA[>b]]></a>`},
		{`XML.stringify(doc(N('a', null, ['1\r<\r'])))`, `<a>1&#13;<![CDATA[<]]>&#13;</a>`},
		{`XML.stringify(N('x', null, [N('y', {}, [])]))`, `<y/>`},
		{`[XML.stringify(N('x')), XML.stringify(N('x', null, [])), XML.stringify(N('x', null, ['t'])), XML.stringify(N('x', null, [N('a'), N('b')])), XML.stringify(null)].join()`, `,,,,`},
		{`XML.stringify(doc(N('a', null, [N('b', null, ['t', 'u']), ' ', N('c', null, [N('d')])])), 2)`, "<a>\n  <b>tu</b>\n  <c>\n    <d/>\n  </c>\n</a>\n"},
		{`XML.stringify(XML.parse('<a>\n <b/>\n</a>'), 1)`, "<a>\n <b/>\n</a>\n"},
		{`XML.encode(doc(N('a'))).toString() + XML.encode(null) + XML.encode(N('a')).size`, `<a/>null0`},
		{`var n = N('a', { x: 1 }, []); n.name = 'b'; n.attributes.x = 2; n.children.push('t'); n.name + XML.stringify(doc(n))`, `a<a x="2">t</a>`},
		{`var n = N('a', null, []); n.children.push(n); fails(() => XML.stringify(doc(n)))`, `elements are nested deeper than 10000 levels: does one contain itself?`},
		{`N('a') instanceof XML.Node`, `true`},
		{`[() => XML.parse(), () => XML.parse(1), () => XML.decode('x'), () => XML.stringify({}), () => XML.stringify(N('a'), 'x'), () => N(), () => N(1), () => N('a', 1), () => N('a', {}, {})].map(fails).join('|')`,
			`requires 1 or more arguments|argument #1 expects a string|argument #1 expects an instance of pipy::Data|argument #1 expects an instance of pipy::XML::Node|argument #2 expects a number|requires 1 or more arguments|argument #1 expects a string|argument #2 expects an object|argument #3 expects an array`},
	})
}

func run(t *testing.T, cases [][2]string) {
	t.Helper()
	for _, c := range cases {
		if got := scripttest.Run(t, []*script.Namespace{event.Namespace, xml.Namespace}, prelude+c[0]); got != c[1] {
			t.Errorf("%s\ngot  %s\nwant %s", c[0], got, c[1])
		}
	}
}

// A document that was taken is written as one that reads the same.
func FuzzXML(f *testing.F) {
	for _, s := range []string{"<a/>", "<a x='1'>t<b>&amp;\n</b><![CDATA[<]]></a>", "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>",
		"<!DOCTYPE a [<!ENTITY e 'x'><!ENTITY f '<b y=\"&e;\">&e;</b>'>]><a z='&e;'>&f;</a>", "\xfe\xff\x00<\x00a\x00/\x00>", "<a>&#13;]]&gt;</a>"} {
		f.Add([]byte(s))
	}
	r, h := scripttest.New(f, event.Namespace, xml.Namespace)
	same, err := r.Run("/main.js", `
		let tree = n => typeof n === 'string' ? n : [n.name, n.attributes, join(n.children.map(tree))];
		let join = list => list.reduce((all, x) => (typeof x === 'string' && typeof all.at(-1) === 'string' ? all.push(all.pop() + x) : all.push(x), all), []);
		doc => { let a = JSON.stringify(tree(doc)), s = XML.stringify(doc), b = XML.parse(s); b = b && JSON.stringify(tree(b)); return a === b ? '' : a + ' is written as ' + s + ' and read as ' + b }`)
	if err != nil {
		f.Fatal(err, h.Problems)
	}
	compare := r.Hold(same.Value)
	f.Fuzz(func(t *testing.T, text []byte) {
		defer r.EndTurn()
		doc := xml.Parse(r, text)
		if doc.IsNull() {
			return
		}
		v, err := r.Call(compare.Value(), doc)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if s, _ := r.AsString(v); s != "" {
			t.Errorf("%q: %s", text, s)
		}
	})
}

func TestSurface(t *testing.T) {
	t.Parallel()
	scripttest.Surface(t, "04-codecs.tsv", []string{"XML"}, xml.Namespace)
}
