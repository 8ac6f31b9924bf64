package ebpf

import (
	"encoding/binary"
	"errors"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/features"
	"golang.org/x/sys/unix"
)

// Supported tells whether this platform has eBPF.
const Supported = true

// Kernel is the kernel this process runs on.
func Kernel() Objects {
	memlock()
	return kernel{}
}

// imagine gives a kernel in memory what can be read of the running one without any right.
func imagine(f *Fake) { f.Types, f.CPUs = kernel{}, possible() }

// memlock raises what kernels before 5.11 charge maps to; if it fails, the maps will tell. The library would find out by a map that
// it makes whenever a process starts.
var memlock = sync.OnceFunc(func() {
	if v, err := features.LinuxVersionCode(); err == nil && v < 5<<16|11<<8 {
		_ = unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY})
	}
})

type kernel struct{}

var _ Objects = kernel{}

// The commands that are called directly.
const (
	cmdLookup      = 1
	cmdUpdate      = 2
	cmdDelete      = 3
	cmdNextKey     = 4
	cmdPin         = 6
	cmdGet         = 7
	cmdTestRun     = 10
	cmdProgNextID  = 11
	cmdMapNextID   = 12
	cmdProgFDByID  = 13
	cmdMapFDByID   = 14
	cmdInfo        = 15
	cmdTake        = 21
	cmdFreeze      = 22
	cmdBatchLookup = 24
	cmdBatchTake   = 25
	cmdBatchUpdate = 26
	cmdBatchDelete = 27
)

var commandNames = map[uintptr]string{cmdLookup: "BPF_MAP_LOOKUP_ELEM", cmdUpdate: "BPF_MAP_UPDATE_ELEM",
	cmdDelete: "BPF_MAP_DELETE_ELEM", cmdNextKey: "BPF_MAP_GET_NEXT_KEY", cmdPin: "BPF_OBJ_PIN", cmdGet: "BPF_OBJ_GET",
	cmdTestRun:    "BPF_PROG_TEST_RUN",
	cmdProgNextID: "BPF_PROG_GET_NEXT_ID", cmdMapNextID: "BPF_MAP_GET_NEXT_ID", cmdProgFDByID: "BPF_PROG_GET_FD_BY_ID",
	cmdMapFDByID: "BPF_MAP_GET_FD_BY_ID", cmdInfo: "BPF_OBJ_GET_INFO_BY_FD", cmdTake: "BPF_MAP_LOOKUP_AND_DELETE_ELEM",
	cmdFreeze: "BPF_MAP_FREEZE", cmdBatchLookup: "BPF_MAP_LOOKUP_BATCH", cmdBatchTake: "BPF_MAP_LOOKUP_AND_DELETE_BATCH",
	cmdBatchUpdate: "BPF_MAP_UPDATE_BATCH", cmdBatchDelete: "BPF_MAP_DELETE_BATCH"}

// call is the system call bpf.
func call(cmd uintptr, attr unsafe.Pointer, size uintptr) (uintptr, error) {
	for {
		r, _, e := unix.Syscall(unix.SYS_BPF, cmd, uintptr(attr), size)
		switch {
		case e == 0:
			return r, nil
		case e != unix.EINTR && (e != unix.EAGAIN || cmd == cmdTake):
			err := &Error{Call: commandNames[cmd], Errno: e}
			if e == unix.EPERM {
				err.Subject = lacking()
			}
			return r, err
		}
	}
}

// address is where b is. Everything whose address is taken is on the heap and stays there as long as it is kept alive.
func address(b []byte) uint64 {
	if len(b) == 0 {
		return 0
	}
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
}

