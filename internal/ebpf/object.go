package ebpf

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"weir/internal/logs"
)

// ObjectOptions change what an object file says.
type ObjectOptions struct {
	License     string // for an object without one
	KernelTypes []byte // BTF of the kernel, if it has none itself
	Maps        map[string]MapOptions
	// PinPath is a directory of bpffs for the maps that ask to be pinned by name.
	PinPath string
	// Lenient makes Load go on with the other programs when the kernel refuses one.
	Lenient bool
}

// MapOptions change a map of an object file.
type MapOptions struct {
	Map                          *Map // takes the place of the map
	MaxEntries, KeySize, ValSize *uint32
	Flags, NumaNode              *uint32
	Pin                          string // path in bpffs
}

// Object is an object file: its programs, maps and variables. Nothing is in the kernel until it is loaded or created.
type Object struct {
	Programs  []*Program // in the order of the symbol table
	Maps      []*Map     // in the order of section .maps; without those of data sections
	Variables []*Variable
	License   string
	Sections  []string

	gen     *Generation
	options ObjectOptions
	spec    *ebpf.CollectionSpec
	types   *btf.Spec // of the kernel, if given
	all     map[string]*Map
}

// keyless tells which map types have no key, untyped which may lack a type of their value as well.
var keyless = set(ebpf.Queue, ebpf.Stack, ebpf.BloomFilter, ebpf.RingBuf, ebpf.UserRingbuf, ebpf.Arena, ebpf.StructOpsMap)

// fdValued tells whose values are descriptors: 4 bytes, if nothing is said.
var fdValued = set(ebpf.ProgramArray, ebpf.PerfEventArray, ebpf.CGroupArray, ebpf.ArrayOfMaps, ebpf.HashOfMaps)

var valueless = set(ebpf.RingBuf, ebpf.UserRingbuf, ebpf.Arena, ebpf.StructOpsMap)

// unlimited tells which types choose their number of entries.
var unlimited = set(ebpf.PerfEventArray, ebpf.SkStorage, ebpf.TaskStorage, ebpf.InodeStorage, ebpf.CgroupStorage,
	ebpf.CGroupStorage, ebpf.PerCPUCGroupStorage, ebpf.StructOpsMap)

func set(list ...ebpf.MapType) map[ebpf.MapType]bool {
	m := map[ebpf.MapType]bool{}
	for _, t := range list {
		m[t] = true
	}
	return m
}

// Parse reads an object file.
func Parse(g *Generation, data []byte, o ObjectOptions) (obj *Object, err error) {
	if !Supported {
		return nil, ErrPlatform
	}
	f, err := parseELF(data)
	if err != nil {
		return nil, err
	}
	obj = &Object{gen: g, options: o, License: f.license, all: map[string]*Map{}}
	for i := range f.sections {
		s := &f.sections[i]
		if s.name != "" {
			obj.Sections = append(obj.Sections, s.name)
		}
		g.debugf(logs.ELF, "[elf] section %d %q: type %v, %d bytes", i, s.name, s.typ, s.size)
	}
	var t *types
	var defs []mapDef
	var information []byte
	if s := f.section(".BTF"); s != nil && len(f.content(s)) > 0 {
		if t, err = parseTypes(f.content(s)); err != nil {
			return nil, err
		}
		if defs, err = t.maps(obj.needs); err != nil {
			return nil, err
		}
		t.renameText()
		information = t.data
	}
	if obj.spec, err = readSpec(f.prepared(information)); err != nil {
		return nil, err
	}
	if obj.License == "" && o.License != "" {
		obj.License = o.License
		for _, p := range obj.spec.Programs {
			p.License = o.License
		}
	}
	if len(o.KernelTypes) > 0 {
		if obj.types, err = readTypes(o.KernelTypes); err != nil {
			return nil, fmt.Errorf("options.kernelTypes: %w", err)
		}
	}
	if err := obj.addMaps(defs); err != nil {
		return nil, err
	}
	obj.addVariables()
	obj.addPrograms(f)
	if err := obj.checkReferences(); err != nil {
		return nil, err
	}
	g.Own(obj)
	return obj, nil
}

// readSpec lets the library read the file. It is meant for what compilers write: what it cannot read may make it panic.
func readSpec(file []byte) (spec *ebpf.CollectionSpec, err error) {
	defer guard(&err, "the object file")
	spec, err = ebpf.LoadCollectionSpecFromReader(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("reading the object file: %w", err)
	}
	// The library wants options of the kernel to have plain types, without the aliases everybody uses.
	var section *btf.Datasec
	if spec.Types != nil && spec.Types.TypeByName(kconfig, &section) == nil {
		for _, v := range section.Vars {
			if v, ok := v.Type.(*btf.Var); ok {
				v.Type = btf.UnderlyingType(v.Type)
			}
		}
	}
	return spec, nil
}

func readTypes(b []byte) (spec *btf.Spec, err error) {
	defer guard(&err, "type information")
	return btf.LoadSpecFromReader(bytes.NewReader(b))
}

func guard(err *error, what string) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s is malformed: %v", what, p)
	}
}

