package protobuf

import (
	"testing"

	"weir/internal/api/lang"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

func TestSchema(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{`s.encode('M', { name: 'Ann', id: new Int('u64', '18446744073709551615'), raw: new Data([1]) }).toString('hex')`, "0a03416e6e10ffffffffffffffffff011a0101"},
		{`var m = s.decode('M', s.encode('M', { name: 'Ann', id: new Int('u64', '18446744073709551615'), raw: new Data([1]) })); m.name + m.id.toString() + m.id.type + m.raw.size`, "Ann18446744073709551615u641"},
		{`protobuf.decode(s.encode('M', { name: 'Ann' })).getString(1)`, "Ann"},
		{`new protobuf.Schema({ 'a.proto': 'syntax = "proto3"; import "b.proto"; message A { B b = 1; }', 'b.proto': new Data('syntax = "proto3"; message B {}') }).encode('A', { b: {} }).size + ''`, "2"},
		{`s.encode('M', { none: 1 })`, "error: M has no field none"},
		{`s.encode('M', 1)`, "error: argument #2 expects an object"},
		{`s.decode('M', 'x')`, "error: argument #2 expects an instance of pipy::Data"},
		{`s.decode('N', new Data)`, "error: unknown message type: N"},
		{`new protobuf.Schema(1)`, "error: argument #1 expects a string, an object or a Data"},
		{`new protobuf.Schema({ a: 1 })`, "error: argument #1 expects texts of .proto files as properties"},
		{`new protobuf.Schema(new Data('xx'))`, "error: malformed descriptor set"},
	} {
		t.Run(c.src, func(t *testing.T) {
			t.Parallel()
			got := scripttest.Run(t, []*script.Namespace{lang.Namespace, event.Namespace, Namespace},
				`var s = new protobuf.Schema('syntax = "proto3"; message M { string name = 1; uint64 id = 2; bytes raw = 3; }'); `+c.src)
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
