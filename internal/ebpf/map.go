package ebpf

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"

	"weir/internal/clayout"
)

const flagNumaNode = 4 // BPF_F_NUMA_NODE

// Map is a map of an object file, one a script describes, or one that was found in the kernel.
type Map struct {
	Name                                        string
	Type, Flags, MaxEntries, KeySize, ValueSize uint32
	KeyType, ValueType                          *clayout.Layout // nil if there is none

	inner  *MapDescription // of a map of maps, if known
	gen    *Generation
	obj    *Object // it is part of
	spec   *ebpf.MapSpec
	handle MapHandle
	id     uint32
	pin    string // where it is to be pinned when it is created
	pinned []string
	memory Memory
	closed bool
}

func newMap(g *Generation, name string, spec *ebpf.MapSpec) *Map {
	return &Map{Name: name, Type: uint32(spec.Type), Flags: spec.Flags, MaxEntries: spec.MaxEntries, KeySize: spec.KeySize,
		ValueSize: spec.ValueSize, gen: g, spec: spec}
}

// MapDescription describes a map without an object file.
type MapDescription struct {
	Name                                        string
	Type, KeySize, ValueSize, MaxEntries, Flags uint32
	KeyType, ValueType                          *clayout.Layout
	NUMANode                                    *uint32
	Extra                                       uint64
	Inner                                       *MapDescription // of a map of maps
	Pin                                         string          // path in bpffs: opened if it is there
}

// NewMap returns a map as described. It is not created yet.
func NewMap(g *Generation, d MapDescription) *Map {
	m := newMap(g, d.Name, d.spec())
	m.KeyType, m.ValueType, m.pin = d.KeyType, d.ValueType, d.Pin
	if d.Inner != nil {
		m.inner = d.Inner
	}
	return m
}

func (d *MapDescription) spec() *ebpf.MapSpec {
	spec := &ebpf.MapSpec{Name: d.Name, Type: ebpf.MapType(d.Type), KeySize: d.KeySize, ValueSize: d.ValueSize,
		MaxEntries: d.MaxEntries, Flags: d.Flags, MapExtra: d.Extra}
	if d.NUMANode != nil {
		spec.NumaNode = *d.NUMANode
		spec.Flags |= flagNumaNode
	}
	if fdValued[spec.Type] {
		defaultSizes(spec)
	}
	if d.Inner != nil {
		spec.InnerMap = d.Inner.spec()
	}
	return spec
}

func defaultSizes(spec *ebpf.MapSpec) {
	if spec.KeySize == 0 {
		spec.KeySize = 4
	}
	if spec.ValueSize == 0 {
		spec.ValueSize = 4
	}
}

// Describe returns a description of a map like m.
func (m *Map) Describe() *MapDescription {
	return &MapDescription{Type: m.Type, KeySize: m.KeySize, ValueSize: m.ValueSize, MaxEntries: m.MaxEntries, Flags: m.Flags,
		KeyType: m.KeyType, ValueType: m.ValueType}
}

// InheritTypes gives a map that was found in another the types of its keys and values, as far as they are known.
func (m *Map) InheritTypes(outer *Map) {
	if outer.inner != nil && outer.inner.KeySize == m.KeySize && outer.inner.ValueSize == m.ValueSize {
		m.KeyType, m.ValueType = outer.inner.KeyType, outer.inner.ValueType
	}
}

// FD returns the descriptor; 0 until the map is created.
func (m *Map) FD() int {
	if m.handle == nil {
		return 0
	}
	return m.handle.FD()
}

// ID returns the kernel's number; 0 until the map is created.
func (m *Map) ID() uint32 { return m.id }

// Created reports whether the map is in the kernel.
func (m *Map) Created() bool { return m.handle != nil }

// Ready reports whether the map is in the kernel. It fails if the map was there and is closed.
func (m *Map) Ready() (bool, error) {
	if m.closed {
		return false, ErrClosed
	}
	return m.handle != nil, nil
}

// Need fails unless the map is in the kernel.
func (m *Map) Need() error {
	if ok, err := m.Ready(); ok || err != nil {
		return err
	}
	return ErrNotCreated
}

// Handle returns the map in the kernel; nil until it is created.
func (m *Map) Handle() MapHandle { return m.handle }

// Spec returns the description; nil for a map found in the kernel.
func (m *Map) Spec() *ebpf.MapSpec { return m.spec }

// Generation returns the owner.
func (m *Map) Generation() *Generation { return m.gen }

