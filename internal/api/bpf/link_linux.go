package bpf

import (
	"errors"

	"weir/internal/ebpf"
	"weir/internal/ebpf/link"
	"weir/internal/script"
)

func init() {
	wraps = append(wraps, func(r *script.Realm, s ebpf.Shared) (script.Value, bool) {
		l, ok := s.(*link.Shared)
		if !ok {
			return script.Undefined, false
		}
		g := StateOf(r).Gen
		g.Disown(l) // the object is owned instead
		return newLink(r, g, l.Link, nil), true
	})
	linkClass.Statics = []script.Method{
		{Name: "list", Sig: "list(): LinkInfo[]", Fn: func(c *script.Call) (script.Value, error) {
			s, err := backend(c.Realm)
			if err != nil {
				return script.Undefined, err
			}
			list, err := s.Gen.Backend.ListLinks()
			if err != nil {
				return script.Undefined, err
			}
			a := c.NewArray()
			for i, l := range list {
				if err := c.SetIndex(a, i, c.FromGo(linkInfo(l))); err != nil {
					return script.Undefined, err
				}
			}
			return a, nil
		}},
		{Name: "open", Sig: "open(id: number): Link", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			id, err := c.Int(0)
			if err != nil {
				return script.Undefined, err
			}
			return openLink(c, func(g *ebpf.Generation) (*link.Link, error) { return link.ByID(g.Backend, uint32(id), g) })
		}},
		{Name: "get", Sig: "get(path: string): Link", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			path, err := c.Str(0)
			if err != nil {
				return script.Undefined, err
			}
			return openLink(c, func(g *ebpf.Generation) (*link.Link, error) { return link.ByPath(g.Backend, path, g) })
		}},
	}
	Namespace.Methods = append(Namespace.Methods,
		script.Method{Name: "attach", Sig: "attach(attachType: string | number, fd: number | Program, target?: string | number | Map, options?: object): undefined", Length: 3, Fn: attachRaw},
		script.Method{Name: "detach", Sig: "detach(attachType: string | number, fd: number | Program, target?: string | number | Map): undefined", Length: 3, Fn: detachRaw},
		script.Method{Name: "query", Sig: "query(target: string | number | Map, attachType: string | number): { programs: { id, linkId }[], revision }", Length: 2, Fn: query},
		script.Method{Name: "trace", Sig: "trace(pipeline: function | Pipeline): { close() }", Length: 1, Fn: trace})
	Namespace.Classes = append(Namespace.Classes, linkClass)
	ProgramClass.Methods = append(ProgramClass.Methods,
		script.Method{Name: "attach", Sig: "attach(target?: object, options?: { cookie?, flags?, anchor?, expectedRevision? }): Link", Length: 2, Fn: programAttach},
		script.Method{Name: "stdout", Sig: "stdout(pipeline: function | Pipeline): { close() }", Length: 1, Fn: programStdout})
	MapClass.Methods = append(MapClass.Methods,
		script.Method{Name: "listen", Sig: "listen(options?: { type?, pages?, wakeup?, watermark?, overwrite?, maxPending?, maxPendingSize? }, pipeline: function | Pipeline): { close() }", Length: 2, Fn: mapListen},
		script.Method{Name: "produce", Sig: "produce(record: Data | object, options?: { type? }): boolean", Length: 2, Fn: mapProduce})
}

// linkObject is the Go value of a bpf.Link.
type linkObject struct {
	*link.Link
	gen     *ebpf.Generation
	program *script.Ref // the Program; nil for a link that was found
}

// Shared implements sharer.
func (l *linkObject) Shared() ebpf.Shared { return &link.Shared{Link: l.Link} }

// Close lets the hook go at the end of the generation.
func (l *linkObject) Close() error { return l.Release() }

