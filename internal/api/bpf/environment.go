package bpf

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"weir/internal/ebpf"
	"weir/internal/script"
)

var environmentMethods = []script.Method{
	{Name: "enableStats", Sig: "enableStats(): { close() }", Fn: kernel(0, enableStats)},
	{Name: "btf", Sig: "btf(type?: string): CStruct | CUnion | string[]", Length: 1, Fn: kernel(0, kernelType)},
	{Name: "persist", Sig: "persist(key: string, factory: () => any, like?: Map | ObjectFile): any", Length: 2, Fn: path(2, persist)},
	{Name: "forget", Sig: "forget(key: string): boolean", Length: 1, Fn: path(1, forget)},
	{Name: "pins", Sig: "pins(dir: string): { path, kind, id }[]", Length: 1, Fn: path(1, pins)},
	{Name: "mountBPFFS", Sig: "mountBPFFS(dir?: string): boolean", Length: 1, Fn: mountBPFFS},
	{Name: "token", Sig: "token(): never; tokens are used without being asked for", Fn: token},
}

var environmentProps = []script.Prop{
	{Name: "possibleCPUs", Sig: "number (read-only)", Get: kernel(0, func(_ *script.Call, s *State) (script.Value, error) {
		return script.Int(s.Gen.Backend.PossibleCPUs()), nil
	})},
	{Name: "cgroupRoot", Sig: "string | null (read-only)", Get: func(c *script.Call) (script.Value, error) {
		s := StateOf(c.Realm)
		if s.Gen.Backend == nil {
			return script.Null, nil
		}
		if root := s.Gen.Backend.CgroupRoot(); root != "" {
			return c.String(root), nil
		}
		return script.Null, nil
	}},
}

// resource is the Go value of an object with a method close. It is closed with its generation.
type resource struct {
	gen *ebpf.Generation
	c   io.Closer
}

var resourceClass = &script.Class{Name: "Resource", Methods: []script.Method{
	{Name: "close", Sig: "close(): undefined", Fn: func(c *script.Call) (script.Value, error) {
		return script.Undefined, script.This[*resource](c).Close()
	}},
}}

func newResource(r *script.Realm, c io.Closer) script.Value {
	x := &resource{StateOf(r).Gen, c}
	x.gen.Own(x)
	return r.NewObjectOf(resourceClass, x)
}

// Close closes it, once.
func (x *resource) Close() error {
	if x.c == nil {
		return nil
	}
	c := x.c
	x.c = nil
	x.gen.Disown(x)
	return c.Close()
}

func enableStats(c *script.Call, s *State) (script.Value, error) {
	x, err := s.Gen.Backend.EnableStats()
	if err != nil {
		return script.Undefined, err
	}
	return newResource(c.Realm, x), nil
}

func kernelType(c *script.Call, s *State) (script.Value, error) {
	if !c.Has(0) {
		names, err := s.Gen.Backend.KernelTypes()
		return c.FromGo(names), err
	}
	name, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	l, err := ebpf.KernelLayout(s.Gen.Backend, name)
	if err != nil {
		return script.Undefined, err
	}
	return layoutValue(c.Realm, l), nil
}

func pins(c *script.Call, s *State, dir string) (script.Value, error) {
	list, err := s.Gen.Backend.Pins(dir)
	if err != nil {
		return script.Undefined, err
	}
	a := c.NewArray()
	for i, p := range list {
		c.SetIndex(a, i, c.FromGo(script.Object{{Name: "path", Value: p.Path}, {Name: "kind", Value: p.Kind}, {Name: "id", Value: int(p.ID)}}))
	}
	return a, nil
}

func mountBPFFS(c *script.Call) (script.Value, error) {
	dir := "/sys/fs/bpf"
	if c.Has(0) {
		var err error
		if dir, err = c.Str(0); err != nil {
			return script.Undefined, err
		}
	}
	s, err := backend(c.Realm)
	if err != nil {
		return script.Undefined, err
	}
	made, err := s.Gen.Backend.MountBPFFS(dir)
	return script.Bool(made), err
}

// errToken: the library takes a token by itself, and cannot be given another.
var errToken = errors.New("not supported: tokens cannot be chosen; the one of the first bpffs mounted with delegate_* options is used without this call")

