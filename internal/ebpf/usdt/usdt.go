// Package usdt finds the static probes (USDT) that an executable or a library describes in notes of type stapsdt.
package usdt

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Probe is a place in a program that was compiled in for tracing.
type Probe struct {
	Provider, Name string
	Arguments      string // where the arguments are, such as -4@%edi 8@-24(%rbp)
	Offset         uint64 // of the instruction in the file
	Semaphore      uint64 // offset in the file of the counter of those who trace; 0 if there is none
}

const (
	section  = ".note.stapsdt"
	baseName = ".stapsdt.base"
	owner    = "stapsdt"
	noteType = 3

	// maxNotes bounds the bytes of notes that are read: a probe takes about 60.
	maxNotes = 16 << 20
)

// Read lists the probes of an ELF file in the order of their notes. A file without notes has none.
func Read(r io.ReaderAt) ([]Probe, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := f.Section(section)
	if s == nil {
		return nil, nil
	}
	if s.Size > maxNotes {
		return nil, fmt.Errorf("%s has %d bytes, more than %d", section, s.Size, maxNotes)
	}
	notes, err := s.Data()
	if err != nil {
		return nil, err
	}
	// Addresses in notes are those at link time; prelink(8) moves sections but not notes, which the base tells.
	var moved uint64
	base := f.Section(baseName)
	word := 8
	if f.Class == elf.ELFCLASS32 {
		word = 4
	}
	var probes []Probe
	for len(notes) > 0 {
		var n note
		if n, notes, err = nextNote(notes, f.ByteOrder); err != nil {
			return nil, err
		}
		if n.owner != owner || n.kind != noteType {
			continue
		}
		d, err := parse(n.body, f.ByteOrder, word)
		if err != nil {
			return nil, err
		}
		moved = 0
		if base != nil {
			moved = base.Addr - d.base
		}
		p := Probe{Provider: d.provider, Name: d.name, Arguments: d.arguments}
		var ok bool
		if p.Offset, ok = fileOffset(f, d.pc+moved, elf.PF_X); !ok {
			return nil, fmt.Errorf("probe %s:%s is at %#x, outside of the code", p.Provider, p.Name, d.pc)
		}
		if d.semaphore != 0 {
			if p.Semaphore, ok = fileOffset(f, d.semaphore+moved, elf.PF_W); !ok {
				return nil, fmt.Errorf("the semaphore of probe %s:%s is at %#x, outside of the data", p.Provider, p.Name, d.semaphore)
			}
		}
		probes = append(probes, p)
	}
	return probes, nil
}

// fileOffset finds the place in the file of a virtual address, within a segment that has a flag.
func fileOffset(f *elf.File, addr uint64, flag elf.ProgFlag) (uint64, bool) {
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && p.Flags&flag != 0 && addr >= p.Vaddr && addr-p.Vaddr < p.Memsz {
			return addr - p.Vaddr + p.Off, true
		}
	}
	return 0, false
}

var errCut = errors.New(section + " is cut short")

type note struct {
	owner string
	kind  uint32
	body  []byte
}

// nextNote cuts the first note off: sizes of name and body, type, name, body, both padded to 4.
func nextNote(b []byte, order binary.ByteOrder) (note, []byte, error) {
	const header = 12
	if len(b) < header {
		return note{}, nil, errCut
	}
	name, body := uint64(order.Uint32(b)), uint64(order.Uint32(b[4:]))
	kind := order.Uint32(b[8:])
	b = b[header:]
	if pad(name)+body > uint64(len(b)) {
		return note{}, nil, errCut
	}
	n := note{string(bytes.TrimRight(b[:name], "\x00")), kind, b[pad(name) : pad(name)+body]}
	return n, b[min(pad(name)+pad(body), uint64(len(b))):], nil
}

func pad(n uint64) uint64 { return (n + 3) &^ 3 }

type description struct {
	pc, base, semaphore       uint64
	provider, name, arguments string
}

// parse reads the body of a note: three addresses, three strings.
func parse(b []byte, order binary.ByteOrder, word int) (d description, err error) {
	if len(b) < 3*word {
		return d, errCut
	}
	for i, p := range []*uint64{&d.pc, &d.base, &d.semaphore} {
		if word == 4 {
			*p = uint64(order.Uint32(b[i*4:]))
		} else {
			*p = order.Uint64(b[i*8:])
		}
	}
	b = b[3*word:]
	for _, p := range []*string{&d.provider, &d.name, &d.arguments} {
		i := bytes.IndexByte(b, 0)
		if i < 0 {
			return d, errCut
		}
		*p = string(b[:i])
		b = b[i+1:]
	}
	return d, nil
}
