//go:build linux

package link

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/cilium/ebpf"

	"weir/internal/ebpf/usdt"
)

// USDT is a static probe of an executable or a library: every place in its code with that name.
type USDT struct {
	File, Provider, Name string
	PID                  int // 0: every process
}

func (t USDT) about() traits {
	return traits{kind: "usdt", call: "perf_event_open", what: "uprobes", cookie: true}
}

func (t USDT) attach(p program, o Options) (handle, error) {
	f, err := os.Open(t.File)
	if err != nil {
		return nil, fmt.Errorf("%v", err) // it is no failure of the call
	}
	defer f.Close()
	probes, err := usdt.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.File, err)
	}
	var all places
	var known []string
	for _, probe := range probes {
		known = append(known, probe.Provider+":"+probe.Name)
		if probe.Provider != t.Provider || probe.Name != t.Name {
			continue
		}
		h, err := Uprobe{File: t.File, Offset: probe.Offset, PID: t.PID, counter: probe.Semaphore}.attach(p, o)
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
		all = append(all, h)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no probe %s:%s, only: %s", t.File, t.Provider, t.Name, strings.Join(known, " "))
	}
	return all, nil
}

func (t USDT) hook(Program) (string, bool) { return "", false }

// places are the uprobes of one static probe.
type places []handle

func (l places) Update(*ebpf.Program) error { return ebpf.ErrNotSupported }

func (l places) Close() error {
	var errs []error
	for _, h := range l {
		errs = append(errs, h.Close())
	}
	return errors.Join(errs...)
}
