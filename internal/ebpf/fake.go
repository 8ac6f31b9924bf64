package ebpf

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// Fake is a kernel in memory, for tests and for programs that are only looked at: maps that behave as their types do, programs
// that load and return what they are told to, links that hold programs at hooks, files of pins, and events that tests push.
// It belongs to one goroutine, but for Push.
type Fake struct {
	CPUs int
	// Fails makes calls fail with a number, by the name of the command: once for each number listed.
	Fails map[string][]syscall.Errno
	// Lacks are the kinds of links that this kernel does not have, Missing the interfaces and paths that are not there.
	Lacks, Missing map[string]bool
	// Retval is what test runs return; Logs what the verifier says; Prints what iterators, streams of programs and the trace give.
	Retval       uint32
	Logs, Prints string
	// Features are those that are there; Complete has all of them.
	Features map[Feature]bool
	Complete bool
	// Types, if not nil, knows the types of the kernel. Without it there is one, point.
	Types interface {
		KernelType(name string) (btf.Type, error)
		KernelTypes() ([]string, error)
	}
	Version uint32 // of the kernel
	NoBatch bool
	Probes  int // calls of Probe

	maps       []*fakeMap
	programs   []*fakeProgram
	links      []*fakeLink // in the order in which programs run at their hooks
	raw        []rawAttachment
	lastLink   uint32
	open       map[int]any // what descriptors stand for
	lastFD     int
	pinned     map[string]any
	mounted    map[string]bool
	interfaces []string

	eventsMu sync.Mutex
	events   map[string]*fakeEvents // by name of the map
}

var _ Backend = (*Fake)(nil)

// NewFake returns a kernel with two CPUs and nothing in it.
func NewFake() *Fake {
	return &Fake{CPUs: 2, Version: 6<<16 | 1<<8 | 2, Fails: map[string][]syscall.Errno{}, Lacks: map[string]bool{}, Missing: map[string]bool{},
		Features: map[Feature]bool{}, open: map[int]any{}, lastFD: 100, pinned: map[string]any{}, mounted: map[string]bool{},
		events: map[string]*fakeEvents{}}
}

// Imagined stands for a kernel that has everything: programs that are only looked at run on it, without rights or effects.
func Imagined() *Fake {
	f := NewFake()
	f.Complete, f.Version = true, 6<<16|18<<8
	imagine(f)
	return f
}

// Open returns how many descriptors are open.
func (f *Fake) Open() int { return len(f.open) }

// fail is the scripted failure of a call.
func (f *Fake) fail(name string) error {
	list := f.Fails[name]
	if len(list) == 0 {
		return nil
	}
	f.Fails[name] = list[1:]
	if list[0] == 0 {
		return nil
	}
	return &Error{Call: name, Errno: list[0]}
}

func (f *Fake) fd(x any) int {
	f.lastFD++
	f.open[f.lastFD] = x
	return f.lastFD
}

// lives reports whether something is still in the kernel: a descriptor, a pin, a link or a program keeps it.
func (f *Fake) lives(x any) bool {
	keeps := func(o any) bool {
		l, ok := o.(*fakeLink)
		return o == x || ok && l.program != nil && any(l.program) == x
	}
	for _, o := range f.open {
		if keeps(o) {
			return true
		}
	}
	for _, o := range f.pinned {
		if keeps(o) {
			return true
		}
	}
	for _, r := range f.raw {
		if any(r.program) == x {
			return true
		}
	}
	if m, ok := x.(*fakeMap); ok {
		for _, p := range f.programs {
			if slices.Contains(p.maps, m) && f.lives(p) {
				return true
			}
		}
	}
	return false
}

type fakeMap struct {
	f      *Fake
	id     uint32
	spec   ebpf.MapSpec
	frozen bool
	keys   [][]byte
	values map[string][]byte
	queue  [][]byte
}

