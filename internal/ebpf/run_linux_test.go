package ebpf

import (
	"testing"
	"time"
)

// The duration of a run is what the kernel measured: no less than the program measured itself, no more than the call took.
func TestRunDuration(t *testing.T) {
	t.Parallel()
	g := onKernel(t)
	o, err := Parse(g, fixture(t, "context.o"), ObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Load(LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	const repeat = 1000
	start := time.Now()
	r, err := o.Program("busy").Run(&RunOptions{Data: make([]byte, 64), Repeat: repeat})
	wall := time.Since(start)
	if err != nil || r.Retval != 2 {
		t.Fatal(r, err)
	}
	b, err := o.Variable("spent").Get()
	if err != nil {
		t.Fatal(err)
	}
	spent := time.Duration(order.Uint64(b))
	// The average is cut to whole nanoseconds.
	if total := repeat * r.Duration; total > wall || total+repeat < spent/2 {
		t.Errorf("%d runs took %v each; by themselves %v, and the call %v", repeat, r.Duration, spent, wall)
	}
	// The kernel does not measure programs of this type.
	if r, err = o.Program("nothing").Run(&RunOptions{}); err != nil || r.Duration != 0 {
		t.Errorf("a system call program took %v, %v", r.Duration, err)
	}
}
