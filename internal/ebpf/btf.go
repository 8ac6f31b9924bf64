package ebpf

import (
	"bytes"
	"errors"
	"fmt"
)

// The kinds of BTF records that are looked at here.
const (
	kindInt       = 1
	kindPtr       = 2
	kindArray     = 3
	kindStruct    = 4
	kindUnion     = 5
	kindEnum      = 6
	kindTypedef   = 8
	kindVolatile  = 9
	kindConst     = 10
	kindRestrict  = 11
	kindFuncProto = 13
	kindVar       = 14
	kindDatasec   = 15
	kindDeclTag   = 17
	kindTypeTag   = 18
	kindEnum64    = 19
	lastKind      = kindEnum64
)

const maxTypes = 1 << 20

// types is the type information of an object file, as far as map definitions need it. The library reads the rest.
type types struct {
	data    []byte // of the section; changed in place
	strings []byte
	records []record // by id; 0 is void
}

type record struct {
	at        int // in data
	kind      int
	count     int
	sizeOrRef uint32
}

// mapDef is what the library does not tell about a map in section .maps.
type mapDef struct {
	name     string
	numaNode uint32
	hasNuma  bool
}

var errTypesBound = errors.New("BTF type section out of bound")

func parseTypes(section []byte) (*types, error) {
	b := bytes.Clone(section)
	if len(b) < 4 {
		return nil, errors.New("BTF header out of bound")
	}
	switch order.Uint16(b) {
	case 0xeb9f:
	case 0x9feb:
		return nil, errors.New("incorrect endianness of BTF data")
	default:
		return nil, errors.New("incorrect BTF magic number")
	}
	if len(b) < 24 {
		return nil, errors.New("BTF header out of bound")
	}
	header := uint64(order.Uint32(b[4:]))
	if header < 24 || header > uint64(len(b)) {
		return nil, errors.New("BTF header out of bound")
	}
	part := func(at int) []byte {
		from := header + uint64(order.Uint32(b[at:]))
		to := from + uint64(order.Uint32(b[at+4:]))
		if to > uint64(len(b)) {
			return nil
		}
		return b[from:to:to]
	}
	t := &types{data: b, strings: part(16)}
	if t.strings == nil {
		return nil, errors.New("BTF string section out of bound")
	}
	body := part(8)
	if body == nil {
		return nil, errTypesBound
	}
	return t, t.read(int(header)+int(order.Uint32(b[8:])), len(body))
}

// read walks over the records.
func (t *types) read(at, size int) error {
	t.records = append(t.records, record{})
	for end := at + size; at < end; {
		if end-at < 12 {
			return errTypesBound
		}
		info := order.Uint32(t.data[at+4:])
		r := record{at: at, kind: int(info >> 24 & 0x1f), count: int(info & 0xffff), sizeOrRef: order.Uint32(t.data[at+8:])}
		if r.kind == 0 || r.kind > lastKind {
			return fmt.Errorf("unknown BTF kind %d", r.kind)
		}
		if len(t.records) > maxTypes {
			return errors.New("the object has too much BTF")
		}
		t.records = append(t.records, r)
		if at += 12 + trailer(r); at > end {
			return errTypesBound
		}
	}
	return nil
}

// trailer is how many bytes follow the head of a record.
func trailer(r record) int {
	switch r.kind {
	case kindInt, kindVar, kindDeclTag:
		return 4
	case kindArray:
		return 12
	case kindStruct, kindUnion, kindDatasec, kindEnum64:
		return 12 * r.count
	case kindEnum, kindFuncProto:
		return 8 * r.count
	}
	return 0
}

func (t *types) name(at uint32) (string, error) {
	if uint64(at) >= uint64(len(t.strings)) {
		if at == 0 {
			return "", nil
		}
		return "", fmt.Errorf("BTF string offset out of bound: offset = %d", at)
	}
	text, _, _ := bytes.Cut(t.strings[at:], []byte{0})
	return string(text), nil
}

func (t *types) record(id uint32) (record, error) {
	if id == 0 || uint64(id) >= uint64(len(t.records)) {
		return record{}, fmt.Errorf("BTF type id out of range: %d", id)
	}
	return t.records[id], nil
}

// strip follows typedefs and qualifiers.
func (t *types) strip(id uint32) (record, uint32, error) {
	for range 64 {
		r, err := t.record(id)
		if err != nil {
			return r, id, err
		}
		switch r.kind {
		case kindTypedef, kindVolatile, kindConst, kindRestrict, kindTypeTag:
			id = r.sizeOrRef
		default:
			return r, id, nil
		}
	}
	return record{}, id, errors.New("a BTF type refers to itself")
}

