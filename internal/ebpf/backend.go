package ebpf

import (
	"io"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"weir/internal/ebpf/events"
)

// Backend is a kernel. Failures it reports are *Error with the number and the command.
type Backend interface {
	Objects
	Links
}

// Objects is the part of a Backend that is about programs and maps, and the files and numbers they are found by.
type Objects interface {
	// CreateMap creates a map; variables are those of a data section.
	CreateMap(spec *ebpf.MapSpec, variables map[string]*ebpf.VariableSpec) (MapHandle, error)
	MapByID(id uint32) (MapHandle, error)
	MapByPath(path string) (MapHandle, error)
	// NextMap returns the lowest id above one; ENOENT after the last.
	NextMap(id uint32) (uint32, error)

	// LoadProgram loads a program that refers to maps by their names.
	LoadProgram(spec *ebpf.ProgramSpec, maps map[string]MapHandle, o ProgramOptions) (ProgramHandle, error)
	// LoadStructOps loads the programs of struct_ops maps together with the maps.
	LoadStructOps(spec *ebpf.CollectionSpec, maps map[string]MapHandle, o ProgramOptions) (map[string]MapHandle, map[string]ProgramHandle, error)
	ProgramByID(id uint32) (ProgramHandle, error)
	ProgramByPath(path string) (ProgramHandle, error)
	NextProgram(id uint32) (uint32, error)

	// Pin and Get work on the descriptor of anything.
	Pin(path string, fd int) error
	Get(path string) (fd int, err error)
	// Unpin removes a file Pin made.
	Unpin(path string) error
	// Pins lists what is pinned in a directory and below.
	Pins(dir string) ([]PinInfo, error)
	// MountBPFFS mounts bpffs at a directory, which is made if it does not exist. It returns false if it was mounted already.
	MountBPFFS(dir string) (bool, error)
	// OpenPath opens a cgroup or a namespace for its descriptor, OpenProcess a process.
	OpenPath(path string) (fd int, err error)
	OpenProcess(pid int) (fd int, err error)
	// CloseFD closes a descriptor that Get, OpenPath or OpenProcess returned.
	CloseFD(fd int) error
	// Interface finds an interface of the current network namespace by name, or by its index as a text.
	Interface(name string) (index int, err error)

	// Listen starts to read the events of a map; see events.Start about deliver.
	Listen(m MapHandle, o events.Options, deliver func([]events.Record, error)) (*events.Reader, error)
	// Produce opens a user ring buffer for writing.
	Produce(m MapHandle) (Producer, error)

	EnableStats() (io.Closer, error)
	PossibleCPUs() int
	// CgroupRoot returns where the hierarchy of cgroup v2 is mounted; empty if it is not.
	CgroupRoot() string
	// CgroupID returns the id of a cgroup v2 directory.
	CgroupID(path string) (uint64, error)
	// KernelType returns a type of the running kernel.
	KernelType(name string) (btf.Type, error)
	// KernelTypes lists the structs and unions of the running kernel.
	KernelTypes() ([]string, error)
	// Probe asks for a feature.
	Probe(f Feature) (bool, error)
	KernelVersion() (uint32, error)
}

// Links is the part of a Backend that is about what is attached, and what programs print.
type Links interface {
	// Attach attaches a program. Its errors may be those of a system call: package link knows what was attempted.
	Attach(a *Attachment) (LinkHandle, error)
	LinkByID(id uint32) (LinkHandle, error)
	LinkByPath(path string) (LinkHandle, error)
	// ListLinks describes every link, by ascending number.
	ListLinks() ([]LinkInfo, error)
	// Query lists the programs at a hook in the order in which they run. The target is a descriptor or an interface.
	Query(target int, at uint32) (list []Attached, revision uint64, err error)
	// AttachRaw attaches until somebody detaches, beyond the end of the process if the target lives on. DetachRaw undoes it.
	AttachRaw(r Raw) error
	DetachRaw(r Raw) error
	// Trace opens what programs print by bpf_trace_printk: all of the machine, taken from whoever reads it too.
	Trace() (io.ReadCloser, error)
	// Output opens what a program prints by bpf_stream_printk. Reading waits for output until Close.
	Output(p ProgramHandle) (io.ReadCloser, error)
}

