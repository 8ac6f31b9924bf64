// Package embedded has the codebases that are part of the executable. To make an executable of your own, put the files of a
// codebase into codebases/GROUP/NAME/ here, set Options if it is to run without arguments, and build: see
// docs/embedding.md.
package embedded

import (
	"embed"
	"io/fs"
	"slices"
	"strings"

	"weir/internal/command"
)

// Options, set by the linker (-X weir/internal/embedded.Options=…), are put before the arguments of the user. They are split
// as pipy.exec splits command lines.
var Options string

//go:embed all:codebases
var compiledIn embed.FS

// Files are the codebases that are compiled in.
var Files = func() fs.FS {
	tree, err := fs.Sub(compiledIn, "codebases")
	if err != nil {
		panic(err) // impossible: it is compiled in
	}
	return tree
}()

// Codebase is one of the codebases.
type Codebase struct {
	Path  string            // /GROUP/NAME
	Main  string            // path of the script to start with
	Files map[string][]byte // by path, which begins with a slash
}

// List returns the codebases of a tree whose first two levels of directories are their names, sorted by path.
func List(tree fs.FS) ([]Codebase, error) {
	byPath := map[string]*Codebase{}
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		parts := strings.SplitN(name, "/", 3)
		if len(parts) < 3 {
			return nil // beside the codebases, not in one
		}
		content, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		path := "/" + parts[0] + "/" + parts[1]
		c := byPath[path]
		if c == nil {
			c = &Codebase{Path: path, Main: "/hello.js", Files: map[string][]byte{}}
			byPath[path] = c
		}
		file := "/" + parts[2]
		c.Files[file] = content
		if file == "/main.js" || file == "/proxy.js" {
			c.Main = file // names come sorted: of both the later one counts
		}
		return nil
	})
	var list []Codebase
	for _, c := range byPath {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b Codebase) int { return strings.Compare(a.Path, b.Path) })
	return list, err
}

// Find returns the codebase a program argument of the form repo://GROUP/NAME names.
func Find(tree fs.FS, program string) (Codebase, bool) {
	list, err := List(tree)
	if err != nil {
		return Codebase{}, false
	}
	path := "/" + strings.Trim(strings.TrimPrefix(program, "repo://"), "/")
	i := slices.IndexFunc(list, func(c Codebase) bool { return c.Path == path })
	if i < 0 {
		return Codebase{}, false
	}
	return list[i], true
}

// Arguments puts default options before the arguments of the user. --pipy among these drops everything before it. Without
// default options it means nothing, and stays.
func Arguments(defaults string, args []string) []string {
	words := command.Split(defaults)
	if len(words) == 0 {
		return args
	}
	if i := slices.Index(args, "--pipy"); i >= 0 {
		return args[i+1:]
	}
	return append(words, args...)
}
