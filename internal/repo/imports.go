package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"weir/internal/embedded"
)

// ImportDirectories makes a codebase /NAME of each folder of a file system, as version 1, unless there is a codebase of that
// path. Names that start with a dot are left out.
func (r *Repo) ImportDirectories(ctx context.Context, fsys fs.FS) error {
	folders, err := subfolders(fsys, ".")
	if err != nil {
		return fmt.Errorf("cannot read the codebases to import: %w", err)
	}
	for _, folder := range folders {
		files, err := readTree(fsys, folder)
		if err != nil {
			return fmt.Errorf("cannot import %s: %w", folder, err)
		}
		if _, ok := files["/main.js"]; !ok {
			files["/main.js"] = []byte(starter)
		}
		if err := r.importCodebase(ctx, "/"+folder, "/main.js", files); err != nil {
			return fmt.Errorf("cannot import %s: %w", folder, err)
		}
	}
	return nil
}

// ImportEmbedded makes codebases of those that are part of the executable, as version 1, unless there are codebases of their paths.
func (r *Repo) ImportEmbedded(ctx context.Context, list []embedded.Codebase) error {
	for _, c := range list {
		if err := r.importCodebase(ctx, c.Path, c.Main, c.Files); err != nil {
			return fmt.Errorf("cannot import the embedded codebase %s: %w", c.Path, err)
		}
	}
	return nil
}

func subfolders(fsys fs.FS, folder string) ([]string, error) {
	entries, err := fs.ReadDir(fsys, folder)
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// readTree returns the files below a folder by path.
func readTree(fsys fs.FS, folder string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(fsys, folder, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != folder && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		content, err := fs.ReadFile(fsys, name)
		files[strings.TrimPrefix(name, folder)] = content
		return err
	})
	return files, err
}

var errExists = errors.New("the codebase exists")

// importCodebase makes a codebase with files and publishes it, in one batch.
func (r *Repo) importCodebase(ctx context.Context, name, main string, contents map[string][]byte) error {
	clean, ok := cleanPath(name)
	if !ok {
		return fmt.Errorf("%q cannot be the name of a codebase", name)
	}
	files := fileTree{}
	for _, file := range sortedKeys(contents) {
		if c, ok := cleanFile(file); !ok || c != file {
			return fmt.Errorf("%q cannot be the name of a file", file)
		}
		if n := len(contents[file]); n > r.options.MaxFileSize {
			return fmt.Errorf("%s has %d bytes, more than the %d a file may have", file, n, r.options.MaxFileSize)
		}
		files[file] = newBlobID()
	}
	err := r.store.Update(ctx, func(tx Tx) error {
		if rec, err := getRecord(tx, clean); err != nil {
			return err
		} else if rec != nil {
			return errExists
		}
		for file, id := range files {
			if err := tx.PutBlob(id, contents[file]); err != nil {
				return err
			}
		}
		rec := &record{Version: "1", Main: main}
		var err error
		if rec.Files, err = putJSON(tx, files); err != nil {
			return err
		}
		return r.publish(tx, clean, rec, files)
	})
	if errors.Is(err, errExists) {
		return nil
	}
	return err
}

// exists reports whether there is a codebase.
func (r *Repo) exists(ctx context.Context, path string) (found bool, err error) {
	err = r.store.View(ctx, func(tx Tx) error {
		rec, err := getRecord(tx, path)
		found = rec != nil
		return err
	})
	return found, err
}
