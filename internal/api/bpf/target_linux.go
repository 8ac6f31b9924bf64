package bpf

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"weir/internal/ebpf"
	"weir/internal/ebpf/link"
	"weir/internal/script"
)

// targetKey is a kind of target: the key that names it, the others it takes, and how it is read.
type targetKey struct {
	sig  string
	more []string
	read func(t *targetReader) link.Target
}

// targetReader reads the object that says where to attach.
type targetReader struct {
	*script.Options
	c     *script.Call
	value script.Value // under the key that names the kind
	err   error
}

var targetKeys map[string]targetKey

func targetNames() []string { return slices.Sorted(maps.Keys(targetKeys)) }

func init() {
	targetKeys = map[string]targetKey{
		"xdp": {"interface; mode: 'generic' | 'native' | 'offload'", []string{"mode"}, func(t *targetReader) link.Target {
			return link.XDP{Interface: t.device(), Mode: t.Enum("mode", "", "generic", "native", "offload")}
		}},
		"tcx": {"interface; direction: 'ingress' | 'egress'", []string{"direction"}, func(t *targetReader) link.Target {
			return link.TCX{Interface: t.device(), Egress: t.egress()}
		}},
		"netkit": {"interface; peer: boolean", []string{"peer"}, func(t *targetReader) link.Target {
			return link.Netkit{Interface: t.device(), Peer: t.Bool("peer", false)}
		}},
		"tc": {"interface; direction, priority, handle", []string{"direction", "priority", "handle"}, func(t *targetReader) link.Target {
			return link.TC{Interface: t.device(), Egress: t.egress(), Priority: uint16(t.number("priority", 0, 65535)),
				Handle: uint32(t.number("handle", 0, 1<<32-1))}
		}},
		"cgroup": {"path; multi: true", []string{"multi"}, func(t *targetReader) link.Target {
			if !t.Bool("multi", true) {
				t.Fail("multi", "true: links to cgroups always allow others; use bpf.attach for an exclusive one")
			}
			return link.Cgroup{Path: t.text("cgroup")}
		}},
		"netns": {"path | descriptor | 'self'", nil, func(t *targetReader) link.Target {
			if f, ok := t.value.Float(); ok {
				return link.Netns{Path: fmt.Sprintf("/proc/self/fd/%d", script.Truncate(f))}
			}
			path := t.text("netns")
			if path == "self" {
				path = "/proc/thread-self/ns/net"
			}
			return link.Netns{Path: path}
		}},
		"netfilter": {"'ipv4' | 'ipv6'; hook, priority, defrag", []string{"hook", "priority", "defrag"}, func(t *targetReader) link.Target {
			return link.Netfilter{IPv6: t.Enum("netfilter", "", "ipv4", "ipv6") == "ipv6", Hook: t.Str("hook", ""),
				Priority: int32(t.number("priority", -1<<31, 1<<31-1)), Defrag: t.Bool("defrag", false)}
		}},
		"map": {"Map of sockets", nil, func(t *targetReader) link.Target {
			m, ok := t.mapOf("map", t.value)
			if !ok {
				return nil
			}
			return link.SocketMap{Map: m.Handle()}
		}},
		"socket": {"Socket", nil, func(t *targetReader) link.Target { return link.Socket{FD: t.fd("socket")} }},
		"reuseport": {"Socket", nil, func(t *targetReader) link.Target {
			return link.Socket{FD: t.fd("reuseport"), Reuseport: true}
		}},
		"kprobe": {"function | function[]; offset, ret, session", []string{"offset", "ret", "session"}, func(t *targetReader) link.Target {
			symbols, multi := t.texts("kprobe", t.value)
			return link.Kprobe{Symbols: symbols, Multi: multi, Offset: t.number("offset", 0, 1<<53), Return: t.Bool("ret", false),
				Session: t.Bool("session", false)}
		}},
		"uprobe": {"file; symbol | symbols | offset, pid, ret", []string{"symbol", "symbols", "offset", "pid", "ret"}, func(t *targetReader) link.Target {
			u := link.Uprobe{File: t.text("uprobe"), Offset: t.number("offset", 0, 1<<53), PID: t.Int("pid", 0), Return: t.Bool("ret", false)}
			if s := t.Str("symbol", ""); s != "" {
				u.Symbols = []string{s}
			}
			if v := t.Value("symbols"); !v.IsUndefined() {
				u.Symbols, _ = t.texts("symbols", v)
				u.Multi = true
			}
			if len(u.Symbols) == 0 && t.Value("offset").IsUndefined() {
				t.Fail("symbol", "a string, unless symbols or offset are given")
			}
			return u
		}},
		"usdt": {"file; provider, name, pid", []string{"provider", "name", "pid"}, func(t *targetReader) link.Target {
			return link.USDT{File: t.text("usdt"), Provider: t.Str("provider", ""), Name: t.Str("name", ""), PID: t.Int("pid", 0)}
		}},
		"tracepoint":    {"'group/name'", nil, func(t *targetReader) link.Target { return link.Tracepoint{Name: t.text("tracepoint")} }},
		"rawTracepoint": {"name", nil, func(t *targetReader) link.Target { return link.RawTracepoint{Name: t.text("rawTracepoint")} }},
		"perfEvent": {"{ type, config, freq | period, pid?, cpu? }", nil, func(t *targetReader) link.Target {
			if err := checkKeys(t.c.Realm, t.value, "target.perfEvent", "type", "config", "freq", "period", "pid", "cpu"); err != nil {
				return t.abort(err)
			}
			o := t.Sub("perfEvent")
			e := link.PerfEvent{Type: uint32(o.Int("type", 0)), Config: uint64(o.Int("config", 0)), Frequency: uint64(o.Int("freq", 0)),
				Period: uint64(o.Int("period", 0)), PID: o.Int("pid", 0)}
			cpu := 0
			if e.PID != 0 {
				cpu = -1
			}
			e.CPU = o.Int("cpu", cpu)
			if o.Err() == nil && (e.Frequency == 0) == (e.Period == 0) {
				o.Fail("freq", "a number, unless period is given")
			}
			if o.Err() != nil {
				return t.abort(o.Err())
			}
			return e
		}},
		"tracing": {"true", nil, func(t *targetReader) link.Target { return t.true("tracing", link.Tracing{}) }},
		"lsm":     {"true", nil, func(t *targetReader) link.Target { return t.true("lsm", link.LSM{}) }},
		"freplace": {"Program; function", []string{"function"}, func(t *targetReader) link.Target {
			p, ok := ProgramOf(t.c.Realm, t.value)
			if !ok || !p.Loaded() {
				t.Fail("freplace", "a Program that is loaded")
				return nil
			}
			return link.Freplace{Program: p.Handle(), Function: t.Str("function", "")}
		}},
		"iterator": {"{ map?, cgroup?, task? }", nil, func(t *targetReader) link.Target {
			if t.c.Truthy(t.value) && !t.value.IsObject() {
				return link.Iterator{}
			}
			if err := checkKeys(t.c.Realm, t.value, "target.iterator", "map", "cgroup", "task"); err != nil {
				return t.abort(err)
			}
			o := t.Sub("iterator")
			it := link.Iterator{Cgroup: o.Str("cgroup", ""), Task: o.Int("task", 0)}
			if v := o.Value("map"); !v.IsUndefined() {
				if m, ok := t.mapOf("iterator.map", v); ok {
					it.Map = m.Handle()
				}
			}
			if o.Err() != nil {
				return t.abort(o.Err())
			}
			return it
		}},
		"structOps": {"Map", nil, func(t *targetReader) link.Target {
			m, ok := t.mapOf("structOps", t.value)
			if !ok {
				return nil
			}
			return link.StructOps{Map: m.Handle()}
		}},
	}
	for _, n := range targetNames() {
		Namespace.Extra = append(Namespace.Extra, script.Row{Path: "option:bpf.Program#attach." + n, Kind: "option", Signature: targetKeys[n].sig})
	}
}