var linkClass = &script.Class{
	Name: "Link", Path: "bpf.Link", Sig: "new bpf.Link(): null",
	Make: func(*script.Call) (script.Value, error) { return script.Null, nil },
	Props: []script.Prop{
		{Name: "id", Sig: "number (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return script.Number(float64(script.This[*linkObject](c).ID())), nil
		}},
		{Name: "fd", Sig: "number (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return script.Int(script.This[*linkObject](c).FD()), nil
		}},
		{Name: "type", Sig: "string (read-only)", Get: func(c *script.Call) (script.Value, error) {
			return c.String(script.This[*linkObject](c).Type()), nil
		}},
		{Name: "program", Sig: "Program | null (read-only)", Get: linkProgram},
	},
	Methods: []script.Method{
		{Name: "update", Sig: "update(program: Program | Map, options?: { old?: Program }): undefined", Length: 2, Fn: linkUpdate},
		{Name: "pin", Sig: "pin(path: string): undefined", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			path, err := c.Str(0)
			if err != nil {
				return script.Undefined, err
			}
			return script.Undefined, script.This[*linkObject](c).Pin(path)
		}},
		{Name: "unpin", Sig: "unpin(): undefined", Fn: func(c *script.Call) (script.Value, error) {
			return script.Undefined, script.This[*linkObject](c).Unpin()
		}},
		{Name: "detach", Sig: "detach(): undefined", Fn: func(c *script.Call) (script.Value, error) {
			return script.Undefined, script.This[*linkObject](c).Detach()
		}},
		{Name: "close", Sig: "close(): undefined", Fn: func(c *script.Call) (script.Value, error) {
			l := script.This[*linkObject](c)
			l.gen.Disown(l)
			return script.Undefined, l.Link.Close()
		}},
		{Name: "info", Sig: "info(): { id, type, program, ... }", Fn: func(c *script.Call) (script.Value, error) {
			i, err := script.This[*linkObject](c).Info()
			if err != nil {
				return script.Undefined, err
			}
			return c.FromGo(linkInfo(i)), nil
		}},
		{Name: "read", Sig: "read(pipeline: function | Pipeline): { close() }", Length: 1, Fn: linkRead},
	},
}

func openLink(c *script.Call, open func(*ebpf.Generation) (*link.Link, error)) (script.Value, error) {
	s, err := backend(c.Realm)
	if err != nil {
		return script.Undefined, err
	}
	l, err := open(s.Gen)
	if err != nil {
		return script.Undefined, err
	}
	return newLink(c.Realm, s.Gen, l, nil), nil
}

func newLink(r *script.Realm, g *ebpf.Generation, l *link.Link, program *script.Ref) script.Value {
	o := &linkObject{l, g, program}
	g.Own(o)
	return r.NewObjectOf(linkClass, o)
}

func linkInfo(i ebpf.LinkInfo) script.Object {
	o := script.Object{{Name: "id", Value: float64(i.ID)}, {Name: "type", Value: i.Type}, {Name: "program", Value: float64(i.Program)}}
	for _, f := range i.Target {
		v := f.Value
		switch n := v.(type) {
		case uint32:
			v = float64(n)
		case uint64:
			v = float64(n)
		case int64:
			v = float64(n)
		}
		o = append(o, script.Pair{Name: f.Name, Value: v})
	}
	return o
}

// linkProgram opens the program of a link that was found; the object stays the same afterwards.
func linkProgram(c *script.Call) (script.Value, error) {
	l := script.This[*linkObject](c)
	if l.program == nil {
		i, err := l.Info()
		if err != nil || i.Program == 0 {
			return script.Null, err
		}
		p, err := ebpf.OpenProgram(l.gen, i.Program)
		if err != nil {
			return script.Undefined, err
		}
		l.program = c.Hold(NewProgram(c.Realm, p))
	}
	return l.program.Value(), nil
}

func linkUpdate(c *script.Call) (script.Value, error) {
	l := script.This[*linkObject](c)
	if m, ok := MapOf(c.Realm, c.Arg(0)); ok {
		if err := m.Create(); err != nil {
			return script.Undefined, err
		}
		return script.Undefined, l.UpdateMap(m.Handle())
	}
	p, ok := ProgramOf(c.Realm, c.Arg(0))
	if !ok {
		return script.Undefined, script.ArgError(0, "a Program or, for struct_ops, a Map")
	}
	if err := checkKeys(c.Realm, c.Arg(1), "options", "old"); err != nil {
		return script.Undefined, err
	}
	k, err := link.Of(p)
	if err != nil {
		return script.Undefined, err
	}
	var old link.Program
	if v := c.Options(c.Arg(1)).Value("old"); !v.IsUndefined() {
		q, ok := ProgramOf(c.Realm, v)
		if !ok {
			return script.Undefined, errors.New("options.old expects a Program")
		}
		if old, err = link.Of(q); err != nil {
			return script.Undefined, err
		}
	}
	if err := l.Update(k.ProgramHandle, old.ProgramHandle); err != nil {
		return script.Undefined, err
	}
	l.program = c.Hold(c.Arg(0))
	return script.Undefined, nil
}

// attachTypeArg reads an attach type.
func attachTypeArg(c *script.Call, i int) (uint32, error) {
	if s, ok := c.AsString(c.Arg(i)); ok {
		t, ok := ebpf.ParseAttachType(s)
		if !ok {
			return 0, errAttachType
		}
		return t, nil
	}
	f, ok := c.NumberOf(c.Arg(i))
	if !ok {
		return 0, script.ArgError(i, "a number or a string")
	}
	return uint32(script.Truncate(f)), nil
}

