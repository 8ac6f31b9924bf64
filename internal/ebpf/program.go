package ebpf

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"
)

// Program is a program of an object file, or one that was found in the kernel.
type Program struct {
	Name             string
	Size             int // instructions of 8 bytes
	Section          string
	License          string
	Type, AttachType uint32 // by the section, until it is loaded

	gen    *Generation
	obj    *Object
	spec   *ebpf.ProgramSpec
	handle ProgramHandle
	info   ProgramInfo
	log    []string
	pinned []string
	closed bool
}

// LoadOptions are for loading a program.
type LoadOptions struct {
	Type, AttachType *uint32 // nil: by the section
	// Section, instead of Type, gives the type as the name of a section would.
	Section      string
	Name         string
	License      string // for a program without one
	AttachTo     string // kernel function, type or the like
	AttachTarget *Program
	Flags        *uint32
	LogLevel     uint32
	LogSize      uint32
	Ifindex      uint32
}

func (l *LoadOptions) backend(o *Object) ProgramOptions {
	return ProgramOptions{LogLevel: l.LogLevel, LogSize: l.LogSize, KernelTypes: o.types}
}

// Loaded reports whether the program is in the kernel.
func (p *Program) Loaded() bool { return p.handle != nil }

// FD returns the descriptor; 0 until the program is loaded.
func (p *Program) FD() int {
	if p.handle == nil {
		return 0
	}
	return p.handle.FD()
}

// ID returns the kernel's number; 0 until the program is loaded.
func (p *Program) ID() uint32 { return p.info.ID }

// Tag returns the kernel's hash of the instructions; empty until the program is loaded.
func (p *Program) Tag() string { return p.info.Tag }

// Log returns the lines of the verifier, if it was asked for, or refused the program.
func (p *Program) Log() []string { return p.log }

// Handle returns the program in the kernel; nil until it is loaded.
func (p *Program) Handle() ProgramHandle { return p.handle }

// Spec returns what the object file has; nil for a program found in the kernel.
func (p *Program) Spec() *ebpf.ProgramSpec { return p.spec }

// Load puts the program into the kernel, and creates the maps it uses before. A program that is loaded stays as it is.
func (p *Program) Load(l LoadOptions) error {
	if p.handle != nil {
		return nil
	}
	if p.closed {
		return ErrClosed
	}
	if p.spec == nil {
		return errors.New("the program is not part of an object file")
	}
	spec := p.spec.Copy()
	if l.Section != "" {
		if err := sectionType(spec, l.Section); err != nil {
			return err
		}
	}
	if l.Type != nil {
		if t := ebpf.ProgramType(*l.Type); t != spec.Type {
			spec.Type, spec.AttachType, spec.AttachTo, spec.Flags = t, 0, "", 0
		}
	}
	if l.AttachType != nil {
		spec.AttachType = ebpf.AttachType(*l.AttachType)
	}
	if spec.Type == ebpf.UnspecifiedProgram && l.Type == nil {
		return fmt.Errorf("the section %q of program %s does not tell its type: give load() one", p.Section, p.Name)
	}
	if l.Name != "" {
		spec.Name = l.Name
	}
	if spec.License == "" {
		spec.License = l.License
	}
	if l.AttachTo != "" {
		spec.AttachTo = l.AttachTo
	}
	options := l.backend(p.obj)
	if l.AttachTarget != nil {
		if options.Target = l.AttachTarget.handle; options.Target == nil {
			return errors.New("options.attachTarget is not loaded")
		}
	}
	if l.Flags != nil {
		spec.Flags = *l.Flags
	}
	spec.Ifindex = l.Ifindex
	handles := map[string]MapHandle{}
	if err := p.obj.createReferenced(spec, handles); err != nil {
		return err
	}
	h, err := p.gen.Backend.LoadProgram(spec, handles, options)
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			p.log = e.Log
			if what := beyond(spec); what != "" && e.Errno == syscall.EPERM && !HaveTrampolines(p.gen.Backend) {
				err = &Error{Call: e.Call, Errno: e.Errno, Log: e.Log, Unsupported: what}
			}
		}
		p.debugLog()
		return err
	}
	p.License = spec.License
	if p.adopt(h, uint32(spec.Type), uint32(spec.AttachType)); h.Log() != "" {
		p.log = strings.Split(strings.TrimRight(h.Log(), "\n\x00"), "\n")
	}
	p.debugLog()
	return p.obj.fillPrograms()
}