func (kernel) CreateMap(spec *ebpf.MapSpec, variables map[string]*ebpf.VariableSpec) (MapHandle, error) {
	name := spec.Name
	if name == "" {
		name = "map"
	}
	c, err := ebpf.NewCollection(&ebpf.CollectionSpec{Maps: map[string]*ebpf.MapSpec{name: spec}, Variables: variables, ByteOrder: binary.NativeEndian})
	if err != nil {
		err = Fail("BPF_MAP_CREATE", "maps of type "+MapTypeName(uint32(spec.Type)), err)
		var e *Error
		if errors.As(err, &e) && (e.Errno == unix.EINVAL || e.Errno == unix.E2BIG) {
			e.Subject = misshapen(spec)
		}
		return nil, err
	}
	defer c.Close()
	return kernelMap{c.DetachMap(name)}, nil
}

func openMap(m *ebpf.Map, callName string, err error) (MapHandle, error) {
	if err != nil {
		return nil, Fail(callName, "opening maps", err)
	}
	return kernelMap{m}, nil
}

func (kernel) MapByID(id uint32) (MapHandle, error) {
	m, err := ebpf.NewMapFromID(ebpf.MapID(id))
	return openMap(m, "BPF_MAP_GET_FD_BY_ID", err)
}

func (k kernel) MapByPath(path string) (MapHandle, error) {
	m, err := ebpf.LoadPinnedMap(path, nil)
	return openMap(m, "BPF_OBJ_GET", err)
}

type idAttr struct{ id, next, flags uint32 }

func (kernel) NextMap(id uint32) (uint32, error)     { return nextID(cmdMapNextID, id) }
func (kernel) NextProgram(id uint32) (uint32, error) { return nextID(cmdProgNextID, id) }

func nextID(cmd uintptr, id uint32) (uint32, error) {
	a := idAttr{id: id}
	_, err := call(cmd, unsafe.Pointer(&a), unsafe.Sizeof(a))
	return a.next, err
}

func (o ProgramOptions) library() ebpf.ProgramOptions {
	return ebpf.ProgramOptions{LogLevel: ebpf.LogLevel(o.LogLevel), LogSizeStart: o.LogSize, KernelTypes: o.KernelTypes}
}

func (kernel) LoadProgram(spec *ebpf.ProgramSpec, maps map[string]MapHandle, o ProgramOptions) (ProgramHandle, error) {
	spec = spec.Copy()
	if o.Target != nil {
		spec.AttachTarget = o.Target.Kernel()
	}
	for i := range spec.Instructions {
		ins := &spec.Instructions[i]
		if h := maps[ins.Reference()]; h != nil && ins.IsLoadFromMap() {
			if err := ins.AssociateMap(h.Kernel()); err != nil {
				return nil, err
			}
		}
	}
	c, err := ebpf.NewCollectionWithOptions(&ebpf.CollectionSpec{Programs: map[string]*ebpf.ProgramSpec{spec.Name: spec},
		ByteOrder: binary.NativeEndian}, ebpf.CollectionOptions{Programs: o.library()})
	if err == nil {
		p := c.DetachProgram(spec.Name)
		c.Close()
		if p != nil {
			return kernelProgram{p}, nil
		}
		err = unix.EINVAL // of no type
	}
	what := "programs of type " + ProgramTypeName(uint32(spec.Type))
	// The library has no error of its own for a function of the kernel that is not there.
	if _, name, ok := strings.Cut(err.Error(), `kfunc "`); ok {
		name, _, _ = strings.Cut(name, `"`)
		what = "the kernel function " + name
	}
	return nil, Fail("BPF_PROG_LOAD", what, err)
}

func (kernel) LoadStructOps(spec *ebpf.CollectionSpec, maps map[string]MapHandle, o ProgramOptions) (map[string]MapHandle, map[string]ProgramHandle, error) {
	replaced := map[string]*ebpf.Map{}
	for n, h := range maps {
		replaced[n] = h.Kernel()
	}
	c, err := ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{MapReplacements: replaced, Programs: o.library()})
	if err != nil {
		return nil, nil, Fail("BPF_PROG_LOAD", "struct_ops", err)
	}
	defer c.Close()
	made, programs := map[string]MapHandle{}, map[string]ProgramHandle{}
	for n := range spec.Maps {
		if replaced[n] == nil {
			made[n] = kernelMap{c.DetachMap(n)}
		}
	}
	for n := range spec.Programs {
		programs[n] = kernelProgram{c.DetachProgram(n)}
	}
	return made, programs, nil
}

