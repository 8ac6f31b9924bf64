package ebpf

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Bounds for what an object file may make the process allocate.
const (
	maxObject      = 64 << 20
	maxDataSection = 64 << 20
	maxNames       = 1 << 16
)

// image is a relocatable object file as far as it is read here: what the library does not keep, above all the order of
// things. The code itself is read by the library.
type image struct {
	data      []byte
	wide      bool // ELFCLASS64
	names     section
	sections  []section
	functions []function
	license   string
}

type section struct {
	name         string
	nameAt       uint32
	header       int // offset of the section's header in the file
	typ          elf.SectionType
	flags        uint64
	offset, size uint64
	link, info   uint32
	entry        uint64
}

type function struct {
	name    string
	section string
	size    uint64 // bytes
}

var order = binary.NativeEndian

// bigEndian tells how this machine orders bytes.
var bigEndian = order.Uint16([]byte{0, 1}) == 1

// parseELF checks an object file and reads its sections and functions.
func parseELF(data []byte) (*image, error) {
	if len(data) <= 16 || string(data[:4]) != elf.ELFMAG || data[elf.EI_VERSION] != 1 ||
		data[elf.EI_CLASS] != byte(elf.ELFCLASS32) && data[elf.EI_CLASS] != byte(elf.ELFCLASS64) {
		return nil, errors.New("not an ELF file")
	}
	want := elf.ELFDATA2LSB
	if bigEndian {
		want = elf.ELFDATA2MSB
	}
	if data[elf.EI_DATA] != byte(want) {
		return nil, errors.New("mismatched ELF endianness")
	}
	if data[elf.EI_OSABI] != 0 {
		return nil, errors.New("unsupported ABI")
	}
	if len(data) > maxObject {
		return nil, fmt.Errorf("the object file is larger than %d MiB", maxObject>>20)
	}
	f := &image{data: data, wide: data[elf.EI_CLASS] == byte(elf.ELFCLASS64)}
	if err := f.readSections(); err != nil {
		return nil, err
	}
	for i := range f.sections {
		s := &f.sections[i]
		if s.name == "license" && f.license == "" {
			text, _, _ := bytes.Cut(f.content(s), []byte{0})
			f.license = string(text)
		}
	}
	return f, f.readSymbols()
}

// word reads an address or offset of the file's class.
func (f *image) word(at int) uint64 {
	if f.wide {
		return order.Uint64(f.data[at:])
	}
	return uint64(order.Uint32(f.data[at:]))
}

func (f *image) readSections() error {
	size, offsetAt, entryAt := 52, 32, 46
	if f.wide {
		size, offsetAt, entryAt = 64, 40, 58
	}
	if len(f.data) < size {
		return errors.New("not an ELF file")
	}
	table, entry := f.word(offsetAt), int(order.Uint16(f.data[entryAt:]))
	count, names := int(order.Uint16(f.data[entryAt+2:])), int(order.Uint16(f.data[entryAt+4:]))
	least := 40
	if f.wide {
		least = 64
	}
	if count == 0 {
		return nil
	}
	if entry < least || table > uint64(len(f.data)) || uint64(count)*uint64(entry) > uint64(len(f.data))-table {
		return errors.New("out of bound section: index = 0")
	}
	for i := range count {
		at := int(table) + i*entry
		s := section{header: at, nameAt: order.Uint32(f.data[at:]), typ: elf.SectionType(order.Uint32(f.data[at+4:]))}
		if f.wide {
			s.flags, s.offset, s.size = f.word(at+8), f.word(at+24), f.word(at+32)
			s.link, s.info, s.entry = order.Uint32(f.data[at+40:]), order.Uint32(f.data[at+44:]), f.word(at+56)
		} else {
			s.flags, s.offset, s.size = f.word(at+8), f.word(at+16), f.word(at+20)
			s.link, s.info, s.entry = order.Uint32(f.data[at+24:]), order.Uint32(f.data[at+28:]), f.word(at+36)
		}
		switch {
		case s.typ == elf.SHT_NULL:
			s.offset, s.size = 0, 0
		case s.typ == elf.SHT_NOBITS:
			if s.size > maxDataSection {
				return fmt.Errorf("section %d is larger than %d MiB", i, maxDataSection>>20)
			}
		case s.offset > uint64(len(f.data)) || s.size > uint64(len(f.data))-s.offset:
			return fmt.Errorf("out of bound section: index = %d", i)
		}
		f.sections = append(f.sections, s)
	}
	if names >= count {
		return fmt.Errorf("out of bound section: index = %d", names)
	}
	f.names = f.sections[names]
	for i := range f.sections {
		s := &f.sections[i]
		if s.typ == elf.SHT_NULL {
			continue
		}
		var err error
		if s.name, err = f.text(&f.names, s.nameAt); err != nil {
			return err
		}
	}
	return nil
}

