package repo

import (
	"context"
	"maps"
	"time"

	"github.com/google/uuid"
)

func blobAge(id string) time.Duration {
	u, err := uuid.Parse(id)
	if err != nil {
		return 0
	}
	return time.Since(time.Unix(u.Time().UnixTime()))
}

// Info is what editors see of a codebase.
type Info struct {
	Version     string   `json:"version"`
	Path        string   `json:"path"`
	Main        string   `json:"main"`
	Files       []string `json:"files"` // own committed ones, those to be erased included
	EditFiles   []string `json:"editFiles"`
	ErasedFiles []string `json:"erasedFiles"`
	BaseFiles   []string `json:"baseFiles"`
	Derived     []string `json:"derived"`
	Base        string   `json:"base,omitempty"`
	Instances   any      `json:"instances"`
}

// Info describes a codebase; without one it returns an Error of status 404.
func (r *Repo) Info(ctx context.Context, path string) (*Info, error) {
	info := &Info{Path: path}
	err := r.store.View(ctx, func(tx Tx) error {
		rec, err := getRecord(tx, path)
		if err != nil {
			return err
		}
		if rec == nil {
			return errNotFound
		}
		info.Version, info.Main, info.Base = rec.Version, rec.Main, rec.Base
		own, err := getJSON[fileTree](r, tx, rec.Files)
		if err != nil {
			return err
		}
		info.Files = sortedKeys(*own)
		edits, err := getEdits(tx, path)
		if err != nil {
			return err
		}
		for _, file := range sortedKeys(edits) {
			if edits[file].Erased {
				info.ErasedFiles = append(info.ErasedFiles, file)
			} else {
				info.EditFiles = append(info.EditFiles, file)
			}
		}
		base, _, err := r.inherited(tx, rec.Base)
		if err != nil {
			return err
		}
		info.BaseFiles = sortedKeys(base)
		info.Derived, err = derived(tx, path)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, list := range []*[]string{&info.Files, &info.EditFiles, &info.ErasedFiles, &info.BaseFiles, &info.Derived} {
		if *list == nil {
			*list = []string{}
		}
	}
	info.Instances = r.instances.of(path)
	return info, nil
}

// owner returns the codebase with the longest path that a full path is below of, and the rest, which is a file of it.
func owner(tx Tx, full string) (path, file string, rec *record, err error) {
	for i := len(full) - 1; i > 0; i-- {
		if full[i] != '/' {
			continue
		}
		rec, err = getRecord(tx, full[:i])
		if rec != nil || err != nil {
			return full[:i], full[i:], rec, err
		}
	}
	return "", "", nil, errNoCodebase
}

// ReadFile returns the content of a file as editors see it, by the path of its codebase followed by its own.
func (r *Repo) ReadFile(ctx context.Context, full string) ([]byte, error) {
	full, ok := cleanPath(full)
	if !ok {
		return nil, errNotFound
	}
	var content []byte
	err := r.store.View(ctx, func(tx Tx) error {
		path, file, rec, err := owner(tx, full)
		if err != nil {
			return err
		}
		files, err := r.editing(tx, path, file, rec)
		if err != nil {
			return err
		}
		blob := files[file]
		if blob == "" {
			return errNotFound
		}
		content, err = r.content(tx, blob)
		return err
	})
	return content, err
}

// editing returns the committed files of a codebase and its bases, with the edit of one file.
func (r *Repo) editing(tx Tx, path, file string, rec *record) (fileTree, error) {
	files, _, err := r.inherited(tx, rec.Base)
	if err != nil {
		return nil, err
	}
	b, err := tx.Get(editKey(path, file))
	if err != nil {
		return nil, err
	}
	var e edit
	if b != nil {
		if err := decode(b, &e, path); err != nil {
			return nil, err
		}
	}
	own, err := getJSON[fileTree](r, tx, rec.Files)
	if err != nil {
		return nil, err
	}
	switch {
	case e.Blob != "":
		files[file] = e.Blob
	case e.Erased:
	case (*own)[file] != "":
		files[file] = (*own)[file]
	}
	return files, nil
}

// modify calls f with the codebase and the file a full path stands for.
func (r *Repo) modify(ctx context.Context, full string, f func(tx Tx, path, file string, rec *record) error) error {
	clean, ok := cleanPath(full)
	if !ok {
		return invalid("Invalid filename")
	}
	return r.store.Update(ctx, func(tx Tx) error {
		path, file, rec, err := owner(tx, clean)
		if err != nil {
			return err
		}
		if file, ok = cleanFile(file); !ok {
			return invalid("Invalid filename")
		}
		return f(tx, path, file, rec)
	})
}

// SetFile edits a file. The repo keeps the content.
func (r *Repo) SetFile(ctx context.Context, full string, content []byte) error {
	blob := newBlobID()
	return r.modify(ctx, full, func(tx Tx, path, file string, rec *record) error {
		known, err := dropEdit(tx, path, file)
		if err != nil {
			return err
		}
		if !known {
			own, err := getJSON[fileTree](r, tx, rec.Files)
			if err != nil {
				return err
			}
			edits, err := tx.List(editPrefix(path))
			if err != nil {
				return err
			}
			if len(*own)+len(edits) >= r.options.MaxFiles {
				return invalid("Too many files")
			}
		}
		if err := tx.PutBlob(blob, content); err != nil {
			return err
		}
		return putEdit(tx, path, file, edit{Blob: blob})
	})
}

// EraseFile drops the edit of a file, and marks the committed one to be erased.
func (r *Repo) EraseFile(ctx context.Context, full string) error {
	return r.modify(ctx, full, func(tx Tx, path, file string, rec *record) error {
		if _, err := dropEdit(tx, path, file); err != nil {
			return err
		}
		own, err := getJSON[fileTree](r, tx, rec.Files)
		if err != nil {
			return err
		}
		if (*own)[file] == "" {
			tx.Delete(editKey(path, file))
			return nil
		}
		return putEdit(tx, path, file, edit{Erased: true})
	})
}

// ResetFile drops what was changed about a file since the last commit.
func (r *Repo) ResetFile(ctx context.Context, full string) error {
	return r.modify(ctx, full, func(tx Tx, path, file string, _ *record) error {
		known, err := dropEdit(tx, path, file)
		if known {
			tx.Delete(editKey(path, file))
		}
		return err
	})
}

// Snapshot is a codebase as it is at one moment.
type Snapshot struct {
	Version string
	Main    string
	Files   map[string][]byte // by path; the contents must not be changed
}

// Snapshot returns a codebase with its edits, to be run by this process. Files that are marked to be erased are empty.
func (r *Repo) Snapshot(ctx context.Context, path string) (*Snapshot, error) {
	s := &Snapshot{Files: map[string][]byte{}}
	err := r.store.View(ctx, func(tx Tx) error {
		rec, err := getRecord(tx, path)
		if err != nil {
			return err
		}
		if rec == nil {
			return errNoCodebase
		}
		s.Version, s.Main = rec.Version, rec.Main
		files, _, err := r.inherited(tx, rec.Base)
		if err != nil {
			return err
		}
		own, err := getJSON[fileTree](r, tx, rec.Files)
		if err != nil {
			return err
		}
		maps.Copy(files, *own)
		edits, err := getEdits(tx, path)
		if err != nil {
			return err
		}
		for file, e := range edits {
			if e.Erased {
				delete(files, file)
				s.Files[file] = []byte{}
			} else {
				files[file] = e.Blob
			}
		}
		for file, blob := range files {
			if s.Files[file], err = r.content(tx, blob); err != nil {
				return err
			}
		}
		return nil
	})
	return s, err
}
