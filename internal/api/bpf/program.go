package bpf

import (
	"errors"

	"weir/internal/ebpf"
	"weir/internal/script"
)

// ProgramClass is the class bpf.Program. Its Go value is a *ebpf.Program.
var ProgramClass = &script.Class{
	Name: "Program", Path: "bpf.Program", Sig: "new bpf.Program(): null",
	Make: func(*script.Call) (script.Value, error) { return script.Null, nil },
}

func init() {
	ProgramClass.Props = []script.Prop{
		programProp("name", "string", func(p *ebpf.Program) any { return p.Name }),
		programProp("size", "number", func(p *ebpf.Program) any { return p.Size }),
		programProp("fd", "number", func(p *ebpf.Program) any { return p.FD() }),
		programProp("id", "number", func(p *ebpf.Program) any { return int(p.ID()) }),
		programProp("type", "number", func(p *ebpf.Program) any { return int(p.Type) }),
		programProp("attachType", "number", func(p *ebpf.Program) any { return int(p.AttachType) }),
		programProp("section", "string", func(p *ebpf.Program) any { return p.Section }),
		programProp("license", "string", func(p *ebpf.Program) any { return p.License }),
		programProp("tag", "string", func(p *ebpf.Program) any { return p.Tag() }),
		programProp("log", "string[]", func(p *ebpf.Program) any { return p.Log() }),
		programProp("loaded", "boolean", func(p *ebpf.Program) any { return p.Loaded() }),
	}
	ProgramClass.Methods = append(ProgramClass.Methods, []script.Method{
		{Name: "load", Sig: "load(type?: string | number, attachType?: string | number, options?: object): Program", Length: 2, Fn: programLoad},
		{Name: "run", Sig: "run(options?: { data?: Data, dataOut?: number, context?: Data | object, contextOut?: number, repeat?, cpu?, flags?, batchSize? }): { retval, data, context, duration }", Length: 1, Fn: programRun},
		{Name: "info", Sig: "info(): ProgramInfo", Fn: func(c *script.Call) (script.Value, error) {
			i, err := script.This[*ebpf.Program](c).Info()
			if err != nil {
				return script.Undefined, err
			}
			return programInfo(c.Realm, i), nil
		}},
		{Name: "stats", Sig: "stats(): { runTime, runCount, recursionMisses }", Fn: func(c *script.Call) (script.Value, error) {
			s, err := script.This[*ebpf.Program](c).Stats()
			if err != nil {
				return script.Undefined, err
			}
			return c.FromGo(script.Object{{Name: "runTime", Value: s.RunTime.Seconds()}, {Name: "runCount", Value: s.RunCount},
				{Name: "recursionMisses", Value: s.RecursionMisses}}), nil
		}},
		{Name: "pin", Sig: "pin(path: string): undefined", Length: 1, Fn: pinning((*ebpf.Program).Pin)},
		{Name: "unpin", Sig: "unpin(): undefined", Fn: action((*ebpf.Program).Unpin)},
		{Name: "close", Sig: "close(): undefined", Fn: action((*ebpf.Program).Close)},
	}...)
	ProgramClass.Statics = []script.Method{
		{Name: "list", Sig: "list(): ProgramInfo[]", Fn: listing(ebpf.ListPrograms, programInfo)},
		{Name: "open", Sig: "open(id: number): Program", Length: 1, Fn: number(func(c *script.Call, s *State, id uint32) (script.Value, error) {
			p, err := ebpf.OpenProgram(s.Gen, id)
			return foundProgram(c.Realm, p, err)
		})},
		{Name: "get", Sig: "get(path: string): Program", Length: 1, Fn: path(1, func(c *script.Call, s *State, path string) (script.Value, error) {
			p, err := ebpf.PinnedProgram(s.Gen, path)
			return foundProgram(c.Realm, p, err)
		})},
	}
}

func foundProgram(r *script.Realm, p *ebpf.Program, err error) (script.Value, error) {
	if err != nil {
		return script.Undefined, err
	}
	return NewProgram(r, p), nil
}

// NewProgram returns the script object of a program.
func NewProgram(r *script.Realm, p *ebpf.Program) script.Value { return r.NewObjectOf(ProgramClass, p) }

// ProgramOf returns the program a script object stands for.
func ProgramOf(r *script.Realm, v script.Value) (*ebpf.Program, bool) {
	return script.As[*ebpf.Program](r, v)
}

func programProp(name, sig string, get func(*ebpf.Program) any) script.Prop {
	return script.Prop{Name: name, Sig: sig + " (read-only)", Get: func(c *script.Call) (script.Value, error) {
		return c.FromGo(get(script.This[*ebpf.Program](c))), nil
	}}
}