// number reads a value that is encoded as the length of an array a pointer points to.
func (t *types) number(id uint32) (uint32, error) {
	r, id, err := t.strip(id)
	if err != nil {
		return 0, err
	}
	if r.kind != kindPtr {
		return 0, fmt.Errorf("BTF type %d of kind BTF_KIND_PTR expected", id)
	}
	r, id, err = t.strip(r.sizeOrRef)
	if err != nil {
		return 0, err
	}
	if r.kind != kindArray {
		return 0, fmt.Errorf("BTF type %d of kind BTF_KIND_ARRAY expected", id)
	}
	return order.Uint32(t.data[r.at+20:]), nil
}

// maps reads the definitions in section .maps, in order. Members nobody knows are turned into copies of the member type, so
// that the library takes the definition.
func (t *types) maps(need func(name, member string, mapType uint32) bool) ([]mapDef, error) {
	var defs []mapDef
	for _, r := range t.records {
		if r.kind != kindDatasec {
			continue
		}
		name, err := t.name(order.Uint32(t.data[r.at:]))
		if err != nil {
			return nil, err
		}
		if name != ".maps" {
			continue
		}
		for i := range r.count {
			v, err := t.record(order.Uint32(t.data[r.at+12+12*i:]))
			if err != nil {
				return nil, err
			}
			if v.kind != kindVar {
				return nil, errors.New("BTF type of kind BTF_KIND_VAR expected in .maps")
			}
			d := mapDef{}
			if d.name, err = t.name(order.Uint32(t.data[v.at:])); err != nil {
				return nil, err
			}
			def, _, err := t.strip(v.sizeOrRef)
			if err != nil {
				return nil, err
			}
			if def.kind != kindStruct {
				continue
			}
			if err := t.mapMembers(&d, def, need); err != nil {
				return nil, err
			}
			defs = append(defs, d)
		}
		break
	}
	return defs, nil
}

// known are the members the library reads.
var known = map[string]bool{"type": true, "map_flags": true, "max_entries": true, "key": true, "value": true,
	"key_size": true, "value_size": true, "pinning": true, "values": true, "map_extra": true}

func (t *types) mapMembers(d *mapDef, def record, need func(name, member string, mapType uint32) bool) error {
	at := map[string]int{}
	members := make([]string, def.count)
	for i := range def.count {
		m := def.at + 12 + 12*i
		name, err := t.name(order.Uint32(t.data[m:]))
		if err != nil {
			return err
		}
		members[i] = name
		at[name] = m
	}
	typeAt, ok := at["type"]
	if !ok {
		return fmt.Errorf("type missing for %s", d.name)
	}
	mapType, err := t.number(order.Uint32(t.data[typeAt+4:]))
	if err != nil {
		return err
	}
	for _, n := range []string{"max_entries", "map_flags", "key_size", "value_size", "map_extra", "numa_node"} {
		m, ok := at[n]
		if !ok {
			continue
		}
		v, err := t.number(order.Uint32(t.data[m+4:]))
		if err != nil {
			return err
		}
		if n == "numa_node" {
			d.numaNode, d.hasNuma = v, true
		}
	}
	for _, n := range []string{"key", "value"} {
		if m, ok := at[n]; ok {
			if err := t.pointer(order.Uint32(t.data[m+4:])); err != nil {
				return err
			}
		}
	}
	for _, n := range []string{"max_entries", "key", "value"} {
		_, ok := at[n]
		if !ok && n != "max_entries" {
			_, ok = at[n+"_size"]
		}
		if n == "value" && !ok {
			_, ok = at["values"]
		}
		if !ok && need(d.name, n, mapType) {
			return fmt.Errorf("%s missing for %s", n, d.name)
		}
	}
	for i, n := range members {
		_, key := at["key"]
		_, value := at["value"]
		if !known[n] || n == "key_size" && key || n == "value_size" && value {
			m := def.at + 12 + 12*i
			copy(t.data[m:m+8], t.data[typeAt:typeAt+8])
		}
	}
	// The library wants values at the end.
	if m, ok := at["values"]; ok {
		if last := def.at + 12 + 12*(def.count-1); last != m {
			var swap [12]byte
			copy(swap[:], t.data[m:])
			copy(t.data[m:m+12], t.data[last:last+12])
			copy(t.data[last:], swap[:])
		}
	}
	return nil
}

// pointer checks the type of a key or value.
func (t *types) pointer(id uint32) error {
	r, id, err := t.strip(id)
	if err != nil {
		return err
	}
	if r.kind != kindPtr {
		return fmt.Errorf("BTF type %d of kind BTF_KIND_PTR expected", id)
	}
	_, _, err = t.strip(r.sizeOrRef)
	return err
}

// renameText gives .text its other name in the strings, to which function and line information refer.
func (t *types) renameText() {
	for at := 0; ; {
		i := bytes.Index(t.strings[at:], []byte("\x00"+textSection+"\x00"))
		if i < 0 {
			return
		}
		copy(t.strings[at+i+1:], programSection)
		at += i + 1
	}
}
