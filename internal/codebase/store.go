package codebase

// store is one source of files: a directory, or a tree in memory that a repo or a web server filled. Paths are
// normalized and relative to the store. Every method may be called from several goroutines at once.
type store interface {
	// read returns the whole file. The error matches fs.ErrNotExist if there is none.
	read(path string) ([]byte, error)
	// kind tells what lies at path.
	kind(path string) kind
	// list returns the files below the directory path, relative to it, leaving out dot files and dot directories.
	list(path string) []string
	// watch calls changed with the paths that were created, changed or deleted, once per burst of changes, until
	// cancel is called. With tree set path is a directory and everything below it counts, else it is a file. All
	// changes made after watch has returned are noticed. cancel may be called from within changed.
	watch(path string, tree bool, changed func(paths []string)) (cancel func())
}

type kind int

const (
	nothing kind = iota
	file
	directory
)

// layer is a store with the patches made on it.
type layer struct {
	store   store
	patches map[string][]byte
}
