package ebpf

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// objects is a backend without links.
type objects struct {
	Objects
	Links
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// onKernel returns a generation on the running kernel. Without the right to use it the test is skipped.
func onKernel(t testing.TB) *Generation {
	t.Helper()
	g := &Generation{Backend: objects{Kernel(), nil}}
	m := NewMap(g, MapDescription{Type: 1, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	if err := m.Create(); err != nil {
		t.Skip("no map can be created here: ", err)
	}
	t.Cleanup(g.Close)
	return g
}

func TestFixtures(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"counter.o":        "count other_with_a_very_long_name | packets 9 4/4 pairs 1 8/16 | ",
		"counter-direct.o": "count other_with_a_very_long_name | packets 9 4/4 pairs 1 8/16 | ",
		"plain.o":          "pass |  | ",
		"legacy.o":         "look | old 2 4/8 | ",
		"bad.o":            "wild fine |  | ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, err := Parse(&Generation{Backend: objects{Kernel(), nil}}, fixture(t, name), ObjectOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var s []string
			for _, p := range o.Programs {
				s = append(s, p.Name)
			}
			var ms []string
			for _, m := range o.Maps {
				ms = append(ms, m.Name, fmt.Sprintf("%d %d/%d", m.Type, m.KeySize, m.ValueSize))
			}
			got := strings.Join(s, " ") + " | " + strings.Join(ms, " ") + " | "
			if got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

func TestKernelLoad(t *testing.T) {
	t.Parallel()
	g := onKernel(t)
	for _, name := range []string{"counter.o", "counter-direct.o", "plain.o"} {
		o, err := Parse(g, fixture(t, name), ObjectOptions{})
		if err != nil {
			t.Fatal(name, err)
		}
		xdp := uint32(6)
		for _, p := range o.Programs {
			if err := p.Load(LoadOptions{Type: &xdp}); err != nil {
				t.Fatalf("%s: %s: %v", name, p.Name, err)
			}
			if p.FD() == 0 || p.ID() == 0 {
				t.Errorf("%s: %s has no number", name, p.Name)
			}
			r, err := p.Run(&RunOptions{Data: make([]byte, 64), DataOut: 128, Repeat: 3})
			if err != nil || r.Retval != 2 {
				t.Errorf("%s: %s: %v %v", name, p.Name, r, err)
			}
		}
		if m := o.Map("packets"); m != nil {
			v := make([]byte, 4)
			if err := m.Handle().Lookup([]byte{1, 2, 3, 4}, v, 0); err != nil || order.Uint32(v) != 3 {
				t.Errorf("%s: counted %v, %v", name, v, err)
			}
		}
	}
	for _, name := range []string{"types.o", "legacy.o", "core.o"} {
		o, err := Parse(g, fixture(t, name), ObjectOptions{})
		if err != nil {
			t.Fatal(name, err)
		}
		if err := o.Load(LoadOptions{}); err != nil {
			t.Fatal(name, err)
		}
		if name == "types.o" {
			for prog, want := range map[string]uint32{"entry": 5, "calls": 3 + 10 + 1 + 1} {
				if r, err := o.Program(prog).Run(&RunOptions{Data: make([]byte, 64)}); err != nil || r.Retval != want {
					t.Errorf("%s returned %v, %v", prog, r, err)
				}
			}
			if b, err := o.Variable("hits").Get(); err != nil || order.Uint64(b) != 1+3 {
				t.Errorf("hits is %v, %v", b, err)
			}
			if o.Variable("limit").Set(word(9)) == nil {
				t.Error("a constant was changed")
			}
		}
		if name == "core.o" {
			if r, err := o.Program("locked").Run(&RunOptions{}); err != nil || r.Retval != 3 {
				t.Error(r, err)
			}
			if _, err := o.Program("whoami").Run(&RunOptions{}); err != nil {
				t.Error(err)
			}
			if b, err := o.Variable("seen").Get(); err != nil || int(order.Uint32(b)) != os.Getpid() {
				t.Errorf("seen is %v, %v", b, err)
			}
		}
	}
	o, err := Parse(g, fixture(t, "bad.o"), ObjectOptions{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Load(LoadOptions{}); err != nil {
		t.Error(err)
	}
	if p := o.Program("wild"); p.Loaded() || len(p.Log()) == 0 || !o.Program("fine").Loaded() {
		t.Errorf("loaded %v, log %v", p.Loaded(), p.Log())
	}
	err = o.Program("wild").Load(LoadOptions{})
	if err == nil || err.Error() != "syscall BPF_PROG_LOAD failed with errno = 13: Permission denied" {
		t.Error(err)
	}
}

// The types of the kernel can be given, for kernels that have none.
func TestKernelTypes(t *testing.T) {
	t.Parallel()
	g := onKernel(t)
	types, err := os.ReadFile("/sys/kernel/btf/vmlinux")
	if err != nil {
		t.Skip(err)
	}
	o, err := Parse(g, fixture(t, "core.o"), ObjectOptions{KernelTypes: types})
	if err != nil {
		t.Fatal(err)
	}
	p := o.Program("whoami")
	if err := p.Load(LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Run(&RunOptions{}); err != nil {
		t.Fatal(err)
	}
	if b, err := o.Variable("seen").Get(); err != nil || int(order.Uint32(b)) != os.Getpid() {
		t.Errorf("seen is %v, %v", b, err)
	}
	// Those of another program have no task_struct to relocate to.
	counter, err := parseELF(fixture(t, "counter.o"))
	if err != nil {
		t.Fatal(err)
	}
	o, err = Parse(g, fixture(t, "core.o"), ObjectOptions{KernelTypes: counter.content(counter.section(".BTF"))})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Program("whoami").Load(LoadOptions{}); err == nil {
		t.Error("a program was relocated to types that are not there")
	}
	if _, err := Parse(g, fixture(t, "core.o"), ObjectOptions{KernelTypes: []byte("no types")}); err == nil || !strings.HasPrefix(err.Error(), "options.kernelTypes: ") {
		t.Errorf("types that are none give %v", err)
	}
}