// abort fails with an error of its own wording.
func (t *targetReader) abort(err error) link.Target {
	t.err = err
	return nil
}

func (t *targetReader) device() int {
	n, err := interfaceOf(t.c.Realm, t.value)
	if err != nil {
		t.Fail("interface", "the name or index of one: "+err.Error())
	}
	return n
}

func interfaceOf(r *script.Realm, v script.Value) (int, error) {
	back := StateOf(r).Gen.Backend
	if s, ok := r.AsString(v); ok {
		return back.Interface(s)
	}
	f, ok := r.NumberOf(v)
	if !ok || f < 1 {
		return 0, errors.New("an interface is given by name or index")
	}
	return back.Interface(strconv.Itoa(script.Truncate(f)))
}

func (t *targetReader) egress() bool {
	d := t.Enum("direction", "", "ingress", "egress")
	if d == "" {
		t.Fail("direction", "'ingress'", "'egress'")
	}
	return d == "egress"
}

func (t *targetReader) number(name string, low, high float64) uint64 {
	f := t.Number(name, 0)
	if f < low || f > high {
		t.Fail(name, fmt.Sprintf("a number from %.0f to %.0f", low, high))
		return 0
	}
	return uint64(int64(f))
}

func (t *targetReader) text(name string) string {
	s, ok := t.c.AsString(t.value)
	if !ok || s == "" {
		t.Fail(name, "a string")
	}
	return s
}

