package ebpf

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzObject reads hostile object files: errors are fine, panics and endless memory are not.
func FuzzObject(f *testing.F) {
	files, err := filepath.Glob("testdata/*.o")
	if err != nil || len(files) == 0 {
		f.Fatal("there are no objects: ", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		g := &Generation{Backend: NewFake()}
		defer g.Close()
		o, err := Parse(g, b, ObjectOptions{})
		if err != nil {
			return
		}
		for _, m := range o.Maps {
			if m.ValueType != nil && m.ValueType.Size != int(m.ValueSize) && m.ValueSize != 0 {
				t.Errorf("the layout of %s has %d bytes, the map %d", m.Name, m.ValueType.Size, m.ValueSize)
			}
		}
	})
}

// FuzzTypes reads hostile type information.
func FuzzTypes(f *testing.F) {
	for _, name := range []string{"counter.o", "types.o", "float.o"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		image, err := parseELF(b)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(image.content(image.section(".BTF")))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		types, err := parseTypes(b)
		if err != nil {
			return
		}
		types.maps(func(string, string, uint32) bool { return false })
		types.renameText()
		readTypes(types.data)
	})
}

// TestTruncated cuts objects everywhere.
func TestTruncated(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/counter.o")
	if err != nil {
		t.Fatal(err)
	}
	for n := range b {
		g := &Generation{Backend: NewFake()}
		if _, err := Parse(g, b[:n:n], ObjectOptions{}); err == nil && n < len(b)-64 {
			t.Fatalf("the first %d bytes of %d pass for an object", n, len(b))
		}
		g.Close()
	}
}

func TestErrorsOfObjects(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("testdata/counter.o")
	if err != nil {
		t.Fatal(err)
	}
	image, err := parseELF(good)
	if err != nil {
		t.Fatal(err)
	}
	btf := int(image.section(".BTF").offset)
	for _, c := range []struct {
		at   int
		to   []byte
		want string
	}{
		{0, []byte("x"), "not an ELF file"},
		{4, []byte{3}, "not an ELF file"},
		{5, []byte{2}, "mismatched ELF endianness"},
		{7, []byte{3}, "unsupported ABI"},
		{image.sections[1].header + 24, []byte{0xff, 0xff, 0xff, 0xff}, "out of bound section: index = 1"},
		{image.sections[2].header, []byte{0xff, 0xff, 0xff, 0}, "string offset out of bound: offset = 16777215"},
		{btf, []byte{0xeb, 0x9f}, "incorrect endianness of BTF data"},
		{btf, []byte{1, 2}, "incorrect BTF magic number"},
		{btf + 4, []byte{0xff, 0xff, 0xff}, "BTF header out of bound"},
		{btf + 12, []byte{0xff, 0xff, 0xff}, "BTF type section out of bound"},
		{btf + 20, []byte{0xff, 0xff, 0xff}, "BTF string section out of bound"},
		{btf + 24 + 7, []byte{0x1f}, "unknown BTF kind 31"},
	} {
		b := append([]byte(nil), good...)
		copy(b[c.at:], c.to)
		_, err := Parse(&Generation{Backend: NewFake()}, b, ObjectOptions{})
		if err == nil || err.Error() != c.want {
			t.Errorf("%d: got %v, want %s", c.at, err, c.want)
		}
	}
}