// needs tells whether a member may not be missing in a map's definition.
func (o *Object) needs(name, member string, mapType uint32) bool {
	t, opt := ebpf.MapType(mapType), o.options.Maps[name]
	switch member {
	case "max_entries":
		return !unlimited[t] && opt.MaxEntries == nil && opt.Map == nil
	case "key":
		return !keyless[t] && opt.KeySize == nil && opt.Map == nil && !fdValued[t]
	}
	return !valueless[t] && opt.ValSize == nil && opt.Map == nil && !fdValued[t]
}

func (o *Object) addMaps(defs []mapDef) error {
	seen := map[string]bool{}
	for _, d := range defs {
		spec := o.spec.Maps[d.name]
		if spec == nil || seen[d.name] {
			continue
		}
		seen[d.name] = true
		if d.hasNuma {
			spec.NumaNode = d.numaNode
			spec.Flags |= flagNumaNode
		}
		if err := o.addMap(d.name, spec, true); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.spec.Maps)) {
		if seen[name] {
			continue
		}
		if err := o.addMap(name, o.spec.Maps[name], !dataSection(name)); err != nil {
			return err
		}
	}
	for name := range o.options.Maps {
		if o.all[name] == nil {
			return fmt.Errorf("options.maps: the object has no map named %s", name)
		}
	}
	return nil
}

// dataSection tells the maps that hold variables.
func dataSection(name string) bool {
	return name == ".bss" || strings.HasPrefix(name, ".data") || strings.HasPrefix(name, ".rodata") || name == kconfig || name == ".ksyms"
}

// kconfig is the map of what the kernel's configuration says. The loader makes one for each program.
const kconfig = ".kconfig"

func (o *Object) addMap(name string, spec *ebpf.MapSpec, visible bool) error {
	if fdValued[spec.Type] {
		defaultSizes(spec)
	}
	opt := o.options.Maps[name]
	for _, change := range []struct {
		to *uint32
		by *uint32
	}{{&spec.MaxEntries, opt.MaxEntries}, {&spec.Flags, opt.Flags}, {&spec.KeySize, opt.KeySize}, {&spec.ValueSize, opt.ValSize}} {
		if change.by != nil {
			*change.to = *change.by
		}
	}
	if opt.KeySize != nil {
		spec.Key = nil
	}
	if opt.ValSize != nil {
		spec.Value = nil
	}
	if opt.NumaNode != nil {
		spec.NumaNode = *opt.NumaNode
		spec.Flags |= flagNumaNode
	}
	m := opt.Map
	if m == nil {
		m = newMap(o.gen, name, spec)
		m.obj, m.pin = o, opt.Pin
		if m.pin == "" && spec.Pinning == ebpf.PinByName && o.options.PinPath != "" {
			m.pin = o.options.PinPath + "/" + name
		}
		var err error
		if spec.Key != nil && visible {
			if m.KeyType, err = LayoutOf(spec.Key); err != nil {
				return fmt.Errorf("%w (key of map %s)", err, name)
			}
		}
		if spec.Value != nil && visible && spec.Type != ebpf.StructOpsMap {
			if m.ValueType, err = LayoutOf(spec.Value); err != nil {
				return fmt.Errorf("%w (value of map %s)", err, name)
			}
		}
		if m.inner, err = innerDescription(spec); err != nil {
			return fmt.Errorf("%w (maps in %s)", err, name)
		}
	} else if m.handle == nil {
		return fmt.Errorf("options.maps.%s has not been created", name)
	} else if err := m.compatible(spec); err != nil {
		return fmt.Errorf("options.maps.%s cannot take the place of the map: %w", name, err)
	}
	spec.Pinning = ebpf.PinNone
	spec.Extra = nil
	o.all[name] = m
	if visible {
		o.Maps = append(o.Maps, m)
		o.gen.debugf(logs.BPF, "[bpf] map %s: %s, key %d bytes, value %d bytes, %d entries", name, MapTypeName(m.Type), m.KeySize, m.ValueSize, m.MaxEntries)
	}
	return nil
}

func innerDescription(spec *ebpf.MapSpec) (d *MapDescription, err error) {
	in := spec.InnerMap
	if in == nil {
		return nil, nil
	}
	d = &MapDescription{Type: uint32(in.Type), KeySize: in.KeySize, ValueSize: in.ValueSize, MaxEntries: in.MaxEntries, Flags: in.Flags}
	if in.Key != nil {
		if d.KeyType, err = LayoutOf(in.Key); err != nil {
			return nil, err
		}
	}
	if in.Value != nil {
		d.ValueType, err = LayoutOf(in.Value)
	}
	return d, err
}

func (o *Object) addVariables() {
	for _, name := range slices.Sorted(maps.Keys(o.spec.Variables)) {
		if v := o.spec.Variables[name]; o.all[v.SectionName] != nil {
			o.Variables = append(o.Variables, newVariable(o, v))
		}
	}
}