// texts reads a string or an array of strings; many says that it was an array.
func (t *targetReader) texts(name string, v script.Value) (list []string, many bool) {
	if s, ok := t.c.AsString(v); ok && s != "" {
		return []string{s}, false
	}
	if t.c.IsArray(v) {
		values, err := t.c.Elements(v)
		for _, v := range values {
			if s, ok := t.c.AsString(v); ok && s != "" {
				list = append(list, s)
			}
		}
		if err == nil && len(list) == len(values) && len(list) > 0 {
			return list, true
		}
	}
	t.Fail(name, "a string", "an array of strings")
	return nil, false
}

func (t *targetReader) fd(name string) int {
	fd, ok := FDOf(t.c.Realm, t.value)
	if !ok || fd <= 0 {
		t.Fail(name, "a Socket or a descriptor")
	}
	return fd
}

func (t *targetReader) mapOf(name string, v script.Value) (*ebpf.Map, bool) {
	m, ok := MapOf(t.c.Realm, v)
	if ok && m.Create() == nil {
		return m, true
	}
	t.Fail(name, "a Map")
	return nil, false
}

func (t *targetReader) true(name string, target link.Target) link.Target {
	if !t.c.Truthy(t.value) {
		t.Fail(name, "true")
	}
	return target
}

func programAttach(c *script.Call) (script.Value, error) {
	p := script.This[*ebpf.Program](c)
	s, err := backend(c.Realm)
	if err != nil {
		return script.Undefined, err
	}
	target, err := targetOf(c, p)
	if err != nil {
		return script.Undefined, err
	}
	var k link.Program
	if _, table := target.(link.StructOps); !table {
		if k, err = link.Of(p); err != nil {
			return script.Undefined, err
		}
	}
	o, err := linkOptions(c)
	if err != nil {
		return script.Undefined, err
	}
	l, err := link.Attach(s.Gen.Backend, k, target, o, s.Gen)
	if err != nil {
		return script.Undefined, err
	}
	return newLink(c.Realm, s.Gen, l, c.Hold(c.This)), nil
}

