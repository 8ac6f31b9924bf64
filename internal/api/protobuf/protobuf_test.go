package protobuf

import (
	"strings"
	"testing"

	"weir/internal/api/lang"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

func TestProtobuf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{`hex(new M().setString(1, 'Ann').setInt32(2, 7))`, "0a03416e6e1007"},
		{`protobuf.decode(protobuf.encode(new M().setString(1, 'Ann').setInt32(2, 7))).getString(1)`, "Ann"},
		{`hex(new M().setInt32(2, -1).setUint64(1, new Int('u64', '18446744073709551615')))`, "08ffffffffffffffffff01 10ffffffffffffffffff01"},
		{`hex(new M().setInt64(1, 5n).setFixed32(2, 4294967295).setSfixed64(3, -1).setBool(4, true).setFloat(5, 1.5).setDouble(6, 1).setSint32(7, -2).setSint64(8, new Int('i64', '-9223372036854775808'))
			.setFixed64(9, new Int('u64', '18446744073709551615')).setSfixed32(10, -1).setUint32(11, 3000000000))`,
			"0805 15ffffffff 19ffffffffffffffff 2001 2d0000c03f 31000000000000f03f 3803 40ffffffffffffffffff01 49ffffffffffffffff 55ffffffff 5880bcc1960b"},
		{`var m = new M().setInt64(1, new Int('i64', '-9007199254740993')).setUint64(2, new Int('u64', '18446744073709551615')); m.getInt64(1).toString() + m.getInt64(1).type + m.getUint64(2).toString() + m.getUint64(2).type`,
			"-9007199254740993i6418446744073709551615u64"},
		{`var m = new M; [m.getInt32(1), m.getBool(1), m.getString(1), m.getBytes(1), m.getMessage(1), m.getInt64(1).toString(), m.getFloat(1), m.getWireType(1), m.getInt32Array(1).length, m.getStringArray(1).length].map(String).join()`,
			"0,false,undefined,null,null,0,0,,0,0"},
		{`var m = new M().setFixed32(1, 4294967295).setSint32(2, -5).setUint32(3, 4294967295).setFloat(4, 0.5).setDouble(5, 0.1); [m.getUint32(1), m.getInt32(1), m.getSint32(2), m.getUint32(3), m.getFloat(4), m.getDouble(5), m.getWireType(1), m.getWireType(2), m.getWireType(5)].join()`,
			"4294967295,-1,-5,4294967295,0.5,0.1,I32,VARINT,I64"},
		{`var m = new M().setBytes(1, new Data([1, 2])).setMessage(2, new M().setInt32(1, 1)).setString(3, ''); m.getBytes(1).toString('hex') + m.getMessage(2).getInt32(1) + m.getWireType(3) + JSON.stringify(m.getString(3))`, `01021LEN""`},
		{`var m = new M().setInt32Array(1, [1, true, '3', new Int('i32', -1), null]).setBoolArray(2, [true, 0, 'x']).setFloatArray(3, [0.5, 1]).setDoubleArray(4, []);
			[m.getInt32Array(1), m.getBoolArray(2), m.getFloatArray(3), m.getDoubleArray(4)].map(a => a.join()).join('|') + hex(m)`,
			"1,1,3,-1,0|true,false,true|0.5,1|" + "0a0e010103ffffffffffffffffff0100 1203010001 1a080000003f0000803f 2200"},
		{`var m = new M().setUint64Array(1, [new Int('u64', '18446744073709551615')]).setSfixed64Array(2, [-1]).setFixed64Array(3, [1]).setSint64Array(4, [-3]).setUint32Array(5, [4294967295]).setFixed32Array(6, [4294967295]).setSfixed32Array(7, [-1]).setSint32Array(8, [-1]);
			[m.getUint64Array(1)[0].type + m.getUint64Array(1)[0].toString(), m.getSfixed64Array(2)[0].type + m.getSfixed64Array(2)[0], m.getFixed64Array(3)[0].type, m.getSint64Array(4)[0].toString(), m.getUint32Array(5), m.getFixed32Array(6), m.getSfixed32Array(7), m.getSint32Array(8)].join()`,
			"u6418446744073709551615,i64-1,u64,-3,4294967295,4294967295,-1,-1"},
		{`var m = new M().setStringArray(1, ['a', 5, null]).setBytesArray(2, [new Data('x'), 'no']).setMessageArray(3, [new M().setBool(1, true), {}]); hex(m) + m.getStringArray(1).join() + m.getBytesArray(2).map(d => d.size).join() + m.getMessageArray(3).map(x => x.getBool(1)).join()`,
			"0a0161 0a0135 0a046e756c6c 120178 1200 1a020801 1a00 a,5,null1,0true,false"},
		{`var m = new M().setStringArray(1, []); m.getWireType(1) + '|' + protobuf.encode(m).size`, "|0"},
		{`var m = protobuf.decode(Data.from('0a01080a020801', 'hex')); String(m.getMessageArray(1)) + m.getMessage(1).getInt32(1)`, "null1"},
		{`String(protobuf.decode(Data.from('0a0580', 'hex'))) + protobuf.decode(null) + protobuf.encode(null) + protobuf.decode(Data.from('0801', 'hex')).getInt32Array(1)`, "nullnullnull1"},
		{`var s = new M; var m = new M().setMessage(1, s); s.setInt32(1, 1); m.setMessage(2, m); hex(m)`, "0a00 12020a00"},
		{`new protobuf.Message().setBytes(1, null)`, "error: argument #2 expects an instance of pipy::Data"},
		{`new protobuf.Message().setMessage(1, null)`, "error: argument #2 expects an instance of pipy::Protobuf::Message"},
		{`new protobuf.Message().setInt32Array(1, null)`, "error: argument #2 expects an array"},
		{`new protobuf.Message().setString(1, 1)`, "error: argument #2 expects a string"},
		{`new protobuf.Message().setInt64(1, 'x')`, "error: argument #2 expects a number"},
		{`new protobuf.Message().setBool(1, 1)`, "error: argument #2 expects a boolean"},
		{`new protobuf.Message().setInt32(1)`, "error: requires 2 or more arguments"},
		{`new protobuf.Message().setInt32(0, 1)`, "error: argument #1 expects a field number from 1 to 536870911"},
		{`new protobuf.Message().getInt32('x')`, "error: argument #1 expects a number"},
		{`protobuf.decode('x')`, "error: argument #1 expects an instance of pipy::Data"},
		{`protobuf.encode({})`, "error: argument #1 expects an instance of pipy::Protobuf::Message"},
	} {
		t.Run(c.src, func(t *testing.T) {
			t.Parallel()
			got := scripttest.Run(t, []*script.Namespace{lang.Namespace, event.Namespace, Namespace},
				`var M = protobuf.Message, hex = m => protobuf.encode(m).toString('hex'); `+c.src)
			if got != c.want && got != strings.ReplaceAll(c.want, " ", "") {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