// rawTarget reads the target of the calls that take descriptors: the path of a cgroup, which done closes, or a descriptor.
func rawTarget(c *script.Call, b ebpf.Backend, i int) (fd int, done func(), err error) {
	if s, ok := c.AsString(c.Arg(i)); ok {
		fd, err := b.OpenPath(s)
		return fd, func() { b.CloseFD(fd) }, err
	}
	fd, ok := FDOf(c.Realm, c.Arg(i))
	if !ok {
		return 0, nil, script.ArgError(i, "a number or a string")
	}
	return fd, func() {}, nil
}

var attachFlags = map[string]uint32{"override": 1, "multi": 2, "replace": 4, "before": 8, "after": 16}

func attachRaw(c *script.Call) (script.Value, error) {
	return script.Undefined, raw(c, ebpf.Backend.AttachRaw)
}

func detachRaw(c *script.Call) (script.Value, error) {
	return script.Undefined, raw(c, ebpf.Backend.DetachRaw)
}

func raw(c *script.Call, command func(ebpf.Backend, ebpf.Raw) error) error {
	var r ebpf.Raw
	var err error
	if r.Type, err = attachTypeArg(c, 0); err != nil {
		return err
	}
	var ok bool
	if r.Program, ok = FDOf(c.Realm, c.Arg(1)); !ok {
		return script.ArgError(1, "a number")
	}
	s, err := backend(c.Realm)
	if err != nil {
		return err
	}
	if len(c.Args) > 2 {
		fd, done, err := rawTarget(c, s.Gen.Backend, 2)
		if err != nil {
			return err
		}
		defer done()
		r.Target = fd
	}
	if err := rawOptions(c, &r); err != nil {
		return err
	}
	return command(s.Gen.Backend, r)
}

func rawOptions(c *script.Call, r *ebpf.Raw) error {
	v := c.Arg(3)
	err := checkKeys(c.Realm, v, "options", "flags", "replace", "before", "after")
	if err != nil || v.IsNullish() {
		return err
	}
	o := c.Options(v)
	if r.Flags, err = flagsOption(c, o, attachFlags); err != nil {
		return err
	}
	for _, n := range []string{"replace", "before", "after"} {
		at := o.Value(n)
		if at.IsUndefined() {
			continue
		}
		fd, ok := FDOf(c.Realm, at)
		if !ok {
			return errors.New("options." + n + " expects a Program, a Link or a descriptor")
		}
		r.Flags |= attachFlags[n]
		if n == "replace" {
			r.Replace = fd
		} else {
			r.Relative = fd
			if _, isLink := script.As[*linkObject](c.Realm, at); isLink {
				r.Flags |= 1 << 13 // BPF_F_LINK
			}
		}
	}
	return o.Err()
}

// flagsOption reads options.flags: a number, or an array of names.
func flagsOption(c *script.Call, o *script.Options, names map[string]uint32) (flags uint32, err error) {
	v := o.Value("flags")
	if !c.IsArray(v) {
		return uint32(o.Int("flags", 0)), o.Err()
	}
	list, err := c.Elements(v)
	for _, n := range list {
		s, _ := c.AsString(n)
		bit, ok := names[s]
		if !ok {
			return 0, errors.New("options.flags: unknown flag " + s)
		}
		flags |= bit
	}
	return flags, err
}

func query(c *script.Call) (script.Value, error) {
	at, err := attachTypeArg(c, 1)
	if err != nil {
		return script.Undefined, err
	}
	s, err := backend(c.Realm)
	if err != nil {
		return script.Undefined, err
	}
	var target int
	if byInterface[ebpf.AttachTypeName(at)] {
		if target, err = interfaceOf(c.Realm, c.Arg(0)); err != nil {
			return script.Undefined, err
		}
	} else {
		fd, done, err := rawTarget(c, s.Gen.Backend, 0)
		if err != nil {
			return script.Undefined, err
		}
		defer done()
		target = fd
	}
	list, revision, err := s.Gen.Backend.Query(target, at)
	if err != nil {
		return script.Undefined, err
	}
	programs := make([]any, len(list))
	for i, p := range list {
		programs[i] = script.Object{{Name: "id", Value: float64(p.Program)}, {Name: "linkId", Value: float64(p.Link)}}
	}
	return c.FromGo(script.Object{{Name: "programs", Value: programs}, {Name: "revision", Value: float64(revision)}}), nil
}

var byInterface = map[string]bool{"BPF_TCX_INGRESS": true, "BPF_TCX_EGRESS": true, "BPF_NETKIT_PRIMARY": true, "BPF_NETKIT_PEER": true}
