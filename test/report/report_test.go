package main

import (
	"strings"
	"testing"

	"weir/test/capability"
)

const stream = `{"Action":"start","Package":"weir/a"}
{"Action":"run","Package":"weir/a","Test":"TestOne"}
{"Action":"output","Package":"weir/a","Test":"TestOne","Output":"=== RUN   TestOne\n"}
{"Action":"output","Package":"weir/a","Test":"TestOne","Output":"    one_test.go:7: hidden\n"}
{"Action":"pass","Package":"weir/a","Test":"TestOne","Elapsed":0}
{"Action":"output","Package":"weir/a","Test":"TestTwo","Output":"    two_test.go:9: no namespace: not permitted\n"}
{"Action":"output","Package":"weir/a","Test":"TestTwo","Output":"--- SKIP: TestTwo (0.00s)\n"}
{"Action":"skip","Package":"weir/a","Test":"TestTwo","Elapsed":0}
{"Action":"output","Package":"weir/a","Test":"TestThree","Output":"    three_test.go:1: wrong\n"}
{"Action":"fail","Package":"weir/a","Test":"TestThree"}
{"Action":"output","Package":"weir/a","Output":"PASS\n"}
{"Action":"output","Package":"weir/a","Output":"ok  \tweir/a\t0.1s\n"}
{"Action":"pass","Package":"weir/a"}
{"Action":"build-output","ImportPath":"weir/b","Output":"b.go:1:1: broken\n"}
`

func TestReport(t *testing.T) {
	var out strings.Builder
	results, err := read(strings.NewReader(stream), &out)
	if err != nil {
		t.Fatal(err)
	}
	if want := "    three_test.go:1: wrong\nok  \tweir/a\t0.1s\nb.go:1:1: broken\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
	out.Reset()
	summarize(&out, results, []capability.Row{
		{Number: 1, Name: "first", Kernel: []string{"a.TestOne"}},
		{Number: 2, Name: "second", Kernel: []string{"a.TestTwo"}, Fake: []string{"a.TestOne"}},
		{Number: 3, Name: "third", Fake: []string{"a.TestNone"}},
	})
	for _, want := range []string{
		"2 tests ran, 1 were skipped:\n  weir/a TestTwo: no namespace: not permitted\n",
		" 1 first                                         kernel\n",
		" 2 second                                        fake (skipped on the kernel: no namespace: not permitted)\n",
		" 3 third                                         nowhere (a.TestNone did not run)\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the summary lacks %q:\n%s", want, out.String())
		}
	}
	if _, err := read(strings.NewReader("{"), &out); err == nil {
		t.Error("a broken stream is taken")
	}
}