// fakeHandle is a descriptor of a map.
type fakeHandle struct {
	*fakeMap
	fd int
}

func (f *Fake) openMap(m *fakeMap) MapHandle { return &fakeHandle{m, f.fd(m)} }

// CreateMap implements Backend.
func (f *Fake) CreateMap(spec *ebpf.MapSpec, _ map[string]*ebpf.VariableSpec) (MapHandle, error) {
	if err := f.fail("BPF_MAP_CREATE"); err != nil {
		return nil, err
	}
	m := &fakeMap{f: f, id: uint32(len(f.maps) + 1), spec: *spec, values: map[string][]byte{}}
	t := spec.Type
	if spec.MaxEntries == 0 && !unlimited[t] || spec.KeySize == 0 && !keyless[t] || spec.KeySize != 0 && (t == ebpf.Queue || t == ebpf.Stack) {
		return nil, &Error{Call: "BPF_MAP_CREATE", Errno: syscall.EINVAL}
	}
	f.maps = append(f.maps, m)
	if m.array() {
		for i := range spec.MaxEntries {
			m.put(word(i), make([]byte, m.room()))
		}
	}
	for _, kv := range spec.Contents {
		if v, ok := kv.Value.([]byte); ok {
			m.put(word(0), v)
		}
	}
	return f.openMap(m), nil
}

func (m *fakeMap) array() bool {
	return m.spec.Type == ebpf.Array || m.spec.Type == ebpf.PerCPUArray
}

func (m *fakeMap) room() int {
	switch m.spec.Type {
	case ebpf.PerCPUArray, ebpf.PerCPUHash, ebpf.LRUCPUHash:
		return (int(m.spec.ValueSize) + 7) &^ 7 * m.f.CPUs
	}
	return int(m.spec.ValueSize)
}

func (m *fakeMap) put(key, value []byte) {
	if _, ok := m.values[string(key)]; !ok {
		m.keys = append(m.keys, bytes.Clone(key))
	}
	m.values[string(key)] = bytes.Clone(value)
}

func errno(call string, n syscall.Errno) error { return &Error{Call: call, Errno: n} }

func (h *fakeHandle) FD() int           { return h.fd }
func (h *fakeHandle) Kernel() *ebpf.Map { return nil }
func (h *fakeHandle) Close() error      { delete(h.f.open, h.fd); return nil }

func (h *fakeHandle) Clone() (MapHandle, error) { return h.f.openMap(h.fakeMap), nil }

func (h *fakeHandle) Info() (MapInfo, error) {
	s := &h.spec
	name := s.Name
	if len(name) > 15 {
		name = name[:15]
	}
	return MapInfo{ID: h.id, Type: uint32(s.Type), Flags: s.Flags, MaxEntries: s.MaxEntries, KeySize: s.KeySize, ValueSize: s.ValueSize,
		Name: name, Extra: s.MapExtra, Frozen: h.frozen}, h.f.fail("BPF_OBJ_GET_INFO_BY_FD")
}

func (h *fakeHandle) Lookup(key, value []byte, _ uint64) error {
	const call = "BPF_MAP_LOOKUP_ELEM"
	if err := h.f.fail(call); err != nil {
		return err
	}
	switch h.spec.Type {
	case ebpf.Queue, ebpf.Stack:
		if len(h.queue) == 0 {
			return errno(call, syscall.ENOENT)
		}
		copy(value, h.queue[h.end()])
		return nil
	case ebpf.BloomFilter:
		if !slices.ContainsFunc(h.queue, func(b []byte) bool { return bytes.Equal(b, value) }) {
			return errno(call, syscall.ENOENT)
		}
		return nil
	}
	v, ok := h.values[string(key)]
	if h.spec.Type == ebpf.LPMTrie {
		v, ok = h.longest(key)
	}
	if !ok {
		return errno(call, syscall.ENOENT)
	}
	copy(value, v)
	return nil
}

