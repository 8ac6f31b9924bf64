//go:build !unix

package worker

import "os"

// SuspendSignal is nil: there is no such signal.
var SuspendSignal os.Signal