func openProgram(p *ebpf.Program, callName string, err error) (ProgramHandle, error) {
	if err != nil {
		return nil, Fail(callName, "opening programs", err)
	}
	return kernelProgram{p}, nil
}

func (kernel) ProgramByID(id uint32) (ProgramHandle, error) {
	p, err := ebpf.NewProgramFromID(ebpf.ProgramID(id))
	return openProgram(p, "BPF_PROG_GET_FD_BY_ID", err)
}

func (kernel) ProgramByPath(path string) (ProgramHandle, error) {
	p, err := ebpf.LoadPinnedProgram(path, nil)
	return openProgram(p, "BPF_OBJ_GET", err)
}

type pathAttr struct {
	path      uint64
	fd, flags uint32
}

func (kernel) Pin(path string, fd int) error {
	name, err := unix.ByteSliceFromString(path)
	if err != nil {
		return &Error{Call: "BPF_OBJ_PIN", Errno: unix.EINVAL}
	}
	mountFor(path)
	a := pathAttr{path: address(name), fd: uint32(fd)}
	_, err = call(cmdPin, unsafe.Pointer(&a), unsafe.Sizeof(a))
	runtime.KeepAlive(name)
	return err
}

func (kernel) Get(path string) (int, error) {
	name, err := unix.ByteSliceFromString(path)
	if err != nil {
		return 0, &Error{Call: "BPF_OBJ_GET", Errno: unix.EINVAL}
	}
	a := pathAttr{path: address(name)}
	fd, err := call(cmdGet, unsafe.Pointer(&a), unsafe.Sizeof(a))
	runtime.KeepAlive(name)
	return int(fd), err
}

func (kernel) CloseFD(fd int) error { return unix.Close(fd) }

func (kernel) EnableStats() (io.Closer, error) {
	c, err := ebpf.EnableStats(unix.BPF_STATS_RUN_TIME)
	return c, Fail("BPF_ENABLE_STATS", "statistics of programs", err)
}

var possible = sync.OnceValue(func() int {
	n, err := ebpf.PossibleCPU()
	if err != nil {
		return 1
	}
	return n
})

func (kernel) PossibleCPUs() int { return possible() }

func (kernel) CgroupID(path string) (uint64, error) {
	if !filepath.IsAbs(path) {
		return 0, errors.New("the path of a cgroup must be absolute")
	}
	h, _, err := unix.NameToHandleAt(unix.AT_FDCWD, path, 0)
	if err != nil {
		return 0, err
	}
	if h.Size() != 8 {
		return 0, unix.EINVAL
	}
	return binary.NativeEndian.Uint64(h.Bytes()), nil
}

func (kernel) KernelType(name string) (btf.Type, error) {
	spec, err := kernelTypes()
	if err != nil {
		return nil, Fail("BPF_BTF_GET_FD_BY_ID", "type information of the kernel", err)
	}
	t, err := spec.AnyTypesByName(name)
	if err != nil {
		return nil, errors.New("the kernel has no type " + name)
	}
	for _, x := range t {
		switch x.(type) {
		case *btf.Struct, *btf.Union:
			return x, nil
		}
	}
	return t[0], nil
}