// longest finds the most specific prefix of an address.
func (h *fakeHandle) longest(key []byte) (value []byte, ok bool) {
	best := -1
	for _, k := range h.keys {
		n := int(order.Uint32(k))
		if n <= best || n > int(order.Uint32(key)) {
			continue
		}
		same := true
		for bit := range n {
			i, mask := 4+bit/8, byte(0x80)>>(bit%8)
			same = same && k[i]&mask == key[i]&mask
		}
		if same {
			best, value, ok = n, h.values[string(k)], true
		}
	}
	return value, ok
}

// end is where the next element of a queue or stack is.
func (h *fakeHandle) end() int {
	if h.spec.Type == ebpf.Stack {
		return len(h.queue) - 1
	}
	return 0
}

func (h *fakeHandle) Take(key, value []byte, flags uint64) error {
	const call = "BPF_MAP_LOOKUP_AND_DELETE_ELEM"
	if err := h.f.fail(call); err != nil {
		return err
	}
	switch h.spec.Type {
	case ebpf.Queue, ebpf.Stack:
		if len(h.queue) == 0 {
			return errno(call, syscall.ENOENT)
		}
		i := h.end()
		copy(value, h.queue[i])
		h.queue = slices.Delete(h.queue, i, i+1)
		return nil
	}
	if h.array() {
		return errno(call, syscall.EINVAL)
	}
	if err := h.Lookup(key, value, flags); err != nil {
		return errno(call, syscall.ENOENT)
	}
	return h.Delete(key)
}

func (h *fakeHandle) Update(key, value []byte, flags uint64) error {
	const call = "BPF_MAP_UPDATE_ELEM"
	if err := h.f.fail(call); err != nil {
		return err
	}
	if h.frozen {
		return errno(call, syscall.EPERM)
	}
	full := len(h.keys) >= int(h.spec.MaxEntries)
	switch h.spec.Type {
	case ebpf.Queue, ebpf.Stack:
		if len(h.queue) >= int(h.spec.MaxEntries) {
			if flags&2 == 0 {
				return errno(call, syscall.E2BIG)
			}
			h.queue = h.queue[1:]
		}
		h.queue = append(h.queue, bytes.Clone(value))
		return nil
	case ebpf.BloomFilter:
		h.queue = append(h.queue, bytes.Clone(value))
		return nil
	}
	_, exists := h.values[string(key)]
	switch {
	case h.array() && !exists:
		return errno(call, syscall.E2BIG)
	case flags&3 == 1 && exists:
		return errno(call, syscall.EEXIST)
	case flags&3 == 2 && !exists:
		return errno(call, syscall.ENOENT)
	case !exists && full && (h.spec.Type == ebpf.LRUHash || h.spec.Type == ebpf.LRUCPUHash):
		h.remove(h.keys[0])
	case !exists && full && h.spec.MaxEntries > 0:
		return errno(call, syscall.E2BIG)
	}
	if fdValued[h.spec.Type] && h.spec.Type != ebpf.PerfEventArray {
		id, ok := h.f.idOf(int(order.Uint32(value)))
		if !ok {
			return errno(call, syscall.EBADF)
		}
		value = word(id)
	}
	h.put(key, value)
	return nil
}

// idOf returns what a look-up in a map of descriptors gives for one.
func (f *Fake) idOf(fd int) (id uint32, ok bool) {
	switch x := f.open[fd].(type) {
	case *fakeMap:
		return x.id, true
	case *fakeProgram:
		return x.id, true
	case fakePath:
		return 0, true
	}
	return 0, false
}

func (h *fakeHandle) remove(key []byte) {
	delete(h.values, string(key))
	h.keys = slices.DeleteFunc(h.keys, func(k []byte) bool { return string(k) == string(key) })
}

