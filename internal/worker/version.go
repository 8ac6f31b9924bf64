package worker

import (
	"errors"
	"io/fs"

	"weir/internal/api"
	"weir/internal/api/bpf"
	"weir/internal/api/console"
	"weir/internal/api/httpapi"
	"weir/internal/api/pipy"
	"weir/internal/diagram"
	"weir/internal/inbound"
	"weir/internal/pipeline"
	"weir/internal/script"
)

// version is one version of the program on one worker.
type version struct {
	world  *pipeline.World
	env    *pipy.Env
	result *script.Result
	value  *script.Ref
	ended  bool // replaced or shut down; closed when its last pipeline has ended
	closed bool

	diagrams map[string]*diagram.Diagram // nil until somebody asks
}

// newVersion makes a world with everything scripts find in it.
func (w *Worker) newVersion(ports *inbound.Ports, p pipy.Process) (*version, error) {
	o := &w.prog.opts
	realm, err := script.New(&host{w.prog.code, o.Log}, script.Limits{Memory: o.ScriptMemory, Timeout: o.ScriptTimeout, Trace: o.TraceObjects})
	if err != nil {
		return nil, err
	}
	world := pipeline.NewWorld(w.loop, realm, o.Log, w.id)
	world.Peers = &w.prog.peers
	world.Metrics = w.metrics
	world.Inspect = func(v script.Value) string { return console.Dump(realm, v) }
	if w.kernel != nil {
		bpf.Use(world, w.kernel)
	}
	v := &version{world: world, env: pipy.Attach(world, w.prog.code, ports, p)}
	httpapi.SetFiles(world, w.prog.code)
	w.versions = append(w.versions, v)
	return v, api.Install(realm)
}

// load evaluates the program in a new world. Ports are prepared in ports, which the caller has begun a transaction on.
func (w *Worker) load(ports *inbound.Ports, p pipy.Process) (*version, error) {
	o := &w.prog.opts
	v, err := w.newVersion(ports, p)
	if err != nil {
		return v, err
	}
	file, src := w.prog.code.Entry(), ""
	if text, inline := w.prog.code.EntryText(); inline {
		file, src = inlineName, text
	} else {
		b, err := w.prog.code.Read(file)
		if errors.Is(err, fs.ErrNotExist) {
			o.Log.Errorf("[pjs] Cannot open script at %s", file)
			return v, errReported
		}
		if err != nil {
			return v, err
		}
		src = string(b)
	}
	res, err := v.env.Load(file, src)
	if err != nil {
		return v, err
	}
	v.result = res
	v.value = v.world.Realm.Hold(res.Value)
	return v, nil
}

// inlineName is the file name of a program given as text.
const inlineName = "[eval]"

var errReported = errors.New("the program cannot be loaded")

// explain logs why a version could not be loaded.
func (v *version) explain(w *Worker, err error) {
	switch {
	case errors.Is(err, errReported):
	case v == nil:
		w.prog.opts.Log.Errorf("[pjs] %v", err)
	default:
		for _, err := range v.located(w, err) {
			v.world.Report(err)
		}
	}
}

// located finds the places of the imports that made loading fail: the engine does not know them.
func (v *version) located(w *Worker, err error) []error {
	var missing *script.ImportError
	if _, inline := w.prog.code.EntryText(); errors.As(err, &missing) && !inline {
		entry := w.prog.code.Entry()
		if src, rerr := w.prog.code.Read(entry); rerr == nil {
			if errs := v.world.Realm.Check(entry, string(src)); len(errs) > 0 {
				return errs
			}
		}
	}
	return []error{err}
}

// retire lets a version go: what it does by itself ends now, its pipelines when they are done.
func (v *version) retire() {
	if v.ended {
		return
	}
	v.ended = true
	v.env.Stop()
	v.world.Shutdown()
}

// closeIfDone frees a version that nothing runs in any more.
func (v *version) closeIfDone() bool {
	if !v.ended || v.closed || v.world.Live() > 0 || v.world.Realm.Depth() > 0 {
		return v.closed
	}
	v.closed = true
	v.world.Close()
	return true
}
