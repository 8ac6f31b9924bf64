package usdt

import (
	"bytes"
	"os"
	"reflect"
	"testing"
)

func fixture(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/probes")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRead(t *testing.T) {
	got, err := Read(bytes.NewReader(fixture(t)))
	if err != nil {
		t.Fatal(err)
	}
	// As readelf -n shows them, less the addresses of their segments.
	want := []Probe{
		{Provider: "shop", Name: "order", Arguments: "-4@%edi", Offset: 0x100d, Semaphore: 0x3000},
		{Provider: "shop", Name: "paid", Offset: 0x100e},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestCutNotes(t *testing.T) {
	b := fixture(t)
	i := bytes.Index(b, []byte("stapsdt\x00"))
	for _, c := range []struct {
		name string
		at   int
		with byte
	}{
		{"name beyond the section", i - 12 + 3, 0x7f},
		{"body beyond the section", i - 8 + 3, 0x7f},
		{"body without strings", i - 8, 24},
		{"body without addresses", i - 8, 8},
		{"address outside of the code", i + 8 + 6, 1},
		{"semaphore outside of the data", i + 24 + 6, 1},
	} {
		broken := bytes.Clone(b)
		broken[c.at] = c.with
		if p, err := Read(bytes.NewReader(broken)); err == nil {
			t.Errorf("%s: no error, but %+v", c.name, p)
		}
	}
	foreign := bytes.Clone(b)
	foreign[i] = 'S'
	if p, err := Read(bytes.NewReader(foreign)); err != nil || len(p) != 1 {
		t.Errorf("a note of somebody else gives %+v, %v", p, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(fixture(f))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = Read(bytes.NewReader(b)) })
}