func (h *fakeHandle) Delete(key []byte) error {
	const call = "BPF_MAP_DELETE_ELEM"
	if err := h.f.fail(call); err != nil {
		return err
	}
	switch _, ok := h.values[string(key)]; {
	case h.array():
		return errno(call, syscall.EINVAL)
	case !ok:
		return errno(call, syscall.ENOENT)
	}
	h.remove(bytes.Clone(key))
	return nil
}

func (h *fakeHandle) Next(key, next []byte) error {
	const call = "BPF_MAP_GET_NEXT_KEY"
	if err := h.f.fail(call); err != nil {
		return err
	}
	i := 0
	if key != nil {
		i = slices.IndexFunc(h.keys, func(k []byte) bool { return string(k) == string(key) }) + 1
	}
	if i >= len(h.keys) {
		return errno(call, syscall.ENOENT)
	}
	copy(next, h.keys[i])
	return nil
}

func (h *fakeHandle) LookupBatch(c *Cursor, keys, values []byte, n int, take bool) (int, error) {
	const call = "BPF_MAP_LOOKUP_BATCH"
	if h.f.NoBatch || h.spec.Type == ebpf.LPMTrie {
		return 0, errno(call, syscall.ENOTSUP)
	}
	at := 0
	if c.begun && !take {
		at = int(order.Uint32(c.Position))
	}
	count := min(n, len(h.keys)-at)
	ks, vs := int(h.spec.KeySize), h.room()
	for i := range count {
		k := h.keys[at+i]
		copy(keys[i*ks:(i+1)*ks], k)
		copy(values[i*vs:(i+1)*vs], h.values[string(k)])
	}
	c.Position, c.begun = word(uint32(at+count)), true
	if take {
		for _, k := range slices.Clone(h.keys[at : at+count]) {
			h.remove(k)
		}
		at -= count
	}
	if at+count >= len(h.keys) {
		return count, errno(call, syscall.ENOENT)
	}
	return count, nil
}

func (h *fakeHandle) UpdateBatch(keys, values []byte, n int, flags uint64) (int, error) {
	if h.f.NoBatch {
		return 0, errno("BPF_MAP_UPDATE_BATCH", syscall.ENOTSUP)
	}
	ks, vs := int(h.spec.KeySize), h.room()
	for i := range n {
		if err := h.Update(keys[i*ks:(i+1)*ks], values[i*vs:(i+1)*vs], flags); err != nil {
			return i, err
		}
	}
	return n, nil
}

func (h *fakeHandle) DeleteBatch(keys []byte, n int) (int, error) {
	if h.f.NoBatch {
		return 0, errno("BPF_MAP_DELETE_BATCH", syscall.ENOTSUP)
	}
	ks := int(h.spec.KeySize)
	for i := range n {
		if err := h.Delete(keys[i*ks : (i+1)*ks]); err != nil {
			return i, err
		}
	}
	return n, nil
}

func (h *fakeHandle) Freeze() error {
	h.frozen = true
	return h.f.fail("BPF_MAP_FREEZE")
}

func (h *fakeHandle) Pin(path string) error { return h.f.Pin(path, h.fd) }

func (h *fakeHandle) Memory() (Memory, error) {
	if h.spec.Type != ebpf.Array || h.spec.Flags&1024 == 0 && !dataSection(h.spec.Name) {
		return nil, errors.New("the memory of this map cannot be shared")
	}
	return fakeMemory{h.fakeMap}, nil
}

// fakeMemory is that of an array, which must have one element.
type fakeMemory struct{ m *fakeMap }

func (f fakeMemory) all() []byte  { return f.m.values[string(word(0))] }
func (f fakeMemory) Size() uint32 { return uint32(len(f.all())) }

func (f fakeMemory) ReadAt(b []byte, at int64) (int, error)  { return copy(b, f.all()[at:]), nil }
func (f fakeMemory) WriteAt(b []byte, at int64) (int, error) { return copy(f.all()[at:], b), nil }

