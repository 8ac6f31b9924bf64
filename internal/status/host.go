package status

import (
	"context"
	"errors"

	"weir/internal/codebase"
	"weir/internal/metrics"
)

// Host is a process with a program that can be looked at and controlled. Its methods may be called from any goroutine. None of
// them waits for a worker that is busy: where one does not answer soon, its last answer counts.
type Host interface {
	// Status describes the program, without metrics.
	Status() *Status
	// Dump counts what the workers have, added up.
	Dump() *Dump
	// Creators tells where the living objects of a class were created: the number for each place.
	Creators(class string) map[string]int
	// Metrics returns the sums over all workers, sorted by name. The caller may not change them.
	Metrics() []*metrics.Metric
	// Healthy returns an error unless all workers answer before the context ends.
	Healthy(ctx context.Context) error

	// Program names the running program: "/" or the path of a codebase; it is empty if none runs.
	Program() string
	// Start stops the running program at once and starts the one named: "/" is the one that ran last. It returns when the
	// program runs or has failed to. The text of the error is for the client.
	Start(name string) error
	// Reload switches to the named program's codebase without dropping connections. It does not wait for it.
	Reload(name string) error
	// Stop stops the program at once.
	Stop()

	// Code is the codebase of the program, nil without one.
	Code() *codebase.Codebase
	// Serve has every worker's program answer a request to a custom path of the admin service; path includes the query. The
	// answers are joined in the order of the workers.
	Serve(ctx context.Context, path string, body []byte) ([]byte, error)
}

// Errors of Host.Serve.
var (
	// ErrNoPath says that the program has no pipeline for the path.
	ErrNoPath = errors.New("no such path")
	// ErrBusy says that no program runs, or that it is being replaced or stopped.
	ErrBusy = errors.New("the program is not running, or it is being replaced or stopped: try again")
)

// Errors of Host.Start and Host.Reload that clients know by their texts.
var (
	ErrNoCodebase    = errors.New("No codebase")        //lint:ignore ST1005 the message clients know
	ErrNoMain        = errors.New("No main script")     //lint:ignore ST1005 the message clients know
	ErrFailedToStart = errors.New("Failed to start up") //lint:ignore ST1005 the message clients know
)
