//go:build linux

package link

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"weir/internal/reactor"
)

// TC is a filter of the qdisc clsact, which is made if it is missing and stays: others may use it. The program decides itself
// what happens to a packet (direct action). A handle of 0 takes the first free one.
type TC struct {
	Interface int
	Egress    bool
	Priority  uint16 // 0 is 1
	Handle    uint32
}

// maxHandles is how many filters of one priority are looked past for a free handle.
const maxHandles = 256

func (t TC) about() traits {
	return traits{kind: "tc", what: "filters of clsact", call: "RTM_NEWTFILTER"}
}

func (t TC) attach(p program, o Options) (handle, error) {
	if err := reactor.RouteRequest(appendQdisc(nil, t.Interface, 1)); err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, err
	}
	f := tcFilter{t.Interface, t.Egress, max(t.Priority, 1), t.Handle}
	if f.handle != 0 {
		return &tcAttachment{f, p.name}, reactor.RouteRequest(f.appendFilter(nil, 1, p.FD(), p.name, false))
	}
	for f.handle = 1; f.handle <= maxHandles; f.handle++ {
		err := reactor.RouteRequest(f.appendFilter(nil, 1, p.FD(), p.name, false))
		if err == nil {
			return &tcAttachment{f, p.name}, nil
		}
		if !errors.Is(err, unix.EEXIST) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%d filters have priority %d already: choose another one", maxHandles, f.priority)
}

func (t TC) hook(Program) (string, bool) {
	return fmt.Sprintf("tc/%d/%t/%d/%d", t.Interface, t.Egress, t.Priority, t.Handle), true
}

type tcAttachment struct {
	f    tcFilter
	name string
}

func (a *tcAttachment) Update(p *ebpf.Program) error {
	return reactor.RouteRequest(a.f.appendFilter(nil, 1, p.FD(), a.name, true))
}

// Close removes the filter. It is gone already with its interface.
func (a *tcAttachment) Close() error {
	err := reactor.RouteRequest(a.f.appendDelete(nil, 1))
	if errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENOENT) {
		return nil
	}
	return failCall("RTM_DELTFILTER", "filters of clsact", err)
}
