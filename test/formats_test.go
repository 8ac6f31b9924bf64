//go:build linux

package test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"weir/test/harness"
)

// awkward are texts that mean something in a format, or look like something else than texts.
var awkward = []string{"", "plain", "true", "No", "null", "~", "1", "-1.5e3", "0x1F", "010", "0b1", "1_000", "12:30", "2020-01-02", ".5", "-.inf", ".nan", "<<", "=",
	"- x", "-", "a: b", "a:", "a #b", "#c", "*a", "&a", "!t", "%d", "@a", "`", "|", ">", "[", "{", "}", ",", "? x", "---", "...", "'", "\"", "\\", "it's", " x", "x ", "\ttab\t",
	"two\nlines", "ends\n", "\nbegins", "blank\n\n  line", "# no\n# comment", "ü", "😀", "<a>&amp;</a>", "]]>", "&lt;", "a\"b'c<d>&e", "x,y", "q\"q\"", "=1+1", "key: [v]"}

// pythonWrites reads texts from a file and writes them in the formats; then it prints what weir wrote in them.
const pythonWrites = `
import csv, gzip, io, json, sys, yaml, zlib
import xml.etree.ElementTree as ET
dir = sys.argv[1] + '/'
texts = json.load(open(dir + 'texts.json'))
value = {'texts': texts, 'keys': {t: i for i, t in enumerate(texts)}}
for name, options in (('block', {}), ('flow', {'default_flow_style': True}), ('unicode', {'allow_unicode': True, 'width': 20}), ('quoted', {'default_style': '"'})):
    open(dir + 'py-' + name + '.yaml', 'w').write(yaml.safe_dump(value, **options))
root = ET.Element('root')
for t in texts:
    ET.SubElement(root, 'item', {'a': t}).text = t
for encoding in ('utf-8', 'utf-16', 'us-ascii'):
    open(dir + 'py-' + encoding + '.xml', 'wb').write(ET.tostring(root, encoding=encoding, xml_declaration=True))
for dialect in ('excel', 'unix', 'excel-tab'):
    with open(dir + 'py-' + dialect + '.csv', 'w', newline='') as f:
        csv.writer(f, dialect=dialect).writerows([t, 'x', t] for t in texts)
plain = ''.join(texts).encode() * 1000
open(dir + 'py.zlib', 'wb').write(zlib.compress(plain, 9))
open(dir + 'py.gz', 'wb').write(gzip.compress(plain))
v = yaml.safe_load(open(dir + 'weir.yaml'))
out = {'yaml': v['texts'], 'yaml keys': [t for i, t in enumerate(texts) if v['keys'].get(t) == i], 'yaml types': v['types'] == [1, 2.5, -3, True, False, None, [], {}, [[1], {'a': [2]}], b'\x00\xff', 18446744073709551615]}
root = ET.parse(dir + 'weir.xml').getroot()
out['xml'] = [e.text or '' for e in root]
out['xml attributes'] = [e.get('a') for e in root]
for name, dialect in (('comma', 'excel'), ('tab', 'excel-tab')):
    rows = list(csv.reader(open(dir + 'weir-' + name + '.csv', newline=''), dialect=dialect))
    out['csv ' + name] = [r[0] for r in rows] if all(r == [r[0], 'x', r[0]] for r in rows) else rows
out['zlib'] = [zlib.decompress(open(dir + 'weir.zlib', 'rb').read()) == plain, gzip.open(dir + 'weir.gz').read() == plain]
print(json.dumps(out))
`

// TestFormats exchanges documents with Python: it reads what weir writes, and weir reads what it writes.
func TestFormats(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	texts, _ := json.Marshal(awkward)
	harness.WriteFile(t, dir+"/texts.json", string(texts))
	cryptoScript(t, dir, `
		var texts = JSON.decode(load('texts.json')), keys = {}, plain = new Data(texts.join('').repeat(1000))
		texts.forEach((t, i) => keys[t] = i)
		save('weir.yaml', YAML.encode({ texts, keys, types: [1, 2.5, -3, true, false, null, [], {}, [[1], { a: [2] }], new Data([0, 255]), new Int('u64', '18446744073709551615')] }))
		save('weir.xml', XML.encode(new XML.Node('', null, [new XML.Node('root', null, texts.map(t => new XML.Node('item', { a: t }, [t])))])))
		save('weir-comma.csv', CSV.encode(texts.map(t => [t, 'x', t])))
		save('weir-tab.csv', CSV.encode(texts.map(t => [t, 'x', t]), { delimiter: '\t' }))
		save('weir.zlib', zlib.deflate(plain))
		save('weir.gz', zlib.gzip(plain))
	`, nil)
	var read map[string]json.RawMessage
	if err := json.Unmarshal([]byte(harness.Python(t, pythonWrites, dir)), &read); err != nil {
		t.Fatal(err)
	}
	for what, got := range read {
		var list []string
		switch what {
		case "yaml types", "zlib":
			if s := string(got); s != "true" && s != "[true, true]" {
				t.Errorf("Python reads other values in weir's %s: %s", what, s)
			}
			continue
		}
		if err := json.Unmarshal(got, &list); err != nil {
			t.Fatal(err)
		}
		same(t, "Python reads in weir's "+what, list)
	}
	var back map[string][]string
	cryptoScript(t, dir, fmt.Sprintf(`
		var texts = %s, out = {}, text = n => n.children.map(c => typeof c == 'string' ? c : text(c)).join('')
		;['block', 'flow', 'unicode', 'quoted'].forEach(n => {
			var v = YAML.decode(load('py-' + n + '.yaml'))
			out['YAML ' + n] = v.texts
			out['keys of YAML ' + n] = texts.filter((t, i) => v.keys[t] === String(i))
		})
		;['utf-8', 'utf-16', 'us-ascii'].forEach(n => {
			var root = XML.decode(load('py-' + n + '.xml')).children[0]
			out['XML ' + n] = root.children.map(text)
			out['attributes of XML ' + n] = root.children.map(c => c.attributes.a)
		})
		;['excel', 'unix', 'excel-tab'].forEach(n => {
			out['CSV ' + n] = CSV.decode(load('py-' + n + '.csv'), n == 'excel-tab' ? { delimiter: '\t' } : {}).map(r => r[0] === r[2] && r[1] === 'x' ? r[0] : r.join())
		})
		var plain = texts.join('').repeat(1000)
		out.zlib = zlib.inflate(load('py.zlib')).toString() === plain && zlib.gunzip(load('py.gz')).toString() === plain ? texts : []
		print(JSON.stringify(out))
	`, texts), &back)
	if len(back) != 18 {
		t.Errorf("%d results", len(back))
	}
	for what, list := range back {
		same(t, "weir reads in Python's "+what, list)
	}
}

// same checks that the texts came through.
func same(t *testing.T, what string, got []string) {
	t.Helper()
	if reflect.DeepEqual(got, awkward) {
		return
	}
	for i, want := range awkward {
		if i >= len(got) || got[i] != want {
			t.Errorf("%s: %d texts, the one at %d is %q instead of %q", what, len(got), i, got[min(i, len(got)-1):min(i+1, len(got))], want)
			return
		}
	}
	t.Errorf("%s: %d texts instead of %d", what, len(got), len(awkward))
}