func targetOf(c *script.Call, p *ebpf.Program) (link.Target, error) {
	v := c.Arg(0)
	if v.IsNullish() {
		return sectionTarget(p)
	}
	if !v.IsObject() {
		return nil, script.ArgError(0, "an object")
	}
	names, err := c.Keys(v)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		k, ok := targetKeys[n]
		if !ok {
			continue
		}
		if err := checkKeys(c.Realm, v, "target", append([]string{n}, k.more...)...); err != nil {
			return nil, err
		}
		value, err := c.Get(v, n)
		if err != nil {
			return nil, err
		}
		t := &targetReader{Options: c.Options(v), c: c, value: value}
		target := k.read(t)
		if t.err != nil {
			return nil, t.err
		}
		return target, t.Err()
	}
	return nil, fmt.Errorf("the target has none of %s", strings.Join(targetNames(), ", "))
}

// sectionTarget is the target that the name of a section tells whole.
func sectionTarget(p *ebpf.Program) (link.Target, error) {
	kind, rest, _ := strings.Cut(strings.TrimPrefix(p.Section, "?"), "/")
	kind = strings.TrimSuffix(kind, ".s")
	switch kind {
	case "fentry", "fexit", "fmod_ret", "tp_btf":
		return link.Tracing{}, nil
	case "lsm":
		return link.LSM{}, nil
	case "iter":
		return link.Iterator{}, nil
	}
	if rest != "" {
		switch kind {
		case "tp", "tracepoint":
			return link.Tracepoint{Name: rest}, nil
		case "raw_tp", "raw_tracepoint", "raw_tp.w", "raw_tracepoint.w":
			return link.RawTracepoint{Name: rest}, nil
		case "kprobe", "kretprobe":
			return link.Kprobe{Symbols: []string{rest}, Return: kind == "kretprobe"}, nil
		case "uprobe", "uretprobe":
			if i := strings.LastIndexByte(rest, ':'); i > 0 {
				return link.Uprobe{File: rest[:i], Symbols: []string{rest[i+1:]}, Return: kind == "uretprobe"}, nil
			}
		case "usdt":
			if parts := strings.Split(rest, ":"); len(parts) == 3 {
				return link.USDT{File: parts[0], Provider: parts[1], Name: parts[2]}, nil
			}
		}
	}
	return nil, fmt.Errorf("the section %q does not say where to attach: give a target with one of %s", p.Section, strings.Join(targetNames(), ", "))
}

func linkOptions(c *script.Call) (l link.Options, err error) {
	v := c.Arg(1)
	err = checkKeys(c.Realm, v, "options", "cookie", "flags", "anchor", "expectedRevision")
	if err != nil || v.IsNullish() {
		return l, err
	}
	o := c.Options(v)
	l.Cookie = uint64(o.Int("cookie", 0))
	if l.Flags, err = flagsOption(c, o, attachFlags); err != nil {
		return l, err
	}
	l.ExpectedRevision = uint64(o.Int("expectedRevision", 0))
	anchor := o.Value("anchor")
	if anchor.IsUndefined() {
		return l, o.Err()
	}
	if s, ok := c.AsString(anchor); ok {
		l.Anchor, err = link.AnchorAt(s, nil, 0)
		return l, err
	}
	if err := checkKeys(c.Realm, anchor, "options.anchor", "before", "after", "replace"); err != nil {
		return l, err
	}
	names, err := c.Keys(anchor)
	if err != nil || len(names) != 1 {
		return l, errors.New("options.anchor expects 'head', 'tail' or an object with one of before, after, replace")
	}
	at, err := c.Get(anchor, names[0])
	if err != nil {
		return l, err
	}
	if x, ok := script.As[*linkObject](c.Realm, at); ok {
		l.Anchor, err = link.AnchorAt(names[0], x.Link, 0)
	} else if p, ok := ProgramOf(c.Realm, at); ok {
		k, err := link.Of(p)
		if err != nil {
			return l, err
		}
		l.Anchor, err = link.AnchorAt(names[0], k.ProgramHandle, 0)
		return l, err
	} else if id, ok := c.NumberOf(at); ok {
		l.Anchor, err = link.AnchorAt(names[0], nil, uint32(script.Truncate(id)))
	} else {
		err = fmt.Errorf("options.anchor.%s expects a Program, a Link or the id of a program", names[0])
	}
	return l, err
}