func (o *Object) addPrograms(f *image) {
	for _, fn := range f.functions {
		spec := o.spec.Programs[fn.name]
		if spec == nil || o.Program(fn.name) != nil {
			continue
		}
		p := &Program{Name: fn.name, Size: int(fn.size / 8), Section: fn.section, License: o.License,
			Type: uint32(spec.Type), AttachType: uint32(spec.AttachType), gen: o.gen, obj: o, spec: spec}
		o.Programs = append(o.Programs, p)
		o.gen.debugf(logs.BPF, "[bpf] program %s in section %s: %d instructions", p.Name, p.Section, p.Size)
	}
}

// checkReferences finds uses of maps that are not there.
func (o *Object) checkReferences() error {
	for _, p := range o.Programs {
		for _, name := range references(p.spec) {
			if o.all[name] == nil {
				return fmt.Errorf("map not found: %s", name)
			}
		}
	}
	return nil
}

// references lists the maps a program uses, in order.
func references(spec *ebpf.ProgramSpec) []string {
	var names []string
	for i := range spec.Instructions {
		ins := &spec.Instructions[i]
		if name := ins.Reference(); name != "" && ins.IsLoadFromMap() && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Program returns the program of a name, or nil.
func (o *Object) Program(name string) *Program {
	for _, p := range o.Programs {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Map returns the map of a name, data sections included, or nil.
func (o *Object) Map(name string) *Map { return o.all[name] }

// Variable returns the variable of a name, or nil.
func (o *Object) Variable(name string) *Variable {
	for _, v := range o.Variables {
		if v.Name == name {
			return v
		}
	}
	return nil
}

// Load creates all maps and loads all programs whose section tells their type.
func (o *Object) Load(options LoadOptions) error {
	for _, m := range o.Maps {
		if m.Type != uint32(ebpf.StructOpsMap) {
			if err := m.Create(); err != nil {
				return err
			}
		}
	}
	if err := o.loadStructOps(options); err != nil {
		return err
	}
	for _, p := range o.Programs {
		if p.Type == 0 || p.Section == textSection || p.spec.Type == ebpf.StructOps {
			continue
		}
		if err := p.Load(options); err != nil {
			if !o.options.Lenient {
				return err
			}
			o.gen.debugf(logs.BPF, "[bpf] program %s is left out: %v", p.Name, err)
		}
	}
	return nil
}

// loadStructOps loads the programs of struct_ops maps with the maps, which refer to each other.
func (o *Object) loadStructOps(options LoadOptions) error {
	sub := &ebpf.CollectionSpec{Maps: map[string]*ebpf.MapSpec{}, Programs: map[string]*ebpf.ProgramSpec{}, Types: o.spec.Types,
		ByteOrder: o.spec.ByteOrder, Variables: map[string]*ebpf.VariableSpec{}}
	for name, m := range o.all {
		if m.Type == uint32(ebpf.StructOpsMap) && m.handle == nil {
			sub.Maps[name] = o.spec.Maps[name]
		}
	}
	if len(sub.Maps) == 0 {
		return nil
	}
	handles := map[string]MapHandle{}
	for _, p := range o.Programs {
		if p.spec.Type != ebpf.StructOps || p.handle != nil {
			continue
		}
		sub.Programs[p.Name] = p.spec
		if err := o.createReferenced(p.spec, handles); err != nil {
			return err
		}
	}
	for name := range handles {
		sub.Maps[name] = o.spec.Maps[name]
	}
	made, programs, err := o.gen.Backend.LoadStructOps(sub, handles, options.backend(o))
	if err != nil {
		return err
	}
	for name, h := range made {
		o.all[name].adopt(h)
	}
	for name, h := range programs {
		o.Program(name).adopt(h, uint32(ebpf.StructOps), 0)
	}
	return nil
}

// createReferenced creates the maps a program uses, and adds them to handles.
func (o *Object) createReferenced(spec *ebpf.ProgramSpec, handles map[string]MapHandle) error {
	for _, name := range references(spec) {
		if name == kconfig {
			continue
		}
		m := o.all[name]
		if m == nil {
			return fmt.Errorf("map not found: %s", name)
		}
		if err := m.Create(); err != nil {
			return err
		}
		handles[name] = m.handle
	}
	return nil
}

// fillPrograms puts the programs that are loaded into the program arrays whose definitions list them.
func (o *Object) fillPrograms() error {
	for name, m := range o.all {
		if m.handle == nil || m.Type != uint32(ebpf.ProgramArray) || m.obj != o {
			continue
		}
		for _, kv := range o.spec.Maps[name].Contents {
			p, _ := kv.Value.(string)
			i, ok := kv.Key.(uint32)
			if prog := o.Program(p); ok && prog != nil && prog.handle != nil {
				if err := m.handle.Update(word(i), word(uint32(prog.FD())), 0); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func word(v uint32) []byte { return order.AppendUint32(nil, v) }

// Close closes the programs and maps of the object, as far as they were made for it.
func (o *Object) Close() error {
	var errs []error
	for _, p := range o.Programs {
		errs = append(errs, p.Close())
	}
	for _, m := range o.all {
		if m.obj == o {
			errs = append(errs, m.Close())
		}
	}
	o.gen.Disown(o)
	return errors.Join(errs...)
}