func token(*script.Call) (script.Value, error) { return script.Undefined, errToken }

var featuresNamespace = &script.Namespace{
	Name: "features", Sig: "object; what the running kernel offers",
	Methods: []script.Method{
		{Name: "programType", Sig: "programType(type: string | number): boolean", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			t, err := typeArg(c, 0, errProgramType, ebpf.ParseProgramType)
			return have(c, ebpf.Feature{Kind: ebpf.FeatureProgramType, Value: t}, err)
		}},
		{Name: "mapType", Sig: "mapType(type: string | number): boolean", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			t, err := typeArg(c, 0, errors.New("unknown bpf_map_type"), ebpf.ParseMapType)
			return have(c, ebpf.Feature{Kind: ebpf.FeatureMapType, Value: t}, err)
		}},
		{Name: "helper", Sig: "helper(programType: string | number, name: string): boolean", Length: 2, Fn: func(c *script.Call) (script.Value, error) {
			t, err := typeArg(c, 0, errProgramType, ebpf.ParseProgramType)
			if err != nil {
				return script.Undefined, err
			}
			name, err := c.Str(1)
			if err == nil && !ebpf.IsHelper(name) {
				err = fmt.Errorf("unknown helper function: %s", name)
			}
			return have(c, ebpf.Feature{Kind: ebpf.FeatureHelper, Value: t, Name: name}, err)
		}},
		{Name: "linkType", Sig: "linkType(name: string): boolean", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			name, err := c.Str(0)
			if err == nil && !slices.Contains(ebpf.LinkTypeNames(), name) {
				err = fmt.Errorf("unknown link type %s: expected one of %s", name, strings.Join(ebpf.LinkTypeNames(), ", "))
			}
			return have(c, ebpf.Feature{Kind: ebpf.FeatureLinkType, Name: name}, err)
		}},
		{Name: "mapFlag", Sig: "mapFlag(flag: number): boolean", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			f, err := c.Int(0)
			return have(c, ebpf.Feature{Kind: ebpf.FeatureMapFlag, Value: uint32(f)}, err)
		}},
	},
	Props: []script.Prop{
		{Name: "instructionSet", Sig: "number (read-only)", Get: kernel(0, func(_ *script.Call, s *State) (script.Value, error) {
			n := 1
			for n < 4 && ebpf.Have(s.Gen.Backend, ebpf.Feature{Kind: ebpf.FeatureInstructions, Value: uint32(n + 1)}) {
				n++
			}
			return script.Int(n), nil
		})},
		{Name: "kernelVersion", Sig: "string (read-only)", Get: kernel(0, func(c *script.Call, s *State) (script.Value, error) {
			v, err := s.Gen.Backend.KernelVersion()
			return c.String(fmt.Sprintf("%d.%d.%d", v>>16, v>>8&0xff, v&0xff)), err
		})},
		featureProp("btf", ebpf.FeatureBTF),
		featureProp("memcg", ebpf.FeatureMemcg),
		featureProp("trampolines", ebpf.FeatureTrampolines),
		featureProp("token", ebpf.FeatureToken),
	},
}

func featureProp(name string, kind ebpf.FeatureKind) script.Prop {
	return script.Prop{Name: name, Sig: "boolean (read-only)", Get: func(c *script.Call) (script.Value, error) {
		return have(c, ebpf.Feature{Kind: kind}, nil)
	}}
}

func have(c *script.Call, f ebpf.Feature, err error) (script.Value, error) {
	if err != nil {
		return script.Undefined, err
	}
	s, err := backend(c.Realm)
	if err != nil {
		return script.Undefined, err
	}
	return script.Bool(ebpf.Have(s.Gen.Backend, f)), nil
}

func typeArg(c *script.Call, i int, unknown error, parse func(string) (uint32, bool)) (uint32, error) {
	if s, ok := c.AsString(c.Arg(i)); ok {
		t, ok := parse(s)
		if !ok {
			return 0, unknown
		}
		return t, nil
	}
	if f, ok := c.NumberOf(c.Arg(i)); ok {
		return uint32(script.Truncate(f)), nil
	}
	return 0, script.ArgError(i, "a number or a string")
}