type fakeProgram struct {
	f    *Fake
	id   uint32
	spec ebpf.ProgramSpec
	o    ProgramOptions
	maps []*fakeMap
}

type fakeProgramHandle struct {
	*fakeProgram
	fd int
}

func (f *Fake) openProgram(p *fakeProgram) ProgramHandle { return &fakeProgramHandle{p, f.fd(p)} }

// LoadProgram implements Backend.
func (f *Fake) LoadProgram(spec *ebpf.ProgramSpec, maps map[string]MapHandle, o ProgramOptions) (ProgramHandle, error) {
	if err := f.fail("BPF_PROG_LOAD"); err != nil {
		if f.Logs != "" {
			err.(*Error).Log = strings.Split(f.Logs, "\n")
		}
		return nil, err
	}
	p := &fakeProgram{f: f, id: uint32(len(f.programs) + 1), spec: *spec, o: o}
	for _, h := range maps {
		p.maps = append(p.maps, h.(*fakeHandle).fakeMap)
	}
	f.programs = append(f.programs, p)
	return f.openProgram(p), nil
}

// LoadStructOps implements Backend.
func (f *Fake) LoadStructOps(spec *ebpf.CollectionSpec, maps map[string]MapHandle, o ProgramOptions) (map[string]MapHandle, map[string]ProgramHandle, error) {
	if f.Lacks["struct_ops"] {
		return nil, nil, &Error{Call: "BPF_PROG_LOAD", Unsupported: "struct_ops"}
	}
	made, programs := map[string]MapHandle{}, map[string]ProgramHandle{}
	for name, m := range spec.Maps {
		if maps[name] != nil {
			continue
		}
		h, err := f.CreateMap(m, nil)
		if err != nil {
			return nil, nil, err
		}
		made[name] = h
	}
	for name, p := range spec.Programs {
		h, err := f.LoadProgram(p, maps, o)
		if err != nil {
			return nil, nil, err
		}
		programs[name] = h
	}
	return made, programs, nil
}

func (h *fakeProgramHandle) FD() int               { return h.fd }
func (h *fakeProgramHandle) Kernel() *ebpf.Program { return nil }
func (h *fakeProgramHandle) Close() error          { delete(h.f.open, h.fd); return nil }
func (h *fakeProgramHandle) Pin(path string) error { return h.f.Pin(path, h.fd) }

func (h *fakeProgramHandle) Clone() (ProgramHandle, error) {
	return h.f.openProgram(h.fakeProgram), nil
}

func (h *fakeProgramHandle) Log() string {
	if h.o.LogLevel == 0 {
		return ""
	}
	return h.f.Logs
}

func (h *fakeProgramHandle) Info() (ProgramInfo, error) {
	return ProgramInfo{ID: h.id, Type: uint32(h.spec.Type), Name: h.spec.Name, Tag: "0123456789abcdef", GPL: strings.Contains(h.spec.License, "GPL")}, nil
}

func (h *fakeProgramHandle) Stats() (ProgramStats, error) { return ProgramStats{RunCount: 1}, nil }

func (h *fakeProgramHandle) Run(o *RunOptions) (RunResult, error) {
	if err := h.f.fail("BPF_PROG_TEST_RUN"); err != nil {
		return RunResult{}, err
	}
	return RunResult{Retval: h.f.Retval, Data: bytes.Clone(o.Data), Context: bytes.Clone(o.Context)}, nil
}

// MapByID implements Backend.
func (f *Fake) MapByID(id uint32) (MapHandle, error) {
	if err := f.fail("BPF_MAP_GET_FD_BY_ID"); err != nil {
		return nil, err
	}
	if id == 0 || int(id) > len(f.maps) || !f.lives(f.maps[id-1]) {
		return nil, errno("BPF_MAP_GET_FD_BY_ID", syscall.ENOENT)
	}
	return f.openMap(f.maps[id-1]), nil
}

