package pipy

import (
	"weir/internal/codebase"
	"weir/internal/inbound"
	"weir/internal/pipeline"
	"weir/internal/script"
)

// Process is what the objects of this package need from the program they run in. Its methods may be called from any worker.
type Process interface {
	// Info describes the process.
	Info() Info
	// Exit ends the process with an exit code, without waiting for anything.
	Exit(code int)
	// Restart reloads the codebase on all workers.
	Restart()
}

// Info describes the process to scripts.
type Info struct {
	Tag, Commit, Date string   // of the build
	Source            string   // the program argument as typed
	Name, UUID        string   // of the instance
	Argv              []string // name of the process, then script arguments
	Threads           int
	NoReload          bool
}

// Env is what a world's pipy object works on.
type Env struct {
	World   *pipeline.World
	Code    *codebase.Codebase
	Ports   *inbound.Ports
	Process Process
	argv    *script.Ref
	solved  map[string]*script.Ref
	solving map[string]bool
	modules map[string]*Module
	order   []*Module
	exits   []exitCallback
	reloads []*script.Ref // callbacks for when a new version has taken over
	watches map[*watch]struct{}
	tasks   []*task
	pending int // exit callbacks and pipelines that are still running
	drained func()
	exiting bool
	// Admin has the pipelines for paths of the admin service.
	Admin       []AdminPath
	exitLayouts []*pipeline.Layout
	exports     map[string]string // namespace and name of exported variables, to the exporting file
}

type exitCallback struct {
	fn *script.Ref
}

type envKey struct{}

// Attach makes the environment of a world. It must be done before a script runs.
func Attach(w *pipeline.World, code *codebase.Codebase, ports *inbound.Ports, p Process) *Env {
	e := &Env{World: w, Code: code, Ports: ports, Process: p, solved: map[string]*script.Ref{}, solving: map[string]bool{},
		modules: map[string]*Module{}, watches: map[*watch]struct{}{}, exports: map[string]string{}}
	pipeline.SetModuleLoader(w, e)
	return pipeline.Extra(w, envKey{}, func() *Env { return e })
}

func envOf(r *script.Realm) *Env {
	return pipeline.Extra(pipeline.WorldOf(r), envKey{}, func() *Env { return nil })
}