func programInfo(r *script.Realm, i ebpf.ProgramInfo) script.Value {
	ids := make([]any, len(i.MapIDs))
	for n, id := range i.MapIDs {
		ids[n] = int(id)
	}
	return r.FromGo(script.Object{{Name: "id", Value: int(i.ID)}, {Name: "type", Value: int(i.Type)}, {Name: "name", Value: i.Name},
		{Name: "tag", Value: i.Tag}, {Name: "loadTime", Value: i.LoadTime.Seconds()}, {Name: "uid", Value: int(i.UID)},
		{Name: "mapIds", Value: ids}, {Name: "btfId", Value: int(i.BTFID)}, {Name: "jitedSize", Value: int(i.JitedSize)},
		{Name: "translatedSize", Value: i.TranslatedSize}, {Name: "verifiedInstructions", Value: int(i.VerifiedInstructions)},
		{Name: "memlock", Value: float64(i.Memlock)}, {Name: "gpl", Value: i.GPL}})
}

var errProgramType, errAttachType = errors.New("unknown bpf_prog_type"), errors.New("unknown bpf_attach_type")

func programLoad(c *script.Call) (script.Value, error) {
	p := script.This[*ebpf.Program](c)
	var l ebpf.LoadOptions
	if err := loadTypes(c, &l); err != nil {
		return script.Undefined, err
	}
	if err := loadOptions(c, &l); err != nil {
		return script.Undefined, err
	}
	if _, err := backend(c.Realm); err != nil {
		return script.Undefined, err
	}
	if l.Type == nil && l.Section == "" && p.Type == 0 { // its section tells nothing
		return script.Undefined, script.ArgError(0, "a number or a string")
	}
	return c.This, p.Load(l)
}

func loadTypes(c *script.Call, l *ebpf.LoadOptions) error {
	if v := c.Arg(0); !v.IsNullish() {
		if s, ok := c.AsString(v); ok {
			if t, ok := ebpf.ParseProgramType(s); ok {
				l.Type = &t
			} else if ebpf.IsSection(s) {
				l.Section = s
			} else {
				return errProgramType
			}
		} else if f, ok := c.NumberOf(v); ok {
			t := uint32(script.Truncate(f))
			l.Type = &t
		} else {
			return script.ArgError(0, "a number or a string")
		}
	}
	if v := c.Arg(1); !v.IsNullish() {
		if s, ok := c.AsString(v); ok {
			if t, ok := ebpf.ParseAttachType(s); ok {
				l.AttachType = &t
			} else if licenses[s] {
				l.License = s
			} else {
				return errAttachType
			}
		} else if f, ok := c.NumberOf(v); ok {
			t := uint32(script.Truncate(f))
			l.AttachType = &t
		} else {
			return script.ArgError(1, "a number or a string")
		}
	}
	return nil
}

// licenses are what older scripts give as the second argument of load.
var licenses = map[string]bool{"GPL": true, "GPL v2": true, "GPL and additional rights": true, "Dual BSD/GPL": true,
	"Dual MIT/GPL": true, "Dual MPL/GPL": true, "BSD": true, "MIT": true, "Apache-2.0": true, "Proprietary": true}

// loadFlags are the names of flags of BPF_PROG_LOAD.
var loadFlags = map[string]uint32{"strictAlignment": 1, "anyAlignment": 2, "testRandHi32": 4, "testStateFreq": 8, "sleepable": 16,
	"xdpFrags": 32, "xdpDevBoundOnly": 64, "testRegInvariants": 128}

func loadOptions(c *script.Call, l *ebpf.LoadOptions) error {
	v := c.Arg(2)
	err := checkKeys(c.Realm, v, "options", "name", "license", "attachTo", "attachTarget", "flags", "logLevel", "logSize", "ifindex")
	if err != nil || v.IsNullish() {
		return err
	}
	o := c.Options(v)
	l.Name = o.Str("name", "")
	l.License = o.Str("license", l.License)
	l.AttachTo = o.Str("attachTo", "")
	if t := o.Value("attachTarget"); !t.IsUndefined() {
		var ok bool
		if l.AttachTarget, ok = ProgramOf(c.Realm, t); !ok {
			o.Fail("attachTarget", "a Program")
		}
	}
	if f := o.Value("flags"); c.IsArray(f) {
		names, err := c.Elements(f)
		if err != nil {
			return err
		}
		var flags uint32
		for _, n := range names {
			s, _ := c.AsString(n)
			bit, ok := loadFlags[s]
			if !ok {
				return errors.New("options.flags: unknown flag " + s)
			}
			flags |= bit
		}
		l.Flags = &flags
	} else {
		l.Flags = optionalUint(o, "flags")
	}
	l.LogLevel = uint32(o.Int("logLevel", 0))
	l.LogSize = uint32(min(o.Size("logSize", 0), 1<<30))
	l.Ifindex = uint32(o.Int("ifindex", 0))
	return o.Err()
}