func (kernel) KernelTypes() ([]string, error) {
	spec, err := kernelTypes()
	if err != nil {
		return nil, Fail("BPF_BTF_GET_FD_BY_ID", "type information of the kernel", err)
	}
	var names []string
	for t, err := range spec.All() {
		if err != nil {
			return nil, err
		}
		switch t.(type) {
		case *btf.Struct, *btf.Union:
			if t.TypeName() != "" {
				names = append(names, t.TypeName())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

var kernelTypes = sync.OnceValues(btf.LoadKernelSpec)

func (kernel) KernelVersion() (uint32, error) { return features.LinuxVersionCode() }

func (k kernel) Probe(f Feature) (bool, error) {
	var err error
	switch f.Kind {
	case FeatureProgramType:
		err = features.HaveProgramType(ebpf.ProgramType(f.Value))
	case FeatureMapType:
		err = features.HaveMapType(ebpf.MapType(f.Value))
	case FeatureMapFlag:
		err = features.HaveMapFlag(features.MapFlags(f.Value))
	case FeatureHelper:
		fn, ok := helper(f.Name)
		if !ok {
			return false, errors.New("unknown helper function: " + f.Name)
		}
		err = features.HaveProgramHelper(ebpf.ProgramType(f.Value), fn)
	case FeatureInstructions:
		switch f.Value {
		case 2:
			err = features.HaveV2ISA()
		case 3:
			err = features.HaveV3ISA()
		case 4:
			err = features.HaveV4ISA()
		}
	case FeatureBTF:
		_, err = kernelTypes()
	case FeatureMemcg:
		// A kernel does not tell. Trying would take away the memory that this process may lock, for as long as a map is created.
		v, e := features.LinuxVersionCode()
		return v >= 5<<16|11<<8, e
	case FeatureTrampolines:
		return have(probeTrampolines())
	case FeatureToken:
		return have(probeToken())
	case FeatureLinkType:
		return probeLink(f.Name)
	}
	return err == nil, err
}

type kernelProgram struct{ *ebpf.Program }

func (p kernelProgram) Kernel() *ebpf.Program { return p.Program }
func (p kernelProgram) Log() string           { return p.VerifierLog }

func (p kernelProgram) Clone() (ProgramHandle, error) {
	c, err := p.Program.Clone()
	return openProgram(c, "F_DUPFD_CLOEXEC", err)
}

func (p kernelProgram) Pin(path string) error { return kernel{}.Pin(path, p.FD()) }

func (p kernelProgram) Info() (ProgramInfo, error) {
	i, err := p.Program.Info()
	if err != nil {
		return ProgramInfo{}, Fail("BPF_OBJ_GET_INFO_BY_FD", "information on programs", err)
	}
	out := ProgramInfo{Type: uint32(i.Type), Name: i.Name, Tag: i.Tag}
	id, _ := i.ID()
	out.ID = uint32(id)
	out.LoadTime, _ = i.LoadTime()
	out.UID, _ = i.CreatedByUID()
	ids, _ := i.MapIDs()
	for _, id := range ids {
		out.MapIDs = append(out.MapIDs, uint32(id))
	}
	b, _ := i.BTFID()
	out.BTFID = uint32(b)
	out.JitedSize, _ = i.JitedSize()
	out.TranslatedSize, _ = i.TranslatedSize()
	out.VerifiedInstructions, _ = i.VerifiedInstructions()
	out.Memlock, _ = i.Memlock()
	out.GPL = gpl(p.FD())
	return out, nil
}

type infoAttr struct {
	fd, size uint32
	info     uint64
}

// infoSize is more than the kernel has to say; a variable, so that the buffer is on the heap.
var infoSize = 232

// gpl asks for the flag the library does not tell: the first bit after the name and interface.
func gpl(fd int) bool {
	b := make([]byte, infoSize)
	a := infoAttr{fd: uint32(fd), size: uint32(len(b)), info: address(b)}
	_, err := call(cmdInfo, unsafe.Pointer(&a), unsafe.Sizeof(a))
	runtime.KeepAlive(b)
	return err == nil && order.Uint32(b[84:])&1 != 0
}

func (p kernelProgram) Stats() (ProgramStats, error) {
	s, err := p.Program.Stats()
	if err != nil {
		return ProgramStats{}, Fail("BPF_OBJ_GET_INFO_BY_FD", "statistics of programs", err)
	}
	return ProgramStats{RunTime: s.Runtime, RunCount: s.RunCount, RecursionMisses: s.RecursionMisses}, nil
}
