package logs

import "fmt"

// Output is where a Logger writes locally.
type Output int

const (
	Stderr Output = iota
	Stdout
	Null // nowhere
)

var outputNames = [...]string{"stderr", "stdout", "null"}

func (o Output) String() string { return outputNames[o] }

// ParseOutput reads "stdout", "stderr" or "null".
func ParseOutput(s string) (Output, error) {
	switch s {
	case "stdout":
		return Stdout, nil
	case "stderr":
		return Stderr, nil
	case "null":
		return Null, nil
	}
	return Stderr, fmt.Errorf("unknown log output: %s", s)
}

// DefaultHistory is the history limit in bytes of a log that was not given another.
const DefaultHistory = 1 << 20

// Options configure a Logger. DefaultOptions has the values for a log nobody configured.
type Options struct {
	Level        Level       // lines below are dropped
	Topics       Topic       // subjects of debug lines to let through; only with Level Debug
	Local        Output      // standard output, standard error or nothing
	LocalOnly    bool        // no file and no history
	JSON         bool        // lines are JSON objects, see appendJSON
	File         string      // path of a file to append to as well; "" for none
	Rotation     FileOptions // of that file
	HistoryLimit int         // bytes of history kept in memory; 0 for none
}

// DefaultOptions returns level info, standard error and 1 MiB of history.
func DefaultOptions() Options {
	return Options{Level: Info, Local: Stderr, HistoryLimit: DefaultHistory}
}