// MapByPath implements Backend.
func (f *Fake) MapByPath(path string) (MapHandle, error) {
	m, ok := f.pinned[path].(*fakeMap)
	if !ok {
		return nil, errno("BPF_OBJ_GET", syscall.ENOENT)
	}
	return f.openMap(m), nil
}

// NextMap implements Backend.
func (f *Fake) NextMap(id uint32) (uint32, error) {
	for id++; int(id) <= len(f.maps); id++ {
		if f.lives(f.maps[id-1]) {
			return id, nil
		}
	}
	return 0, errno("BPF_MAP_GET_NEXT_ID", syscall.ENOENT)
}

// ProgramByID implements Backend.
func (f *Fake) ProgramByID(id uint32) (ProgramHandle, error) {
	if id == 0 || int(id) > len(f.programs) || !f.lives(f.programs[id-1]) {
		return nil, errno("BPF_PROG_GET_FD_BY_ID", syscall.ENOENT)
	}
	return f.openProgram(f.programs[id-1]), nil
}

// ProgramByPath implements Backend.
func (f *Fake) ProgramByPath(path string) (ProgramHandle, error) {
	p, ok := f.pinned[path].(*fakeProgram)
	if !ok {
		return nil, errno("BPF_OBJ_GET", syscall.ENOENT)
	}
	return f.openProgram(p), nil
}

// NextProgram implements Backend.
func (f *Fake) NextProgram(id uint32) (uint32, error) {
	for id++; int(id) <= len(f.programs); id++ {
		if f.lives(f.programs[id-1]) {
			return id, nil
		}
	}
	return 0, errno("BPF_PROG_GET_NEXT_ID", syscall.ENOENT)
}

// Pin implements Backend.
func (f *Fake) Pin(path string, fd int) error {
	x, ok := f.open[fd]
	if !ok {
		return errno("BPF_OBJ_PIN", syscall.EBADF)
	}
	if f.pinned[path] != nil {
		return errno("BPF_OBJ_PIN", syscall.EEXIST)
	}
	f.pinned[path] = x
	return nil
}

// Get implements Backend.
func (f *Fake) Get(path string) (int, error) {
	x, ok := f.pinned[path]
	if !ok {
		return 0, errno("BPF_OBJ_GET", syscall.ENOENT)
	}
	return f.fd(x), nil
}

// CloseFD implements Backend.
func (f *Fake) CloseFD(fd int) error { delete(f.open, fd); return nil }

// EnableStats implements Backend.
func (f *Fake) EnableStats() (io.Closer, error) {
	return io.NopCloser(nil), f.fail("BPF_ENABLE_STATS")
}

// PossibleCPUs implements Backend.
func (f *Fake) PossibleCPUs() int { return f.CPUs }

// CgroupID implements Backend.
func (f *Fake) CgroupID(path string) (uint64, error) {
	if f.Missing[path] || !strings.HasPrefix(path, "/") {
		return 0, syscall.ENOENT
	}
	return 1<<40 + 7, nil
}

// KernelType implements Backend.
func (f *Fake) KernelType(name string) (btf.Type, error) {
	if f.Types != nil {
		return f.Types.KernelType(name)
	}
	if name != "point" {
		return nil, errors.New("the kernel has no type " + name)
	}
	i := &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	return &btf.Struct{Name: name, Size: 8, Members: []btf.Member{{Name: "x", Type: i}, {Name: "y", Type: i, Offset: 32}}}, nil
}

// KernelTypes implements Backend.
func (f *Fake) KernelTypes() ([]string, error) {
	if f.Types != nil {
		return f.Types.KernelTypes()
	}
	return []string{"point"}, nil
}

// KernelVersion implements Backend.
func (f *Fake) KernelVersion() (uint32, error) { return f.Version, nil }

// Probe implements Backend.
func (f *Fake) Probe(x Feature) (bool, error) {
	f.Probes++
	return f.Complete || f.Features[x], nil
}
