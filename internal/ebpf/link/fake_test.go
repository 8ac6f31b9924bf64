//go:build linux

package link

import (
	"errors"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"

	core "weir/internal/ebpf"
)

func fakeProgram(t *testing.T, f *core.Fake, name string, kind ebpf.ProgramType) Program {
	t.Helper()
	h, err := f.LoadProgram(&ebpf.ProgramSpec{Name: name, Type: kind}, nil, core.ProgramOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return Program{h, name, 0}
}

// A hook goes from one generation to the next, forth and back, and is never held by two programs or none.
func TestFakeTakeOver(t *testing.T) {
	t.Parallel()
	f := core.NewFake()
	p, q := fakeProgram(t, f, "p", ebpf.XDP), fakeProgram(t, f, "q", ebpf.XDP)
	hook := XDP{Interface: 1}
	runs := func(want Program) {
		t.Helper()
		list, err := f.ListLinks()
		info, _ := want.Info()
		if err != nil || len(list) != 1 || list[0].Program != info.ID {
			t.Fatalf("links are %+v, want program %d: %v", list, info.ID, err)
		}
	}
	take := func(p Program, owner string) *Link {
		t.Helper()
		l, err := Attach(f, p, hook, Options{}, owner)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	first := take(p, "first")
	runs(p)
	second := take(q, "second")
	runs(q)
	if err := second.Release(); err != nil { // it failed
		t.Fatal(err)
	}
	runs(p)
	second = take(q, "second")
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	runs(q)
	if err := first.Update(p.ProgramHandle, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("an update of a link that was released: %v", err)
	}
	if err := second.Update(p.ProgramHandle, q.ProgramHandle); err != nil {
		t.Fatal(err)
	}
	runs(p)
	if _, err := Attach(f, q, hook, Options{}, "second"); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("a second program of the same owner: %v", err)
	}
	// Another kernel has hooks of its own.
	other := core.NewFake()
	l, err := Attach(other, fakeProgram(t, other, "p", ebpf.XDP), hook, Options{}, "third")
	if err != nil {
		t.Fatal(err)
	}
	runs(p)
	if err := errors.Join(l.Close(), second.Close(), second.Close()); err != nil {
		t.Error(err)
	}
	if list, _ := f.ListLinks(); len(list) != 0 {
		t.Errorf("links are left: %+v", list)
	}
	if n := f.Open(); n != 2 {
		t.Errorf("%d descriptors are open besides the two programs", n-2)
	}
}

// Links that cannot exchange their program are made anew for the next generation, beside the old one.
func TestFakeNoTakeOver(t *testing.T) {
	t.Parallel()
	f := core.NewFake()
	p, q := fakeProgram(t, f, "p", ebpf.Netfilter), fakeProgram(t, f, "q", ebpf.Netfilter)
	hook := Netfilter{Hook: "input"}
	first, err := Attach(f, p, hook, Options{}, "first")
	if err != nil {
		t.Fatal(err)
	}
	second, err := Attach(f, q, hook, Options{}, "second")
	if err != nil {
		t.Fatal(err)
	}
	if list, _ := f.ListLinks(); len(list) != 2 {
		t.Errorf("links are %+v", list)
	}
	f.Fails["BPF_LINK_CREATE"] = []syscall.Errno{syscall.EINVAL}
	if _, err := Attach(f, p, hook, Options{}, "third"); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("a failure is %v", err)
	}
	if err := errors.Join(first.Release(), second.Release()); err != nil {
		t.Error(err)
	}
	if n := f.Open(); n != 2 {
		t.Errorf("%d descriptors are open besides the two programs", n-2)
	}
}
