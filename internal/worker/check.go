package worker

import (
	"weir/internal/api/pipy"
	"weir/internal/codebase"
	"weir/internal/ebpf"
	"weir/internal/inbound"
)

// checkProcess is the process of a program that is only looked at.
type checkProcess struct{ info pipy.Info }

func (c checkProcess) Info() pipy.Info { return c.info }
func (checkProcess) Exit(int)          {}
func (checkProcess) Restart()          {}

// Check looks for errors in a program: it parses all files, evaluates and binds the program, and opens no port. Kernel programs
// are loaded and attached in memory. Each error is reported to log; it returns how many there were.
func Check(code *codebase.Codebase, o Options) int {
	p := New(code, o)
	w, err := newWorker(p, 0)
	if err != nil {
		o.Log.Errorf("%v", err)
		return 1
	}
	defer w.loop.Close()
	w.kernel = ebpf.Imagined()
	n := 0
	w.loop.Turn(func() { n = w.check() })
	return n
}

func (w *Worker) check() int {
	code, log := w.prog.code, w.prog.opts.Log
	src, err := code.Read(code.Entry())
	if err != nil {
		log.Errorf("[pjs] Cannot open script at %s: %v", code.Entry(), err)
		return 1
	}
	if errs := w.parse(code.Entry(), string(src)); errs > 0 {
		return errs
	}
	ports := inbound.NewPorts(w.loop, log)
	ports.DryRun = true
	ports.Begin(false)
	v, err := w.load(ports, checkProcess{w.prog.opts.Info})
	if err != nil {
		v.explain(w, err)
		return 1
	}
	return 0
}

// parse looks for what can be found without running anything, in all files.
func (w *Worker) parse(file, src string) int {
	v, err := w.newVersion(w.ports, checkProcess{w.prog.opts.Info})
	if err != nil {
		w.prog.opts.Log.Errorf("[pjs] %v", err)
		return 1
	}
	errs := v.world.Realm.Check(file, src)
	for _, err := range errs {
		v.world.Report(err)
	}
	return len(errs)
}
