package repo

import (
	"context"
	"errors"
	"fmt"
)

// ImportPipy copies the codebases of a store of Pipy, a directory that no other process uses, with their uncommitted edits and
// with what is published. Nothing in the directory is changed. A codebase whose path there is in the repo already stays as it
// is. told is called with a line about each, and about what deserves attention. Before anything is written the whole store has
// been read: an error tells what is wrong with it, and nothing was imported.
func (r *Repo) ImportPipy(ctx context.Context, dir string, told func(line string)) error {
	db, err := openLevelDB(dir)
	if err != nil {
		return err
	}
	defer db.close()
	s := pipyStore{db}
	all, err := s.all()
	if err != nil {
		return err
	}
	for _, c := range all {
		if err := r.acceptable(s, c); err != nil {
			return fmt.Errorf("cannot import %s: %w", c.path, err)
		}
	}
	if db.torn {
		told("The last write to " + dir + " is incomplete, as after a crash, and left out")
	}
	for _, c := range all {
		err := r.adopt(ctx, s, c)
		switch {
		case errors.Is(err, errExists):
			told(c.path + " is there already, and stays as it is")
		case err != nil:
			return fmt.Errorf("cannot import %s: %w", c.path, err)
		default:
			told(fmt.Sprintf("%s: version %s, %d files, %d uncommitted changes", c.path, c.version, len(c.files), len(c.edits)+len(c.erased)))
		}
	}
	return nil
}

// acceptable looks whether a codebase could have been made here.
func (r *Repo) acceptable(s pipyStore, c *pipyCodebase) error {
	if clean, ok := cleanPath(c.path); !ok || clean != c.path {
		return fmt.Errorf("%q cannot be the name of a codebase", c.path)
	}
	if clean, ok := cleanPath(c.main); !ok || clean != c.main {
		return fmt.Errorf("%q cannot be the name of a main file", c.main)
	}
	if !validVersion(c.version) {
		return fmt.Errorf("%q cannot be a version", c.version)
	}
	if n := len(c.files) + len(c.edits); n > r.options.MaxFiles {
		return fmt.Errorf("it has %d files, more than the %d a codebase may have", n, r.options.MaxFiles)
	}
	for _, files := range []map[string]string{c.files, c.edits, c.erased} {
		for file, id := range files {
			if clean, ok := cleanFile(file); !ok || clean != file {
				return fmt.Errorf("%q cannot be the name of a file", file)
			}
			content, _, err := s.get("files/" + id)
			if err != nil {
				return err
			}
			if n := len(content); n > r.options.MaxFileSize {
				return fmt.Errorf("%s has %d bytes, more than the %d a file may have", file, n, r.options.MaxFileSize)
			}
		}
	}
	return nil
}

// adopt copies a codebase, in one batch. It returns errExists if there is one of that path.
func (r *Repo) adopt(ctx context.Context, s pipyStore, c *pipyCodebase) error {
	// Contents that published and committed files share stay shared. Those of edits belong to nobody else.
	blobs := map[string]string{} // by the id in s
	rec := &record{Version: c.version, Main: c.main, Base: c.base, BaseVersion: c.baseVersion}
	own, tree := fileTree{}, published{Version: c.manifestVersion, Files: map[string]publishedFile{}}
	share := func(id string) string {
		if blobs[id] == "" {
			blobs[id] = newBlobID()
		}
		return blobs[id]
	}
	for file, id := range c.files {
		own[file] = share(id)
	}
	for file, p := range c.published {
		tree.Files[file] = publishedFile{share(p.id), p.tag}
	}
	edits := map[string]edit{}
	for file := range c.edits {
		edits[file] = edit{Blob: newBlobID()}
	}
	for file := range c.erased {
		edits[file] = edit{Erased: true}
	}
	return r.store.Update(ctx, func(tx Tx) error {
		if old, err := getRecord(tx, c.path); err != nil || old != nil {
			if err == nil {
				err = errExists
			}
			return err
		}
		put := func(blob, id string) error {
			content, err := s.content(id)
			if err == nil {
				err = tx.PutBlob(blob, content)
			}
			return err
		}
		for id, blob := range blobs {
			if err := put(blob, id); err != nil {
				return err
			}
		}
		for file, e := range edits {
			if !e.Erased {
				if err := put(e.Blob, c.edits[file]); err != nil {
					return err
				}
			}
			if err := putEdit(tx, c.path, file, e); err != nil {
				return err
			}
		}
		var err error
		if len(own) > 0 {
			if rec.Files, err = putJSON(tx, own); err != nil {
				return err
			}
		}
		if c.manifest != "" || len(tree.Files) > 0 {
			if c.manifest != "" {
				manifest, err := s.content(c.manifest)
				if err != nil {
					return err
				}
				tree.Manifest = string(manifest)
			}
			if rec.Tree, err = putJSON(tx, tree); err != nil {
				return err
			}
			tx.Announce(Change{Codebase: c.path, Reload: true})
		}
		if c.base != "" {
			tx.Put(derivedKey(c.base, c.path), []byte("1"))
		}
		return putRecord(tx, c.path, rec)
	})
}
