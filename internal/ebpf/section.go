package ebpf

import (
	"bytes"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// sectionTypes returns what the name of a section says about a program. The library has the table, but tells it of files
// only: it is shown one.
func sectionTypes(name string) (ebpf.ProgramSpec, bool) {
	sectionCache.Lock()
	defer sectionCache.Unlock()
	if s, ok := sectionCache.known[name]; ok {
		return s, s.Type != 0
	}
	var t ebpf.ProgramSpec
	if len(name) < 256 {
		if spec, err := readSpec(oneProgram(name)); err == nil {
			if p := spec.Programs["f"]; p != nil {
				t = ebpf.ProgramSpec{Type: p.Type, AttachType: p.AttachType, AttachTo: p.AttachTo, Flags: p.Flags}
			}
		}
	}
	if len(sectionCache.known) < 1000 {
		sectionCache.known[name] = t
	}
	return t, t.Type != 0
}

var sectionCache = struct {
	sync.Mutex
	known map[string]ebpf.ProgramSpec
}{known: map[string]ebpf.ProgramSpec{}}

// oneProgram makes an object file with a function f of one instruction in a section.
func oneProgram(name string) []byte {
	names := "\x00.strtab\x00.symtab\x00f\x00" + name + "\x00"
	const header, entry = 64, 64
	code := header
	symbols := code + 8
	text := symbols + 48
	table := (text + len(names) + 7) &^ 7
	b := make([]byte, table+4*entry)
	copy(b, "\x7fELF\x02\x01\x01")
	if bigEndian {
		b[5] = 2
	}
	order.PutUint16(b[16:], 1)
	order.PutUint16(b[18:], 247)
	order.PutUint32(b[20:], 1)
	order.PutUint64(b[40:], uint64(table))
	order.PutUint16(b[52:], header)
	order.PutUint16(b[58:], entry)
	order.PutUint16(b[60:], 4)
	order.PutUint16(b[62:], 1)
	var ins bytes.Buffer
	if _, err := asm.Return().Marshal(&ins, order); err == nil {
		copy(b[code:], ins.Bytes())
	}
	s := b[symbols+24:]
	order.PutUint32(s, 17)
	s[4] = 1<<4 | 2 // global function
	order.PutUint16(s[6:], 3)
	order.PutUint64(s[16:], 8)
	copy(b[text:], names)
	section := func(i, name, typ, flags, at, size, link, info, entry int) {
		h := b[table+i*64:]
		order.PutUint32(h, uint32(name))
		order.PutUint32(h[4:], uint32(typ))
		order.PutUint64(h[8:], uint64(flags))
		order.PutUint64(h[24:], uint64(at))
		order.PutUint64(h[32:], uint64(size))
		order.PutUint32(h[40:], uint32(link))
		order.PutUint32(h[44:], uint32(info))
		order.PutUint64(h[48:], 1)
		order.PutUint64(h[56:], uint64(entry))
	}
	section(1, 1, 3, 0, text, len(names), 0, 0, 0)
	section(2, 9, 2, 0, symbols, 48, 1, 1, 24)
	section(3, 19, 1, 6, code, 8, 0, 0, 0)
	return b
}

// IsSection reports whether a name, as that of a section, tells the type of a program.
func IsSection(name string) bool {
	_, ok := sectionTypes(name)
	return ok
}
