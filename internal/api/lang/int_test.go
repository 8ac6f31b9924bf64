package lang

import "testing"

func TestIntConstructor(t *testing.T) {
	// Type and value of the result.
	show := "(i => `${i.type} ${i}`)"
	table(t, []row{
		{show + "(new Int('u8'))", "u8 0"},
		{show + "(new Int('u8', 257))", "u8 1"},
		{show + "(new Int('i8', 200))", "i8 -56"},
		{show + "(new Int('i16', new Int(70000)))", "i16 4464"},
		{show + "(new Int('u64', '18446744073709551615'))", "u64 18446744073709551615"},
		{show + "(new Int('i64', ' -12px'))", "i64 -12"},
		{show + "(new Int('i64', -3.9))", "i64 -3"},
		{show + "(new Int('u64', 2 ** 63))", "u64 9223372036854775808"},
		{show + "(new Int('u64', 9007199254740993n))", "u64 9007199254740993"},
		{show + "(new Int('i64', -1n))", "i64 -1"},
		{show + "(new Int('u32', [1, 2, 3, 4, 5]))", "u32 67305985"},
		{show + "(new Int('u64', 1, 2))", "u64 8589934593"},
		{show + "(new Int('i64', -1, -1))", "i64 -1"},
		{show + "(new Int('77'))", "i64 77"},
		{show + "(new Int(1e300))", "i64 0"},
		{show + "(new Int(NaN))", "i64 0"},
		{show + "(new Int(5, 1))", "i64 4294967301"},
		{show + "(new Int([255, 255, 255, 255]))", "i32 -1"},
		{show + "(new Int(new Int('u16', 9)))", "u16 9"},
		{"new Int", "error: requires 1 or more arguments"},
		{"new Int({})", "error: argument #1 expects a number, a string or an array"},
		{"new Int('u8', {})", "error: argument #2 expects a number, a string or an array"},
		{"new Int('u8', 1, 'x')", "error: argument #3 expects a number"},
		{"String(Int(1))", "undefined"},
	})
}

func TestIntMembers(t *testing.T) {
	table(t, []row{
		{"var i = new Int('i64', -2); [i.type, i.width, i.low, i.high, i.isUnsigned].join()", "i64,64,4294967294,-1,false"},
		{"var i = new Int('u64', 1, 0xfffffffe); [i.type, i.width, i.low, i.high, i.isUnsigned].join()", "u64,64,1,4294967294,true"},
		{"new Int('i32', -2).toBytes().join()", "254,255,255,255"},
		{"new Int('u16', 258).toBytes().join()", "2,1"},
		{"var i = new Int(5); i.width = 3; i.width", "64"},
		{"`${new Int('9007199254740993')} ${String(new Int('i64', '-9007199254740993'))}`", "9007199254740993 -9007199254740993"},
		{"new Int(5) + 1", "6"},
		{"new Int(5) * new Int(2) - 1", "9"},
		{"new Int(5) == 5 && new Int(5) < 6 && +new Int('u8', -1) === 255", "true"},
		{"'n' + new Int(5)", "n5"},
		{"Number(new Int('u64', '18446744073709551615'))", "18446744073709552000"},
		{"typeof new Int(1) + (new Int(1) instanceof Int)", "objecttrue"},
		{"JSON.stringify({ i: new Int(1) })", "{\"i\":{}}"},
		{"new Int('u64', '18446744073709551615').toBigInt() === 18446744073709551615n", "true"},
		{"new Int(1).toString.call({})", "error: method called on an object of another class"},
		{"[Int.parse('12'), Int.parse('-0xff', 16), Int.parse('z', 36), Int.parse('12px'), Int.parse(''), Int.parse('9223372036854775808')].map(String).join()",
			"12,-255,35,null,null,null"},
		{"Int.parse(1)", "error: argument #1 expects a string"},
		{"Int.parse('1', 1)", "error: invalid radix"},
	})
}

func TestIntArithmetic(t *testing.T) {
	show := "(i => `${i.type} ${i}`)"
	big := "new Int('i64', '9223372036854775807')"
	table(t, []row{
		{show + "(" + big + ".add(1))", "i64 -9223372036854775808"},
		{show + "(new Int('u64', 0).sub(1))", "u64 18446744073709551615"},
		{show + "(new Int('i8', 100).add(new Int('i8', 100)))", "i8 -56"},
		{show + "(new Int('i8', 1).add(new Int('u8', 255)))", "i16 256"},
		{show + "(new Int('u8', 1).add(new Int('i16', 1)))", "i16 2"},
		{show + "(new Int('i32', 1).add(new Int('u16', 1)))", "i32 2"},
		{show + "(new Int('i8', 1).add(new Int('u32', 1)))", "i64 2"},
		{show + "(new Int('u8', 1).add(new Int('u32', 1)))", "u32 2"},
		{show + "(new Int('3037000500').mul(3037000500))", "i64 -9223372036709301616"},
		{show + "(new Int(-7).div(2))", "i64 -3"},
		{show + "(new Int(-7).mod(2))", "i64 -1"},
		{show + "(new Int('u64', '18446744073709551615').div(10))", "u64 1844674407370955161"},
		{show + "(new Int('i64', 0, -0x80000000).div(-1))", "i64 -9223372036854775808"},
		{"new Int(1).div(0)", "error: division by zero"},
		{"new Int(1).mod(new Int(0))", "error: division by zero"},
		{show + "(new Int('u8', 12).and(new Int('u8', 10)))", "u8 8"},
		{show + "(new Int('u8', 12).or(new Int('u8', 3)))", "u8 15"},
		{show + "(new Int('u8', 12).xor(new Int('u8', 10)))", "u8 6"},
		{show + "(new Int('u8', 200).shl(1))", "u8 144"},
		{show + "(new Int('i8', -8).shr(1))", "i8 -4"},
		{show + "(new Int('u64', '18446744073709551615').shr(60))", "u64 15"},
		{show + "(new Int('i64', -1).ushr(60))", "i64 15"},
		{show + "(new Int('u8', 1).neg())", "u8 255"},
		{show + "(new Int('i8', 5).not())", "i8 -6"},
		{"[new Int('u64', '18446744073709551615').compare(-1), new Int(-1).compare(new Int('u64', 1)), new Int(3).compare(3)].join()", "1,-1,0"},
		{"[new Int('u64', '18446744073709551615').equals(new Int(-1)), new Int('9007199254740993').equals(9007199254740993n)].join()", "false,true"},
		{"new Int(1).add('x')", "error: argument #1 expects a number"},
		{"new Int(1).add()", "error: requires 1 or more arguments"},
	})
}