// content is what a section has in the file.
func (f *image) content(s *section) []byte {
	if s.typ == elf.SHT_NOBITS || s.typ == elf.SHT_NULL {
		return nil
	}
	return f.data[s.offset : s.offset+s.size]
}

// text returns the string at an offset of a table of strings.
func (f *image) text(table *section, at uint32) (string, error) {
	b := f.content(table)
	if uint64(at) >= uint64(len(b)) {
		if at == 0 {
			return "", nil
		}
		return "", fmt.Errorf("string offset out of bound: offset = %d", at)
	}
	b = b[at:]
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	if len(b) > maxNames {
		return "", fmt.Errorf("string offset out of bound: offset = %d", at)
	}
	return string(b), nil
}

func (f *image) symbolSize() uint64 {
	if f.wide {
		return 24
	}
	return 16
}

// readSymbols finds the functions, in the order of the first symbol table, and checks the relocations.
func (f *image) readSymbols() error {
	var table *section
	for i := range f.sections {
		if f.sections[i].typ == elf.SHT_SYMTAB {
			table = &f.sections[i]
			break
		}
	}
	symbols := 0
	if table != nil {
		if int(table.link) >= len(f.sections) {
			return fmt.Errorf("out of bound section: index = %d", table.link)
		}
		b, size, names := f.content(table), int(f.symbolSize()), &f.sections[table.link]
		symbols = len(b) / size
		for i := range symbols {
			if err := f.readSymbol(b[i*size:], names); err != nil {
				return err
			}
		}
	}
	return f.checkRelocations(symbols)
}

func (f *image) readSymbol(b []byte, names *section) error {
	var info byte
	var index uint16
	var value, size uint64
	if f.wide {
		info, index, value, size = b[4], order.Uint16(b[6:]), order.Uint64(b[8:]), order.Uint64(b[16:])
	} else {
		info, index = b[12], order.Uint16(b[14:])
		value, size = uint64(order.Uint32(b[4:])), uint64(order.Uint32(b[8:]))
	}
	name, err := f.text(names, order.Uint32(b))
	if err != nil {
		return err
	}
	if elf.ST_TYPE(info) != elf.STT_FUNC || int(index) >= len(f.sections) {
		return nil
	}
	s := &f.sections[index]
	if s.typ != elf.SHT_PROGBITS || s.flags&uint64(elf.SHF_EXECINSTR) == 0 || value > s.size || size > s.size-value {
		return nil
	}
	f.functions = append(f.functions, function{name: name, section: s.name, size: size})
	return nil
}

func (f *image) checkRelocations(symbols int) error {
	size := 8
	if f.wide {
		size = 16
	}
	for i := range f.sections {
		s := &f.sections[i]
		if s.typ != elf.SHT_REL {
			continue
		}
		b := f.content(s)
		if int(s.info) >= len(f.sections) {
			return fmt.Errorf("out of bound relocation: index = %d", i)
		}
		target := &f.sections[s.info]
		for n := range len(b) / size {
			r := b[n*size:]
			var at, symbol uint64
			if f.wide {
				at, symbol = order.Uint64(r), order.Uint64(r[8:])>>32
			} else {
				at, symbol = uint64(order.Uint32(r)), uint64(order.Uint32(r[4:])>>8)
			}
			if at >= target.size {
				return fmt.Errorf("out of bound relocation: index = %d", n)
			}
			if symbol >= uint64(symbols) {
				return fmt.Errorf("ELF symbol index out of range: %d", symbol)
			}
		}
	}
	return nil
}

// textSection is where functions without a section of their own are.
const textSection = ".text"

// programSection is the name .text is given: the library takes .text for a library of subprograms and hides it.
const programSection = ".prog"

// prepared returns a copy of the file as the library wants it, with a changed BTF section.
func (f *image) prepared(btf []byte) []byte {
	b := append(make([]byte, 0, len(f.data)+len(f.content(&f.names))+len(programSection)+2), f.data...)
	if s := f.section(".BTF"); s != nil && btf != nil {
		copy(b[s.offset:], btf)
	}
	order.PutUint16(b[18:], uint16(elf.EM_BPF)) // checked by nobody but the library
	s := f.section(textSection)
	if s == nil {
		return b
	}
	// The table of names is copied to the end with a name more: it may be part of a table of other strings.
	start, names := uint64(len(b)), f.content(&f.names)
	b = append(append(append(append(b, names...), 0), programSection...), 0)
	order.PutUint32(b[s.header:], uint32(len(names)+1))
	if f.wide {
		order.PutUint64(b[f.names.header+24:], start)
		order.PutUint64(b[f.names.header+32:], uint64(len(b))-start)
	} else if start < math.MaxUint32 {
		order.PutUint32(b[f.names.header+16:], uint32(start))
		order.PutUint32(b[f.names.header+20:], uint32(uint64(len(b))-start))
	}
	return b
}

func (f *image) section(name string) *section {
	for i := range f.sections {
		if s := &f.sections[i]; s.name == name && s.typ != elf.SHT_NULL {
			return s
		}
	}
	return nil
}