// sectionType sets a program's type as if it were in another section.
func sectionType(spec *ebpf.ProgramSpec, name string) error {
	t, ok := sectionTypes(name)
	if !ok {
		return errors.New("unknown bpf_prog_type")
	}
	spec.Type, spec.AttachType, spec.AttachTo, spec.Flags, spec.SectionName = t.Type, t.AttachType, t.AttachTo, t.Flags, name
	return nil
}

func (p *Program) adopt(h ProgramHandle, programType, attachType uint32) {
	p.handle, p.Type, p.AttachType = h, programType, attachType
	if i, err := h.Info(); err == nil {
		p.info = i
	}
	p.gen.Own(p)
}

// Info asks the kernel about the program.
func (p *Program) Info() (ProgramInfo, error) {
	if err := p.Need(); err != nil {
		return ProgramInfo{}, err
	}
	return p.handle.Info()
}

var errNotLoaded = errors.New("the program is not loaded")

// Need fails unless the program is in the kernel.
func (p *Program) Need() error {
	switch {
	case p.closed:
		return ErrClosed
	case p.handle == nil:
		return errNotLoaded
	}
	return nil
}

// Stats returns what the program did while statistics were enabled.
func (p *Program) Stats() (ProgramStats, error) {
	if err := p.Need(); err != nil {
		return ProgramStats{}, err
	}
	return p.handle.Stats()
}

// Run runs the program on data that is given.
func (p *Program) Run(o *RunOptions) (RunResult, error) {
	if err := p.Need(); err != nil {
		return RunResult{}, err
	}
	return p.handle.Run(o)
}

// Pin makes the program a file in bpffs, which keeps it loaded.
func (p *Program) Pin(path string) error {
	if err := p.Need(); err != nil {
		return err
	}
	if err := p.handle.Pin(path); err != nil {
		return err
	}
	p.pinned = append(p.pinned, path)
	return nil
}

// Unpin removes the files Pin made, or those the program was opened from.
func (p *Program) Unpin() error { return p.gen.unpin(&p.pinned) }

// Close takes the program out of the kernel, unless something else keeps it there.
func (p *Program) Close() error {
	p.closed = true
	if p.handle == nil {
		return nil
	}
	h := p.handle
	p.handle = nil
	p.info.ID = 0
	p.gen.Disown(p)
	return h.Close()
}

// OpenProgram opens a program by its number.
func OpenProgram(g *Generation, id uint32) (*Program, error) {
	h, err := g.Backend.ProgramByID(id)
	return found(g, h, err)
}

// PinnedProgram opens a program that is pinned.
func PinnedProgram(g *Generation, path string) (*Program, error) {
	h, err := g.Backend.ProgramByPath(path)
	p, err := found(g, h, err)
	if err == nil {
		p.pinned = []string{path}
	}
	return p, err
}

func found(g *Generation, h ProgramHandle, err error) (*Program, error) {
	if err != nil {
		return nil, err
	}
	p := &Program{gen: g}
	p.adopt(h, 0, 0)
	p.Name, p.Type, p.Size = p.info.Name, p.info.Type, p.info.TranslatedSize/8
	return p, nil
}

// ListPrograms describes all programs in the kernel, by ascending number. Those that go meanwhile are left out.
func ListPrograms(b Backend) ([]ProgramInfo, error) {
	return list(b.NextProgram, func(id uint32) (ProgramInfo, error) {
		h, err := b.ProgramByID(id)
		if err != nil {
			return ProgramInfo{}, err
		}
		defer h.Close()
		return h.Info()
	})
}

func list[T any](next func(uint32) (uint32, error), open func(uint32) (T, error)) ([]T, error) {
	var all []T
	for id := uint32(0); ; {
		var err error
		if id, err = next(id); err != nil {
			if IsErrno(err, syscall.ENOENT) {
				return all, nil
			}
			return nil, err
		}
		x, err := open(id)
		switch {
		case err == nil:
			all = append(all, x)
		case !IsErrno(err, syscall.ENOENT):
			return nil, err
		}
	}
}