// Create puts the map into the kernel, or opens the one that is pinned where it is to be pinned.
func (m *Map) Create() error {
	if m.handle != nil {
		return nil
	}
	if m.closed {
		return ErrClosed
	}
	if m.spec == nil {
		return ErrClosed
	}
	if m.pin != "" {
		switch h, err := m.gen.Backend.MapByPath(m.pin); {
		case err == nil:
			i, err := h.Info()
			if err == nil {
				err = differences(m.spec, i)
			}
			if err != nil {
				h.Close()
				return fmt.Errorf("the map pinned at %s cannot be used: %w", m.pin, err)
			}
			m.adopt(h)
			m.pinned = []string{m.pin}
			return nil
		case !IsErrno(err, syscall.ENOENT):
			return err
		}
	}
	spec := m.spec.Copy()
	spec.Contents = nil
	for _, kv := range m.spec.Contents {
		if _, ok := kv.Value.(string); !ok {
			spec.Contents = append(spec.Contents, kv)
		}
	}
	var variables map[string]*ebpf.VariableSpec
	if m.obj != nil {
		variables = map[string]*ebpf.VariableSpec{}
		for n, v := range m.obj.spec.Variables {
			if v.SectionName == m.Name {
				variables[n] = v
			}
		}
	}
	h, err := m.gen.Backend.CreateMap(spec, variables)
	if err != nil {
		return err
	}
	m.adopt(h)
	if m.pin != "" {
		if err := m.Pin(m.pin); err != nil {
			m.Close()
			return err
		}
	}
	if m.obj == nil {
		return nil
	}
	if m.Type == uint32(ebpf.ProgramArray) {
		return m.obj.fillPrograms()
	}
	return m.fillMaps()
}

// fillMaps puts the maps into a map of maps that its definition lists.
func (m *Map) fillMaps() error {
	for _, kv := range m.spec.Contents {
		name, ok := kv.Value.(string)
		if !ok {
			continue
		}
		inner := m.obj.all[name]
		i, ok := kv.Key.(uint32)
		if inner == nil || !ok || m.KeySize != 4 {
			return fmt.Errorf("map not found: %s", name)
		}
		if err := inner.Create(); err != nil {
			return err
		}
		if err := m.handle.Update(word(i), word(uint32(inner.FD())), 0); err != nil {
			return err
		}
	}
	return nil
}

func (m *Map) adopt(h MapHandle) {
	m.handle = h
	if i, err := h.Info(); err == nil {
		m.id = i.ID
		if m.spec == nil {
			m.Name, m.Type, m.Flags, m.MaxEntries, m.KeySize, m.ValueSize = i.Name, i.Type, i.Flags, i.MaxEntries, i.KeySize, i.ValueSize
		} else if m.MaxEntries == 0 {
			m.MaxEntries = i.MaxEntries
		}
	}
	m.gen.Own(m)
}

func (m *Map) compatible(spec *ebpf.MapSpec) error {
	i, err := m.handle.Info()
	if err != nil {
		return err
	}
	return differences(spec, i)
}

// Compatible reports how a created map differs from the description of another.
func (m *Map) Compatible(other *Map) error {
	if other.spec == nil || m.handle == nil {
		return nil
	}
	return m.compatible(other.spec)
}

// differences tells in what a map is not as described.
func differences(spec *ebpf.MapSpec, i MapInfo) error {
	var diffs []string
	check := func(what string, want, have uint32) {
		if want != have {
			diffs = append(diffs, fmt.Sprintf("its %s is %d, not %d", what, have, want))
		}
	}
	check("type", uint32(spec.Type), i.Type)
	check("key size", spec.KeySize, i.KeySize)
	check("value size", spec.ValueSize, i.ValueSize)
	if !unlimited[spec.Type] {
		check("number of entries", spec.MaxEntries, i.MaxEntries)
	}
	// The kernel, or the loader, adds these: a mapped array, a table of devices that programs only read.
	const added = 1<<10 | 1<<7
	check("flags", spec.Flags&^added, i.Flags&^added)
	if len(diffs) == 0 {
		return nil
	}
	return errors.New(strings.Join(diffs, ", "))
}

// PerCPU reports whether the map has a value for each CPU.
func (m *Map) PerCPU() bool {
	switch ebpf.MapType(m.Type) {
	case ebpf.PerCPUHash, ebpf.PerCPUArray, ebpf.LRUCPUHash, ebpf.PerCPUCGroupStorage:
		return true
	}
	return false
}

