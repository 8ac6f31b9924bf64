//go:build linux

package test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/clayout"
	"weir/test/harness"
)

// cNames are the types of C for those of layouts.
var cNames = map[string]string{"int8": "int8_t", "int16": "int16_t", "int32": "int32_t", "int64": "int64_t", "uint8": "uint8_t",
	"uint16": "uint16_t", "uint32": "uint32_t", "uint64": "uint64_t", "float": "float", "double": "double", "char": "char"}

// cLayout makes a random layout and writes it in C.
func cLayout(t *testing.T, r *rand.Rand, rules clayout.Rules, depth int, prefix string) (*clayout.Layout, string) {
	t.Helper()
	union := r.IntN(3) == 0
	l := clayout.New(union, rules)
	var c strings.Builder
	keyword := "struct"
	if union {
		keyword = "union"
	}
	fmt.Fprintf(&c, "%s {", keyword)
	names := clayout.Names()
	for i := range 1 + r.IntN(6) {
		name := fmt.Sprintf("%s%c", prefix, 'a'+i)
		if depth > 0 && r.IntN(3) == 0 {
			inner, text := cLayout(t, r, rules, depth-1, name+"_")
			anonymous := inner.Union && r.IntN(2) == 0
			shown := name
			if anonymous {
				shown = ""
			}
			fmt.Fprintf(&c, " %s %s;", text, shown)
			if err := l.Nest(name, inner, anonymous); err != nil {
				t.Fatal(err)
			}
			continue
		}
		word, count := names[r.IntN(len(names))], ""
		if r.IntN(2) == 0 {
			count = fmt.Sprintf("[%d]", 1+r.IntN(7))
		}
		fmt.Fprintf(&c, " %s %s%s;", cNames[word], name, count)
		ty, err := clayout.ParseType(word + count)
		if err == nil {
			err = l.Add(name, ty)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	c.WriteString(" }")
	if rules == clayout.Packed {
		c.WriteString(" __attribute__((packed))")
	}
	return l, c.String()
}

// TestLayoutsOfC compares offsets and sizes of random layouts with what the C compiler makes of them. Those that scripts get
// by default have the same offsets as long as they are not nested, and no padding at the end.
func TestLayoutsOfC(t *testing.T) {
	t.Parallel()
	harness.Need(t, "gcc")
	r := rand.New(rand.NewPCG(1, 2))
	var types, prints, want strings.Builder
	var texts []string
	for i := range 300 {
		rules, depth := []clayout.Rules{clayout.C, clayout.Packed, clayout.Compat}[i%3], 3
		if rules == clayout.Compat {
			depth = 0
		}
		l, text := cLayout(t, r, rules, depth, "")
		fmt.Fprintf(&types, "typedef %s t%d;\n", text, i)
		texts = append(texts, text)
		if rules != clayout.Compat {
			fmt.Fprintf(&prints, "\tprintf(\"%d size %%zu\\n\", sizeof(t%[1]d));\n", i)
			fmt.Fprintf(&want, "%d size %d\n", i, l.Size)
		}
		var expressions func(path string, base int, l *clayout.Layout)
		expressions = func(path string, base int, l *clayout.Layout) {
			l.Each(func(f *clayout.Field, offset int) {
				fmt.Fprintf(&prints, "\tprintf(\"%d %s %%zu\\n\", offsetof(t%[1]d, %[2]s));\n", i, path+f.Name)
				fmt.Fprintf(&want, "%d %s %d\n", i, path+f.Name, base+offset)
				if f.Layout != nil {
					expressions(path+f.Name+".", base+offset, f.Layout)
				}
			})
		}
		expressions("", 0, l)
	}
	dir := t.TempDir()
	source, program := filepath.Join(dir, "layouts.c"), filepath.Join(dir, "layouts")
	harness.WriteFile(t, source, "#include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>\n"+types.String()+"int main(void) {\n"+prints.String()+"\treturn 0;\n}\n")
	if out := harness.Run(t, "gcc", "-o", program, source); out.Code != 0 {
		t.Fatal(out.Stderr)
	}
	got := harness.Run(t, program)
	if got.Code != 0 || got.Stdout == "" {
		t.Fatal(got.Stderr)
	}
	lines := strings.Split(got.Stdout, "\n")
	for i, line := range strings.Split(want.String(), "\n") {
		if i >= len(lines) || line != lines[i] {
			var n int
			_, _ = fmt.Sscan(line, &n)
			t.Fatalf("got %q, the compiler says %q for\n%s", line, lines[min(i, len(lines)-1)], texts[n])
		}
	}
}

// TestBytesOfC has a C program write a struct; the layout reads it.
func TestBytesOfC(t *testing.T) {
	t.Parallel()
	harness.Need(t, "gcc")
	dir := t.TempDir()
	source, program := filepath.Join(dir, "bytes.c"), filepath.Join(dir, "bytes")
	harness.WriteFile(t, source, `#include <stdint.h>
#include <stdio.h>
struct s { int8_t a; double b; char name[6]; struct { uint16_t x[3]; float f; } n; union { int64_t i; uint8_t raw[8]; }; uint64_t big; };
int main(void) {
	static struct s s;
	s.a = -5; s.b = 1.25; s.name[0] = 'w'; s.name[1] = 'e'; s.n.x[2] = 65535; s.n.f = -0.5; s.i = INT64_MIN; s.big = UINT64_MAX;
	for (unsigned i = 0; i < sizeof s; i++) printf("%02x", ((unsigned char *)&s)[i]);
	return 0;
}
`)
	if out := harness.Run(t, "gcc", "-o", program, source); out.Code != 0 {
		t.Fatal(out.Stderr)
	}
	out := output(t, map[string]string{"main.js": fmt.Sprintf(`
		var s = new CStruct({ a: 'int8', b: 'double', name: 'char[6]', n: new CStruct({ x: 'uint16[3]', f: 'float' }, { layout: 'c' }),
			'1u': new CUnion({ i: 'int64', raw: 'uint8[8]' }), big: 'uint64' }, { layout: 'c' })
		var d = Data.from('%s', 'hex')
		var o = s.decode(d)
		println(JSON.stringify([o.a, o.b, o.name, o.n, o.i.toString(), o.raw, o.big.toString(), s.size]))
		println(s.encode(o).toString('hex') === d.toString('hex'))
	`, harness.Run(t, program).Stdout)})
	if want := `[-5,1.25,"we",{"x":[0,0,65535],"f":-0.5},"-9223372036854775808",[0,0,0,0,0,0,0,128],"18446744073709551615",56]` + "\ntrue\n"; out != want {
		t.Errorf("got  %s\nwant %s", out, want)
	}
}
