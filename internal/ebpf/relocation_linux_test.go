package ebpf

import (
	"encoding/binary"
	"os"
	"testing"

	"github.com/cilium/ebpf/btf"
)

// Accesses to fields are moved to where a kernel has them; no kernel is needed for that.
func TestRelocation(t *testing.T) {
	t.Parallel()
	object, err := os.ReadFile("testdata/core.o")
	if err != nil {
		t.Fatal(err)
	}
	g := &Generation{Backend: NewFake()}
	defer g.Close()
	o, err := Parse(g, object, ObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	const where = 0x5c8 // of tgid, which is at 4 in the object
	number := &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	b, err := btf.NewBuilder([]btf.Type{&btf.Struct{Name: "task_struct", Size: 4096, Members: []btf.Member{
		{Name: "pid", Type: number, Offset: (where - 4) * 8}, {Name: "tgid", Type: number, Offset: where * 8},
	}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := b.Marshal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	types, err := readTypes(raw)
	if err != nil {
		t.Fatal(err)
	}
	var bytes binary.ByteOrder = binary.LittleEndian
	if bigEndian {
		bytes = binary.BigEndian
	}
	moved := 0
	for i := range o.Program("whoami").Spec().Instructions {
		ins := &o.Program("whoami").Spec().Instructions[i]
		relo := btf.CORERelocationMetadata(ins)
		if relo == nil {
			continue
		}
		fixups, err := btf.CORERelocate([]*btf.CORERelocation{relo}, []*btf.Spec{types}, bytes, func(btf.Type) (btf.TypeID, error) { return 0, nil })
		if err != nil {
			t.Fatal(err)
		}
		before := ins.Offset
		if err := fixups[0].Apply(ins); err != nil {
			t.Fatal(err)
		}
		if before != 4 || ins.Offset != where {
			t.Errorf("an access at %d was moved to %d, not from 4 to %d", before, ins.Offset, where)
		}
		moved++
	}
	if moved == 0 {
		t.Error("nothing was relocated")
	}
}
