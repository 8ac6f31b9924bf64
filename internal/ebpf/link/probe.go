//go:build linux

package link

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// Kprobe is the entry of functions of the kernel, or their return.
type Kprobe struct {
	Symbols []string
	Multi   bool   // one link for all symbols
	Offset  uint64 // into the function, in bytes
	Return  bool
	Session bool // the program runs at entry and return
}

func (t Kprobe) about() traits {
	a := traits{kind: "perf_event", call: "perf_event_open", what: "kprobes", cookie: true}
	if t.Multi || t.Session {
		a.kind, a.call, a.what = "kprobe_multi", "", "kprobe.multi links"
		if t.Offset != 0 {
			a.err = errors.New("offset is for a single kprobe")
		}
	}
	return a
}

func (t Kprobe) attach(p program, o Options) (handle, error) {
	h, err := t.probe(p, o)
	if err != nil && !t.Multi && !t.Session {
		// Without kprobes the kernel has no such device either; with them a symbol may be unknown.
		if _, missing := os.Stat("/sys/bus/event_source/devices/kprobe"); missing != nil {
			return nil, fmt.Errorf("%w: %w", ebpf.ErrNotSupported, err)
		}
	}
	return h, err
}

func (t Kprobe) probe(p program, o Options) (handle, error) {
	if !t.Multi && !t.Session {
		k := &link.KprobeOptions{Cookie: o.Cookie, Offset: t.Offset}
		if t.Return {
			return link.Kretprobe(t.Symbols[0], p.Program, k)
		}
		return link.Kprobe(t.Symbols[0], p.Program, k)
	}
	k := link.KprobeMultiOptions{Symbols: t.Symbols, Session: t.Session, Cookies: cookies(o.Cookie, len(t.Symbols))}
	if t.Return {
		return link.KretprobeMulti(p.Program, k)
	}
	return link.KprobeMulti(p.Program, k)
}

func (t Kprobe) hook(Program) (string, bool) { return "", false }

func cookies(c uint64, n int) []uint64 {
	if c == 0 {
		return nil
	}
	list := make([]uint64, n)
	for i := range list {
		list[i] = c
	}
	return list
}

// Uprobe is the entry of functions of an executable or a library, or their return.
type Uprobe struct {
	File    string
	Symbols []string // or an offset alone
	Multi   bool
	Offset  uint64 // from the symbol; without symbols from the start of the file
	PID     int    // 0: every process
	Return  bool

	counter uint64 // offset of the semaphore of a static probe in the file
}

func (t Uprobe) about() traits {
	if t.Multi {
		return traits{kind: "uprobe_multi", what: "uprobe.multi links", cookie: true}
	}
	return traits{kind: "perf_event", call: "perf_event_open", what: "uprobes", cookie: true}
}

func (t Uprobe) attach(p program, o Options) (handle, error) {
	file, err := link.OpenExecutable(t.File)
	if err != nil {
		return nil, fmt.Errorf("%v", err) // it is no failure of the call
	}
	if t.Multi {
		m := &link.UprobeMultiOptions{PID: uint32(t.PID)}
		if len(t.Symbols) == 0 {
			m.Addresses = []uint64{t.Offset}
		} else if t.Offset != 0 {
			m.Offsets = make([]uint64, len(t.Symbols))
			for i := range m.Offsets {
				m.Offsets[i] = t.Offset
			}
		}
		m.Cookies = cookies(o.Cookie, max(1, len(t.Symbols)))
		if t.Return {
			return file.UretprobeMulti(t.Symbols, p.Program, m)
		}
		return file.UprobeMulti(t.Symbols, p.Program, m)
	}
	u := &link.UprobeOptions{PID: t.PID, Offset: t.Offset, Cookie: o.Cookie, RefCtrOffset: t.counter}
	symbol := ""
	if len(t.Symbols) > 0 {
		symbol = t.Symbols[0]
	} else {
		u.Address, u.Offset = t.Offset, 0
	}
	if t.Return {
		return file.Uretprobe(symbol, p.Program, u)
	}
	return file.Uprobe(symbol, p.Program, u)
}

func (t Uprobe) hook(Program) (string, bool) { return "", false }

// Tracepoint is a trace point of the kernel as tracefs lists it: group/name.
type Tracepoint struct{ Name string }

func (t Tracepoint) about() traits {
	a := traits{kind: "perf_event", call: "perf_event_open", what: "tracepoint " + t.Name, subject: "tracepoint " + t.Name, cookie: true}
	if group, name, ok := strings.Cut(t.Name, "/"); !ok || group == "" || name == "" {
		a.err = fmt.Errorf("tracepoint is %q: use group/name, as in /sys/kernel/tracing/events", t.Name)
	}
	return a
}

func (t Tracepoint) attach(p program, o Options) (handle, error) {
	group, name, _ := strings.Cut(t.Name, "/")
	return link.Tracepoint(group, name, p.Program, &link.TracepointOptions{Cookie: o.Cookie})
}

func (t Tracepoint) hook(Program) (string, bool) { return "", false }

// RawTracepoint is a trace point with the arguments of the kernel.
type RawTracepoint struct{ Name string }

func (t RawTracepoint) about() traits {
	return traits{kind: "raw_tracepoint", what: "raw tracepoints", call: "BPF_RAW_TRACEPOINT_OPEN"}
}

func (t RawTracepoint) attach(p program, o Options) (handle, error) {
	return link.AttachRawTracepoint(link.RawTracepointOptions{Name: t.Name, Program: p.Program})
}

func (t RawTracepoint) hook(Program) (string, bool) { return "", false }

// PerfEvent is a counter of perf_event_open, whose every overflow runs the program.
type PerfEvent struct {
	Type      uint32
	Config    uint64
	Frequency uint64 // per second
	Period    uint64 // events, if there is no frequency
	PID       int    // 0: every process
	CPU       int    // -1: any, for a process
}

func (t PerfEvent) about() traits {
	return traits{kind: "perf_event", what: "perf events", call: "perf_event_open"}
}

func (t PerfEvent) attach(p program, o Options) (handle, error) {
	attr := unix.PerfEventAttr{Type: t.Type, Config: t.Config, Sample: t.Period}
	attr.Size = uint32(unix.PERF_ATTR_SIZE_VER8)
	if t.Frequency != 0 {
		attr.Sample, attr.Bits = t.Frequency, unix.PerfBitFreq
	}
	pid := t.PID
	if pid == 0 {
		pid = -1
	}
	fd, err := unix.PerfEventOpen(&attr, pid, t.CPU, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	l, err := rawLink(link.RawLinkOptions{Target: fd, Program: p.Program, Attach: ebpf.AttachPerfEvent})
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &eventLink{l.(*link.RawLink), fd}, nil
}

func (t PerfEvent) hook(Program) (string, bool) { return "", false }

// eventLink closes the event with its link.
type eventLink struct {
	*link.RawLink
	fd int
}

func (l *eventLink) Close() error { return errors.Join(l.RawLink.Close(), unix.Close(l.fd)) }
