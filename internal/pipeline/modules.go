package pipeline

import (
	"errors"

	"weir/internal/script"
)

// ModuleLoader loads the modules that filters refer to by file: use and chain.
type ModuleLoader interface {
	// LoadModule loads a legacy module at most once per world. The failure of a module says why it cannot be used.
	LoadModule(c *script.Call, file string) (Module, error)
}

// Module is a legacy module: a file whose pipelines others run.
type Module interface {
	// Entrance returns the module's entrance pipeline, nil if it has none. Valid from OnBound on, like Named.
	Entrance() *Layout
	// Named returns a pipeline by name, or nil.
	Named(name string) *Layout
	// OnBound has f called once the pipelines of all modules being loaded are built, before any runs. An error of f fails
	// the load.
	OnBound(f func() error)
}

type moduleLoaderKey struct{}

// SetModuleLoader sets the world's module loader. Call it before scripts run.
func SetModuleLoader(w *World, l ModuleLoader) { w.extra[moduleLoaderKey{}] = l }

// ModuleLoaderOf returns the world's module loader.
func ModuleLoaderOf(w *World) ModuleLoader {
	return Extra(w, moduleLoaderKey{}, func() ModuleLoader { return noModules{} })
}

type noModules struct{}

func (noModules) LoadModule(*script.Call, string) (Module, error) {
	return nil, errors.New("modules cannot be loaded here")
}