// Slot is the size of the value of one CPU.
func (m *Map) Slot() int { return (int(m.ValueSize) + 7) &^ 7 }

// Room is how many bytes a look-up gives.
func (m *Map) Room() int {
	if m.PerCPU() {
		return m.Slot() * m.gen.Backend.PossibleCPUs()
	}
	return int(m.ValueSize)
}

// Keyless reports whether the map has no keys.
func (m *Map) Keyless() bool { return keyless[ebpf.MapType(m.Type)] }

// CPUs returns the number of values of a per-CPU map.
func (m *Map) CPUs() int { return m.gen.Backend.PossibleCPUs() }

// Count returns how many elements the map has, unless it has room for more than a limit, no keys, or is not created. Those of an
// array are always there.
func (m *Map) Count(limit int) (n int, ok bool) {
	switch t := ebpf.MapType(m.Type); {
	case m.handle == nil || m.Keyless() || m.KeySize == 0:
		return 0, false
	case t == ebpf.Array || t == ebpf.PerCPUArray:
		return int(m.MaxEntries), true
	case int(m.MaxEntries) > limit:
		return 0, false
	}
	key, next := []byte(nil), make([]byte, m.KeySize)
	// A walk that other changes make begin anew ends, too.
	for ; n <= int(m.MaxEntries); n++ {
		if err := m.handle.Next(key, next); err != nil {
			return n, IsErrno(err, syscall.ENOENT)
		}
		key = append(key[:0], next...)
	}
	return int(m.MaxEntries), true
}

// Info asks the kernel about the map.
func (m *Map) Info() (MapInfo, error) {
	if err := m.Need(); err != nil {
		return MapInfo{}, err
	}
	return m.handle.Info()
}

// ErrNotCreated is the failure of operations that need a map in the kernel.
var ErrNotCreated = errors.New("the map has not been created")

// Freeze forbids changes by system calls.
func (m *Map) Freeze() error {
	if err := m.Need(); err != nil {
		return err
	}
	return m.handle.Freeze()
}

// Pin makes the map a file in bpffs, which keeps it.
func (m *Map) Pin(path string) error {
	if err := m.Need(); err != nil {
		return err
	}
	if err := m.handle.Pin(path); err != nil {
		return err
	}
	m.pinned = append(m.pinned, path)
	return nil
}

// Unpin removes the files Pin made, or those the map was opened from.
func (m *Map) Unpin() error { return m.gen.unpin(&m.pinned) }

// ReadTypes gives a map that was found the types it was made with, as far as the kernel knows them.
func (m *Map) ReadTypes() error {
	h, ok := m.handle.(interface {
		Types() (key, value *clayout.Layout, err error)
	})
	if !ok {
		return nil
	}
	key, value, err := h.Types()
	if err != nil {
		return err
	}
	m.KeyType, m.ValueType = key, value
	return nil
}

// Memory returns the memory of an array made with BPF_F_MMAPABLE, or of an arena.
func (m *Map) Memory() (Memory, error) {
	if m.memory != nil {
		return m.memory, nil
	}
	if err := m.Need(); err != nil {
		return nil, err
	}
	mm, err := m.handle.Memory()
	if err != nil {
		return nil, err
	}
	m.memory = mm
	return mm, nil
}

// Close gives the map back, unless something else keeps it in the kernel.
func (m *Map) Close() error {
	m.closed = true
	if m.handle == nil {
		return nil
	}
	h := m.handle
	m.handle, m.memory, m.id = nil, nil, 0
	m.gen.Disown(m)
	return h.Close()
}

// OpenMap opens a map by its number.
func OpenMap(g *Generation, id uint32) (*Map, error) {
	h, err := g.Backend.MapByID(id)
	if err != nil {
		return nil, err
	}
	m := &Map{gen: g}
	m.adopt(h)
	return m, nil
}

// PinnedMap opens a map that is pinned.
func PinnedMap(g *Generation, path string) (*Map, error) {
	h, err := g.Backend.MapByPath(path)
	if err != nil {
		return nil, err
	}
	m := &Map{gen: g, pinned: []string{path}}
	m.adopt(h)
	return m, nil
}

// ListMaps describes all maps in the kernel, by ascending number. Those that go meanwhile are left out.
func ListMaps(b Backend) ([]MapInfo, error) {
	return list(b.NextMap, func(id uint32) (MapInfo, error) {
		h, err := b.MapByID(id)
		if err != nil {
			return MapInfo{}, err
		}
		defer h.Close()
		return h.Info()
	})
}
