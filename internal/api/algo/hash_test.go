package algo

import (
	"regexp"
	"testing"
)

func TestMurmur(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]uint64{ // of std::hash<std::string> in libstdc++ on 64-bit machines
		"":      6142509188972423790,
		"a":     4993892634952068459,
		"hello": 2762169579135187400,
	} {
		if got := murmur(s); got != want {
			t.Errorf("murmur(%q) = %d, want %d", s, got, want)
		}
		if murmur([]byte(s)) != murmur(s) {
			t.Errorf("text and bytes of %q differ", s)
		}
	}
	if murmur("12345678") == murmur("123456780") {
		t.Error("the tail does not count")
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	runCases(t, []scriptCase{
		{"zeros", "[undefined, null, true, false, 0, -0].map(v => algo.hash(v)).join()", "0,0,0,0,0,0"},
		{"no argument", "algo.hash()", "0"},
		{"53 bits", "algo.hash('hello') === Number(2762169579135187400n & ((1n << 53n) - 1n))", "true"},
		{"number and string", "algo.hash(1) !== algo.hash('1') && algo.hash(1) === algo.hash(1.0)", "true"},
		{"objects", "var a = {}, b = {}; [algo.hash(a) === algo.hash(a), algo.hash(a) === algo.hash(b)].join()", "true,false"},
		{"utf-8", "algo.hash('é') === algo.hash('\\u00e9')", "true"},
	})
}

func TestUUID(t *testing.T) {
	t.Parallel()
	r, _ := newRealm(t)
	got := eval(t, r, "algo.uuid()")
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(got) {
		t.Error(got)
	}
	if got := eval(t, r, "algo.uuid() === algo.uuid()"); got != "false" {
		t.Error("two are the same")
	}
}
