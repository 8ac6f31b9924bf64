//go:build linux

package link

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	core "weir/internal/ebpf"
)

// inNetns runs the rest of the test on a thread with a network namespace of its own, with a pair of interfaces wa and wb. The
// thread ends with the test, as it is never unlocked.
func inNetns(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace: %v", err)
	}
	out, err := exec.Command("ip", "link", "add", "wa", "type", "veth", "peer", "name", "wb").CombinedOutput()
	if err != nil {
		t.Fatalf("no veth: %v: %s", err, out)
	}
}

// load loads a program that returns a number.
func load(t *testing.T, kind ebpf.ProgramType, at ebpf.AttachType, result int32) Program {
	t.Helper()
	return loadSpec(t, &ebpf.ProgramSpec{Name: "p", Type: kind, AttachType: at, License: "GPL", Instructions: asm.Instructions{
		asm.Mov.Imm(asm.R0, result), asm.Return(),
	}})
}

func loadSpec(t *testing.T, spec *ebpf.ProgramSpec) Program {
	t.Helper()
	p, err := core.Kernel().LoadProgram(spec, nil, core.ProgramOptions{})
	var e *core.Error
	if errors.As(err, &e) && (e.Unsupported != "" || e.Errno == unix.EPERM || e.Errno == unix.EINVAL) {
		t.Skipf("this kernel loads no %s: %v", spec.Type, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return Program{p, spec.Name, uint32(spec.AttachType)}
}

func newMap(t *testing.T, spec *ebpf.MapSpec) core.MapHandle {
	t.Helper()
	m, err := core.Kernel().CreateMap(spec, nil)
	if err != nil {
		t.Skipf("no %s: %v", spec.Type, err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// tryAttach attaches to the running kernel.
func tryAttach(p Program, target Target, o Options, owner any) (*Link, error) {
	return Attach(Kernel{}, p, target, o, owner)
}

func attach(t *testing.T, p Program, target Target, o Options, owner any) *Link {
	t.Helper()
	l, err := tryAttach(p, target, o, owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func id(t *testing.T, p Program) uint32 {
	t.Helper()
	info, err := p.Info()
	if err != nil {
		t.Fatal(err)
	}
	return info.ID
}

// expect checks the programs at a hook.
func expect(t *testing.T, target int, at ebpf.AttachType, programs ...Program) {
	t.Helper()
	list, _, err := Kernel{}.Query(target, uint32(at))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != len(programs) {
		t.Fatalf("%d programs are attached, want %d", len(list), len(programs))
	}
	for i, p := range programs {
		if list[i].Program != id(t, p) {
			t.Errorf("program %d is %d, want %d", i, list[i].Program, id(t, p))
		}
	}
}

func index(t *testing.T, name string) int {
	t.Helper()
	n, err := core.Kernel().Interface(name)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestXDP(t *testing.T) {
	for _, mode := range []string{"", "generic", "native"} {
		t.Run("mode "+mode, func(t *testing.T) {
			inNetns(t)
			p, q := load(t, ebpf.XDP, 0, 2), load(t, ebpf.XDP, 0, 2)
			a := index(t, "wa")
			l := attach(t, p, XDP{a, mode}, Options{}, 1)
			if info, err := l.Info(); err != nil || info.Type != "xdp" || info.Program != id(t, p) || info.ID == 0 {
				t.Errorf("info is %+v, %v", info, err)
			}
			if err := l.Update(q.ProgramHandle, p.ProgramHandle); err != nil {
				t.Fatal(err)
			}
			if err := l.Update(q.ProgramHandle, p.ProgramHandle); !errors.Is(err, unix.EPERM) {
				t.Errorf("an update with another old program gives %v", err)
			}
			if info, _ := l.Info(); info.Program != id(t, q) {
				t.Errorf("the program is %d", info.Program)
			}
			if _, err := tryAttach(p, XDP{a, mode}, Options{}, 1); !errors.Is(err, unix.EBUSY) {
				t.Errorf("a second link of the same owner gives %v", err)
			}
			again, err := ByID(Kernel{}, l.ID(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if err := again.Close(); err != nil {
				t.Error(err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			if err := l.Update(p.ProgramHandle, nil); !errors.Is(err, ErrClosed) {
				t.Errorf("an update of a closed link gives %v", err)
			}
			attach(t, p, XDP{a, mode}, Options{}, 1)
		})
	}
}

func TestXDPArguments(t *testing.T) {
	p := load(t, ebpf.XDP, 0, 2)
	if _, err := tryAttach(p, XDP{1, "fast"}, Options{}, 1); err == nil {
		t.Error("an unknown mode is taken")
	}
	if _, err := tryAttach(p, XDP{1, ""}, Options{Cookie: 1}, 1); err == nil {
		t.Error("a cookie is taken")
	}
	if _, err := core.Kernel().Interface("no-such-device"); err == nil {
		t.Error("an unknown interface is found")
	}
}

func TestTakeOver(t *testing.T) {
	inNetns(t)
	hook := TCX{Interface: index(t, "wa")}
	at := func(want ...Program) {
		t.Helper()
		expect(t, hook.Interface, ebpf.AttachTCXIngress, want...)
	}
	p, q, r := load(t, ebpf.SchedCLS, 0, -1), load(t, ebpf.SchedCLS, 0, -1), load(t, ebpf.SchedCLS, 0, -1)
	first := attach(t, p, hook, Options{}, "first")
	second := attach(t, q, hook, Options{}, "second")
	at(q)
	if first.ID() != second.ID() {
		t.Error("the link was made anew")
	}
	// The second fails: the first gets the hook back.
	if err := second.Release(); err != nil {
		t.Fatal(err)
	}
	at(p)
	third := attach(t, r, hook, Options{}, "third")
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	at(r)
	// One owner may have several links at a hook.
	attach(t, p, hook, Options{}, "third")
	at(r, p)
	if err := third.Release(); err != nil {
		t.Fatal(err)
	}
	at(p)
}

func TestAnchors(t *testing.T) {
	inNetns(t)
	hook := TCX{Interface: index(t, "wa"), Egress: true}
	p, q, r := load(t, ebpf.SchedCLS, 0, -1), load(t, ebpf.SchedCLS, 0, -1), load(t, ebpf.SchedCLS, 0, -1)
	l := attach(t, p, hook, Options{}, 1)
	head, err := AnchorAt("head", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	attach(t, q, hook, Options{Anchor: head}, 1)
	before, err := AnchorAt("before", l, 0)
	if err != nil {
		t.Fatal(err)
	}
	attach(t, r, hook, Options{Anchor: before}, 1)
	expect(t, hook.Interface, ebpf.AttachTCXEgress, q, r, p)
	if _, err := AnchorAt("replace", l, 0); err == nil {
		t.Error("a link can be replaced")
	}
	_, err = tryAttach(p, hook, Options{ExpectedRevision: 1}, 2)
	if err == nil {
		t.Error("an old revision is taken")
	}
}

func TestClassicTC(t *testing.T) {
	for _, egress := range []bool{false, true} {
		inNetns(t)
		p, q := load(t, ebpf.SchedCLS, 0, -1), load(t, ebpf.SchedCLS, 0, -1)
		direction := map[bool]string{false: "ingress", true: "egress"}[egress]
		filters := func() string {
			out, err := exec.Command("tc", "filter", "show", "dev", "wa", direction).CombinedOutput()
			if err != nil {
				t.Skipf("no tc: %v %s", err, out)
			}
			return string(out)
		}
		hook := TC{Interface: index(t, "wa"), Egress: egress, Priority: 7}
		l := attach(t, p, hook, Options{}, 1)
		other := attach(t, p, hook, Options{}, 1)
		before := filters()
		if err := l.Update(q.ProgramHandle, nil); err != nil {
			t.Fatal(err)
		}
		if filters() == before {
			t.Error("the update changed nothing:", before)
		}
		if err := errors.Join(l.Close(), other.Close()); err != nil {
			t.Error(err)
		}
		if s := filters(); s != "" {
			t.Error("a filter is left:", s)
		}
	}
}

func TestNetns(t *testing.T) {
	inNetns(t)
	p, q := load(t, ebpf.SkLookup, ebpf.AttachSkLookup, 1), load(t, ebpf.SkLookup, ebpf.AttachSkLookup, 1)
	hook := Netns{"/proc/thread-self/ns/net"}
	l := attach(t, p, hook, Options{}, 1)
	if err := l.Update(q.ProgramHandle, nil); err != nil {
		t.Fatal(err)
	}
	f := load(t, ebpf.FlowDissector, ebpf.AttachFlowDissector, 0)
	attach(t, f, hook, Options{}, 1)
	ns, err := os.Open(hook.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Close()
	expect(t, int(ns.Fd()), ebpf.AttachSkLookup, q)
	if err := l.Detach(); err != nil {
		t.Fatal(err)
	}
	expect(t, int(ns.Fd()), ebpf.AttachSkLookup)
}

func TestNetfilter(t *testing.T) {
	inNetns(t)
	p := load(t, ebpf.Netfilter, ebpf.AttachNetfilter, 1)
	for _, v6 := range []bool{false, true} {
		for hook := range netfilterHooks {
			l := attach(t, p, Netfilter{IPv6: v6, Hook: hook, Priority: -128}, Options{}, 1)
			if err := l.Update(p.ProgramHandle, nil); err == nil {
				t.Error("the program of a netfilter link can be exchanged")
			}
			info, err := l.Info()
			if err != nil || info.Type != "netfilter" {
				t.Errorf("%+v, %v", info, err)
			}
		}
	}
	if _, err := tryAttach(p, Netfilter{Hook: "in"}, Options{}, 1); err == nil {
		t.Error("an unknown hook is taken")
	}
}

func TestSocketMap(t *testing.T) {
	m := newMap(t, &ebpf.MapSpec{Type: ebpf.SockHash, KeySize: 4, ValueSize: 4, MaxEntries: 4})
	p, q := load(t, ebpf.SkMsg, ebpf.AttachSkMsgVerdict, 1), load(t, ebpf.SkMsg, ebpf.AttachSkMsgVerdict, 1)
	l := attach(t, p, SocketMap{m}, Options{}, 1)
	expect(t, m.FD(), ebpf.AttachSkMsgVerdict, p)
	if err := l.Update(q.ProgramHandle, nil); err != nil {
		t.Fatal(err)
	}
	expect(t, m.FD(), ebpf.AttachSkMsgVerdict, q)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, m.FD(), ebpf.AttachSkMsgVerdict)
	if err := (Kernel{}).AttachRaw(core.Raw{Target: m.FD(), Program: p.FD(), Type: uint32(ebpf.AttachSkMsgVerdict)}); err != nil {
		t.Fatal(err)
	}
	expect(t, m.FD(), ebpf.AttachSkMsgVerdict, p)
	if err := (Kernel{}).DetachRaw(core.Raw{Target: m.FD(), Program: p.FD(), Type: uint32(ebpf.AttachSkMsgVerdict)}); err != nil {
		t.Fatal(err)
	}
	expect(t, m.FD(), ebpf.AttachSkMsgVerdict)
}

func TestSockets(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	received := func() bool {
		if _, err := unix.Write(fds[0], []byte("hello")); err != nil && !errors.Is(err, unix.EPERM) {
			t.Fatal(err)
		}
		n, _ := unix.Read(fds[1], make([]byte, 16))
		return n > 0
	}
	l := attach(t, load(t, ebpf.SocketFilter, 0, 0), Socket{FD: fds[1]}, Options{}, 1)
	if received() {
		t.Error("the filter lets pass what it should drop")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if !received() {
		t.Error("the filter is still there")
	}
}

func TestTraces(t *testing.T) {
	raw := load(t, ebpf.RawTracepoint, 0, 0)
	l := attach(t, raw, RawTracepoint{"sys_enter"}, Options{}, 1)
	if l.Type() != "raw_tracepoint" {
		t.Error(l.Type())
	}
	if _, err := tryAttach(raw, RawTracepoint{"no_such_point"}, Options{}, 1); err == nil {
		t.Error("an unknown trace point is taken")
	}
	if _, err := tryAttach(raw, Tracepoint{"sys_enter"}, Options{}, 1); err == nil {
		t.Error("a trace point without a group is taken")
	}
	event := load(t, ebpf.PerfEvent, 0, 0)
	e := attach(t, event, PerfEvent{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK, Frequency: 100}, Options{}, 1)
	if e.Type() != "perf_event" {
		t.Error(e.Type())
	}
}

// TestUSDT counts what runs of a program with two static probes trace.
func TestUSDT(t *testing.T) {
	const file = "../usdt/testdata/probes"
	m := newMap(t, &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	p := loadSpec(t, &ebpf.ProgramSpec{Name: "p", Type: ebpf.Kprobe, License: "GPL", Instructions: asm.Instructions{
		asm.StoreImm(asm.RFP, -4, 0, asm.Word),
		asm.LoadMapPtr(asm.R1, m.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, -4),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "out"),
		asm.Mov.Imm(asm.R1, 1),
		asm.AddAtomic.Mem(asm.R0, asm.R1, asm.DWord, 0),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("out"), asm.Return(),
	}})
	run := func(want uint64) {
		t.Helper()
		if err := exec.Command(file).Run(); err != nil {
			t.Fatal(err)
		}
		var n uint64
		if err := m.Kernel().Lookup(uint32(0), &n); err != nil || n != want {
			t.Fatalf("%d probes were hit, want %d (%v)", n, want, err)
		}
	}
	for i, target := range []Target{
		USDT{File: file, Provider: "shop", Name: "order"},
		USDT{File: file, Provider: "shop", Name: "paid"},
		Uprobe{File: file, Offset: 0x100e},
	} {
		l := attach(t, p, target, Options{Cookie: 7}, 1)
		run(uint64(i + 1))
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	run(3)
	_, err := tryAttach(p, USDT{File: file, Provider: "shop", Name: "lost"}, Options{}, 1)
	if err == nil || !strings.Contains(err.Error(), "shop:order shop:paid") {
		t.Errorf("an unknown probe gives %v", err)
	}
	multi := loadSpec(t, &ebpf.ProgramSpec{Name: "p", Type: ebpf.Kprobe, AttachType: ebpf.AttachTraceUprobeMulti, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()}})
	attach(t, multi, Uprobe{File: file, Offset: 0x100e, Multi: true}, Options{}, 1)
}

func TestKprobes(t *testing.T) {
	p := load(t, ebpf.Kprobe, 0, 0)
	for _, c := range []struct {
		name    string
		targets []Kprobe
	}{
		{"single", []Kprobe{{Symbols: []string{"vfs_read"}}, {Symbols: []string{"vfs_read"}, Return: true}}},
		{"multi", []Kprobe{{Symbols: []string{"vfs_read", "vfs_write"}, Multi: true}, {Symbols: []string{"vfs_read"}, Session: true}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			missing := ""
			for _, k := range c.targets {
				l, err := tryAttach(p, k, Options{}, 1)
				if err == nil {
					if err := l.Close(); err != nil {
						t.Error(err)
					}
					continue
				}
				missing = k.about().what
				if !strings.HasPrefix(err.Error(), "not supported by this kernel: "+missing) {
					t.Errorf("%+v: %v", k, err)
				}
			}
			if missing != "" && !t.Failed() {
				t.Skipf("this kernel has no %s; the error says so", missing)
			}
		})
	}
	if _, err := tryAttach(p, Kprobe{Symbols: []string{"a", "b"}, Multi: true, Offset: 4}, Options{}, 1); err == nil {
		t.Error("an offset into several functions is taken")
	}
}

func TestIterator(t *testing.T) {
	p := loadSpec(t, &ebpf.ProgramSpec{Name: "p", Type: ebpf.Tracing, AttachType: ebpf.AttachTraceIter, AttachTo: "bpf_map", License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()}})
	l := attach(t, p, Iterator{}, Options{}, 1)
	r, err := l.Read()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if b, err := io.ReadAll(r); err != nil || len(b) != 0 {
		t.Errorf("%q, %v", b, err)
	}
	if err := l.Update(p.ProgramHandle, nil); err != nil {
		t.Error(err)
	}
}

func TestCgroup(t *testing.T) {
	dir := cgroup(t)
	p, q := load(t, ebpf.CGroupSKB, ebpf.AttachCGroupInetIngress, 1), load(t, ebpf.CGroupSKB, ebpf.AttachCGroupInetIngress, 1)
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fd := int(f.Fd())
	l := attach(t, p, Cgroup{dir}, Options{}, 1)
	m := attach(t, q, Cgroup{dir}, Options{}, 1)
	expect(t, fd, ebpf.AttachCGroupInetIngress, p, q)
	if err := m.Update(p.ProgramHandle, q.ProgramHandle); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Close(), m.Close()); err != nil {
		t.Fatal(err)
	}
	expect(t, fd, ebpf.AttachCGroupInetIngress)
	if _, err := tryAttach(p, Cgroup{filepath.Join(dir, "none")}, Options{}, 1); err == nil {
		t.Error("a missing cgroup is taken")
	}
}

// cgroup makes a cgroup of version 2 below the root, without processes.
func cgroup(t *testing.T) string {
	t.Helper()
	for _, root := range []string{"/sys/fs/cgroup/unified", "/sys/fs/cgroup"} {
		var st unix.Statfs_t
		if unix.Statfs(root, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC {
			dir, err := os.MkdirTemp(root, "weir-test-")
			if err != nil {
				t.Skipf("no cgroup: %v", err)
			}
			t.Cleanup(func() { os.Remove(dir) })
			return dir
		}
	}
	t.Skip("cgroup v2 is not mounted")
	return ""
}

// TestReuseport has a program send every connection to one of two listeners of a port.
func TestReuseport(t *testing.T) {
	listen := func(port int) (fd, bound int) {
		t.Helper()
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		err = errors.Join(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1),
			unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port}), unix.Listen(fd, 16))
		if err != nil {
			t.Fatal(err)
		}
		at, err := unix.Getsockname(fd)
		if err != nil {
			t.Fatal(err)
		}
		return fd, at.(*unix.SockaddrInet4).Port
	}
	first, port := listen(0)
	second, _ := listen(port)
	m := newMap(t, &ebpf.MapSpec{Type: ebpf.ReusePortSockArray, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	p := loadSpec(t, &ebpf.ProgramSpec{Name: "p", Type: ebpf.SkReuseport, AttachType: ebpf.AttachSkReuseportSelect, License: "GPL", Instructions: asm.Instructions{
		asm.StoreImm(asm.RFP, -4, 0, asm.Word),
		asm.LoadMapPtr(asm.R2, m.FD()),
		asm.Mov.Reg(asm.R3, asm.RFP), asm.Add.Imm(asm.R3, -4),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnSkSelectReuseport.Call(),
		asm.Mov.Imm(asm.R0, 1), asm.Return(),
	}})
	l := attach(t, p, Socket{FD: first, Reuseport: true}, Options{}, 1)
	if l.Type() != "reuseport" {
		t.Error(l.Type())
	}
	for _, chosen := range []int{second, first} {
		if err := m.Kernel().Put(uint32(0), uint64(chosen)); err != nil {
			t.Fatal(err)
		}
		for range 8 {
			c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				t.Fatal(err)
			}
			fd, _, err := unix.Accept(chosen)
			c.Close()
			if err != nil {
				t.Fatalf("the connection went to the other listener: %v", err)
			}
			unix.Close(fd)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("a second close gives %v", err)
	}
}

// TestRefused attaches where a program or this kernel does not fit: the errors say what was tried.
func TestRefused(t *testing.T) {
	inNetns(t)
	skb, raw := load(t, ebpf.SchedCLS, 0, 0), load(t, ebpf.RawTracepoint, 0, 0)
	index := index(t, "wa")
	for _, c := range []struct {
		p      Program
		target Target
		o      Options
		want   string
	}{
		{skb, Netkit{Interface: index}, Options{}, "netkit|BPF_LINK_CREATE"}, // no such device
		{raw, Tracing{}, Options{}, "tracing by trampolines|type RawTracepoint"},
		{raw, LSM{}, Options{}, "LSM programs|type RawTracepoint"},
		{raw, Freplace{skb.ProgramHandle, "none"}, Options{}, "freplace"},
		{raw, Iterator{Cgroup: "/proc/none"}, Options{}, "cannot open cgroup /proc/none: no such file or directory"},
		{raw, Netns{"/proc/none"}, Options{}, "cannot open the network namespace /proc/none"},
		{raw, USDT{File: "/proc/none"}, Options{}, "uprobes: open /proc/none: no such file"},
		{raw, Uprobe{File: "/proc/none", Symbols: []string{"main"}}, Options{}, "/proc/none"},
		{raw, Netfilter{Hook: "input"}, Options{}, "expected netfilter"},
		{skb, Netkit{Interface: index}, Options{Cookie: 1}, "options.cookie has no meaning"},
		{raw, RawTracepoint{"sys_enter"}, Options{Flags: 1}, "options.flags has no meaning"},
		{skb, TC{Interface: index}, Options{ExpectedRevision: 1}, "options.expectedRevision are for tcx and netkit"},
		{skb, Socket{FD: 1 << 20}, Options{}, "setsockopt failed with errno = 9"},
	} {
		l, err := tryAttach(c.p, c.target, c.o, 1)
		if err == nil {
			t.Errorf("%T is attached", c.target)
			l.Close()
			continue
		}
		fits := false
		for want := range strings.SplitSeq(c.want, "|") {
			fits = fits || strings.Contains(err.Error(), want)
		}
		if !fits {
			t.Errorf("%T: %v, want %q", c.target, err, c.want)
		}
	}
	for name, call := range map[string]func() error{
		"ByID":      func() error { _, err := ByID(Kernel{}, 1<<31, 1); return err },
		"ByPath":    func() error { _, err := ByPath(Kernel{}, "/proc/none", 1); return err },
		"UpdateMap": func() error { return attach(t, raw, RawTracepoint{"sys_enter"}, Options{}, 1).UpdateMap(nil) },
	} {
		if err := call(); err == nil {
			t.Errorf("%s has no error", name)
		}
	}
}
