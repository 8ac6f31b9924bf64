package bpf

import (
	"weir/internal/api/lang"
	"weir/internal/ebpf"
	"weir/internal/event"
	"weir/internal/script"
)

// Namespace is the global bpf.
var Namespace = &script.Namespace{
	Name: "bpf", Sig: "object; eBPF API",
	Methods: append([]script.Method{
		{Name: "object", Sig: "object(data: Data, options?: object): ObjectFile", Length: 1, Fn: kernel(1, object)},
		{Name: "pin", Sig: "pin(path: string, fd: number | Program | Map | Link): undefined", Length: 2, Fn: path(2, pin)},
		{Name: "get", Sig: "get(path: string): number", Length: 1, Fn: path(1, get)},
		{Name: "cgroup", Sig: "cgroup(path: string): Int", Length: 1, Fn: path(1, cgroup)},
	}, environmentMethods...),
	Props:      environmentProps,
	Classes:    []*script.Class{ProgramClass, MapClass},
	Namespaces: []*script.Namespace{featuresNamespace},
	Extra:      rows(),
}

func rows() []script.Row {
	list := script.ClassRows(objectClass, variableClass)
	for _, n := range ebpf.ProgramTypeNames() {
		list = append(list, script.Row{Path: "bpf:" + n, Kind: "constant", Signature: "type of Program#load"})
	}
	for _, n := range ebpf.AttachTypeNames() {
		list = append(list, script.Row{Path: "bpf:" + n, Kind: "constant", Signature: "attach type"})
	}
	for _, n := range []string{"name", "id", "type", "flags", "maxEntries", "keySize", "valueSize"} {
		sig := "number"
		if n == "name" {
			sig = "string"
		}
		list = append(list, script.Row{Path: "bpf.MapInfo#" + n, Kind: "property", Signature: sig})
	}
	for _, f := range []struct{ path, sig string }{
		{"bpf.object(options)", "bpf.object(data, { license, kernelTypes, maps, variables, pinPath, lenient })"},
		{"bpf.attach(options)", "attach(type, fd, target, { flags: ('multi' | 'override' | 'replace')[] | number, replace, before, after })"},
		{"bpf.Program#load(options)", "load(type?, attachType?, { name, license, attachTo, attachTarget, flags, logLevel, logSize, ifindex })"},
		{"bpf.Program.list(array)", "list(): ProgramInfo[]"},
		{"bpf.Map#update(flags)", "update(key, value, flags?: 'any' | 'noexist' | 'exist' | number)"},
	} {
		list = append(list, script.Row{Path: f.path, Kind: "function", Signature: f.sig})
	}
	list = append(list, script.Row{Path: "bpf.Map(options)", Kind: "constructor",
		Signature: "new bpf.Map({ name, type, keyType | keySize, valueType | valueSize, maxEntries, flags, inner, numaNode, extra, entries, pin })"})
	return list
}

func object(c *script.Call, s *State) (script.Value, error) {
	if c.Arg(0).IsNull() {
		return script.Undefined, script.ArgError(0, "non-null Data")
	}
	data, ok := event.DataOf(c.Realm, c.Arg(0))
	if !ok {
		return script.Undefined, script.ArgError(0, "an instance of pipy::Data")
	}
	o, variables, err := objectOptions(c)
	if err != nil {
		return script.Undefined, err
	}
	obj, err := ebpf.Parse(s.Gen, data.Bytes(), o)
	if err != nil {
		return script.Undefined, err
	}
	v := newObject(c.Realm, obj)
	if err := setVariables(c.Realm, obj, variables); err != nil {
		obj.Close()
		return script.Undefined, err
	}
	return v, nil
}

func pin(c *script.Call, s *State, path string) (script.Value, error) {
	fd, ok := FDOf(c.Realm, c.Arg(1))
	if !ok {
		return script.Undefined, script.ArgError(1, "a number")
	}
	return script.Undefined, s.Gen.Backend.Pin(path, fd)
}

// descriptor is one that a script knows by its number only.
type descriptor struct {
	b  ebpf.Backend
	fd int
}

func (d *descriptor) Close() error { return d.b.CloseFD(d.fd) }

func get(c *script.Call, s *State, path string) (script.Value, error) {
	fd, err := s.Gen.Backend.Get(path)
	if err != nil {
		return script.Undefined, err
	}
	s.Gen.Own(&descriptor{s.Gen.Backend, fd})
	return script.Int(fd), nil
}

func cgroup(c *script.Call, s *State, path string) (script.Value, error) {
	id, err := s.Gen.Backend.CgroupID(path)
	if err != nil {
		id = 0 // as scripts expect
	}
	return lang.NewUint(c.Realm, id), nil
}