// PinInfo is a file in bpffs.
type PinInfo struct {
	Path, Kind string // map, program or link
	ID         uint32
}

// Producer writes into a user ring buffer. It belongs to one goroutine.
type Producer interface {
	io.Closer
	// Write adds a record; false means that there is no room until the program has drained some.
	Write(b []byte) (bool, error)
}

// MapHandle is a map in a kernel. Keys and values have the sizes of the map; a value of a per-CPU map has that of a slot, a
// multiple of 8, for each possible CPU. They are not kept. The slices must be on the heap.
type MapHandle interface {
	io.Closer
	FD() int
	// Kernel is the library's map, nil if there is none behind it.
	Kernel() *ebpf.Map
	Clone() (MapHandle, error)
	Info() (MapInfo, error)

	Lookup(key, value []byte, flags uint64) error
	Take(key, value []byte, flags uint64) error // BPF_MAP_LOOKUP_AND_DELETE_ELEM
	Update(key, value []byte, flags uint64) error
	Delete(key []byte) error
	Next(key, next []byte) error // a nil key asks for the first

	// The batch calls take and give as many keys and values as fit; ENOTSUP means that this map has none. The cursor is
	// moved; ENOENT comes with the last entries.
	LookupBatch(c *Cursor, keys, values []byte, n int, take bool) (int, error)
	UpdateBatch(keys, values []byte, n int, flags uint64) (int, error)
	DeleteBatch(keys []byte, n int) (int, error)

	Freeze() error
	Pin(path string) error
	// Memory returns the memory of an array that can be mapped, or of an arena.
	Memory() (Memory, error)
}

// Cursor is where a walk in batches is; the zero Cursor is the start.
type Cursor struct {
	Position []byte // opaque
	begun    bool
}

// Memory is memory that programs and scripts share.
type Memory interface {
	io.ReaderAt
	io.WriterAt
	Size() uint32
}

// ProgramHandle is a loaded program.
type ProgramHandle interface {
	io.Closer
	FD() int
	Kernel() *ebpf.Program
	Clone() (ProgramHandle, error)
	Info() (ProgramInfo, error)
	Stats() (ProgramStats, error)
	Run(o *RunOptions) (RunResult, error)
	Pin(path string) error
	Log() string
}

// ProgramOptions are those of the loader.
type ProgramOptions struct {
	LogLevel    uint32
	LogSize     uint32
	KernelTypes *btf.Spec
	Target      ProgramHandle // whose function the program takes the place of, or traces; may be nil
}

// MapInfo is what the kernel knows about a map. The fields from Frozen on are known for open maps only.
type MapInfo struct {
	ID, Type, Flags, MaxEntries, KeySize, ValueSize uint32
	Name                                            string
	Extra                                           uint64
	BTFID                                           uint32
	Frozen                                          bool
	Memlock                                         uint64
}

// ProgramInfo is what the kernel knows about a program.
type ProgramInfo struct {
	ID, Type             uint32
	Name, Tag            string
	LoadTime             time.Duration // since the boot
	UID                  uint32
	MapIDs               []uint32
	BTFID                uint32
	JitedSize            uint32
	TranslatedSize       int
	VerifiedInstructions uint32
	Memlock              uint64
	GPL                  bool
}

// ProgramStats is what a program did since statistics were enabled.
type ProgramStats struct {
	RunTime         time.Duration
	RunCount        uint64
	RecursionMisses uint64
}

// RunOptions are for a test run.
type RunOptions struct {
	Data       []byte
	DataOut    int // bytes of room
	Context    []byte
	ContextOut int
	Repeat     uint32
	CPU        *uint32 // nil: where the caller happens to be
	Flags      uint32
	BatchSize  uint32
}

// RunResult is what a test run gave.
type RunResult struct {
	Retval   uint32
	Data     []byte
	Context  []byte
	Duration time.Duration // of one run on average, as the kernel measured it; 0 for types of programs that it does not measure
}
