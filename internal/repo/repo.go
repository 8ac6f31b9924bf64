package repo

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options are the limits of a Repo. Zero values stand for the defaults.
type Options struct {
	MaxFileSize   int                              // bytes of a file; 64 MiB
	MaxReportSize int                              // bytes of a status report; 8 MiB
	MaxFiles      int                              // own files of a codebase; 20,000
	MaxInstances  int                              // instances that are known at once; 20,000
	CacheSize     int                              // bytes of contents kept in memory; 64 MiB
	SweepEvery    time.Duration                    // how often contents nobody refers to are removed; 10 minutes
	SweepAge      time.Duration                    // how old they are at least then; 10 minutes, which no operation takes
	Log           func(format string, args ...any) // reports failures in the background; nil: nobody hears of them
}

func (o Options) withDefaults() Options {
	def := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	def(&o.MaxFileSize, 64<<20)
	def(&o.MaxReportSize, 8<<20)
	def(&o.MaxFiles, 20_000)
	def(&o.MaxInstances, 20_000)
	def(&o.CacheSize, 64<<20)
	if o.SweepEvery <= 0 {
		o.SweepEvery = 10 * time.Minute
	}
	if o.SweepAge <= 0 {
		o.SweepAge = 10 * time.Minute
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	return o
}

// Repo is a collection of codebases in a store. It may be used from any goroutine.
type Repo struct {
	store      Store
	options    Options
	cache      *cache
	waiters    waiters
	instances  *Instances
	closing    chan struct{}
	background sync.WaitGroup
}

// New returns the repository kept in a store, which it owns from now on.
func New(store Store, options Options) (*Repo, error) {
	options = options.withDefaults()
	r := &Repo{store: store, options: options, cache: newCache(options.CacheSize), closing: make(chan struct{})}
	r.instances = newInstances(options.MaxInstances)
	if err := store.Watch(r.changed); err != nil {
		return nil, fmt.Errorf("cannot watch the store: %w", err)
	}
	r.every(options.SweepEvery, func() {
		if err := r.Sweep(context.Background(), options.SweepAge); err != nil {
			options.Log("[repo] cannot remove old contents: %v", err)
		}
	})
	r.every(expiryInterval, func() { r.instances.expire(time.Now()) })
	return r, nil
}

// every calls f again and again until the repo is closed.
func (r *Repo) every(interval time.Duration, f func()) {
	r.background.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-r.closing:
				return
			case <-ticker.C:
				f()
			}
		}
	})
}

// Close ends waiting requests and links of instances, and closes the store. It is called once.
func (r *Repo) Close() error {
	close(r.closing)
	r.instances.close()
	r.background.Wait()
	return r.store.Close()
}

// Instances returns the table of those who run codebases of the repo.
func (r *Repo) Instances() *Instances { return r.instances }

// changed is called by the store.
func (r *Repo) changed(changes []Change) {
	if changes == nil {
		r.waiters.wakeAll()
		return
	}
	for _, c := range changes {
		r.waiters.wake(c.Codebase)
	}
	for _, c := range changes {
		if c.Reload {
			r.instances.reload(c.Codebase)
		}
	}
}

// Error is a failure that whoever asked has caused.
type Error struct {
	Status int    // of HTTP
	Text   string // empty if the status says it all
}

func (e *Error) Error() string {
	if e.Text == "" {
		return http.StatusText(e.Status)
	}
	return e.Text
}

func invalid(text string) error { return &Error{http.StatusBadRequest, text} }

var (
	errNotFound   error = &Error{Status: http.StatusNotFound}
	errNoCodebase error = &Error{http.StatusNotFound, "Codebase not found"}
)

// Codebases returns the paths of all codebases, sorted.
func (r *Repo) Codebases(ctx context.Context) ([]string, error) {
	var paths []string
	err := r.store.View(ctx, func(tx Tx) error {
		list, err := tx.List(codebaseKey("/"))
		paths = nil
		for _, e := range list {
			paths = append(paths, e.Key[1:])
		}
		return err
	})
	return paths, err
}

// Create is how a codebase begins.
type Create struct {
	Version string // "0" if empty
	Base    string // path of the codebase whose files it inherits; empty for none
	Main    string // "/main.js" if empty, or the base's
}

// Create makes a codebase. Without a base it has a script to start from. Nothing of it is published.
func (r *Repo) Create(ctx context.Context, path string, options Create) error {
	path, ok := cleanPath(path)
	if !ok {
		return invalid("Invalid codebase name")
	}
	template := newBlobID()
	return r.store.Update(ctx, func(tx Tx) error {
		rec := &record{Version: options.Version, Main: options.Main}
		if rec.Version == "" {
			rec.Version = "0"
		}
		if options.Base != "" {
			base, err := getRecord(tx, options.Base)
			if err != nil {
				return err
			}
			if base == nil {
				return invalid("Base codebase not found")
			}
			rec.Base = options.Base
			if rec.Main == "" {
				rec.Main = base.Main
			}
			tx.Put(derivedKey(rec.Base, path), []byte("1"))
		}
		if rec.Main == "" {
			rec.Main = "/main.js"
		}
		switch old, err := getRecord(tx, path); {
		case err != nil:
			return err
		case old != nil:
			return invalid("Codebase already exists")
		}
		if rec.Base == "" {
			if err := tx.PutBlob(template, []byte(starter)); err != nil {
				return err
			}
			var err error
			if rec.Files, err = putJSON(tx, fileTree{"/main.js": template}); err != nil {
				return err
			}
		}
		return putRecord(tx, path, rec)
	})
}

// Commit is how edits are made committed.
type Commit struct {
	Version string // the new version; empty publishes the changed files alone, without a new version
	Main    string // the new main file; empty leaves it
}

// Commit makes the edits of a codebase committed files and publishes them. With a version everything is published anew, as are
// the codebases derived from it; without one only the changed files are, and running instances go on.
func (r *Repo) Commit(ctx context.Context, path string, options Commit) error {
	return r.store.Update(ctx, func(tx Tx) error {
		rec, err := getRecord(tx, path)
		if err != nil {
			return err
		}
		if rec == nil {
			return errNotFound
		}
		if options.Main != "" {
			rec.Main = options.Main
		}
		edits, err := getEdits(tx, path)
		if err != nil {
			return err
		}
		tree, err := getJSON[fileTree](r, tx, rec.Files)
		if err != nil {
			return err
		}
		own := fileTree{}
		maps.Copy(own, *tree)
		for file, e := range edits {
			if e.Erased {
				delete(own, file)
			} else {
				own[file] = e.Blob
			}
		}
		if len(edits) > 0 {
			if rec.Files, err = putJSON(tx, own); err != nil {
				return err
			}
			tx.DeletePrefix(editPrefix(path))
		}
		files, base, err := r.inherited(tx, rec.Base)
		if err != nil {
			return err
		}
		maps.Copy(files, own)
		if options.Version == "" {
			return r.publishFiles(tx, path, rec, files, edits)
		}
		if base != nil {
			rec.BaseVersion = base.Version
		}
		rec.Version = options.Version
		return r.publish(tx, path, rec, files)
	})
}

// inherited returns the committed files of a codebase and all its bases, for the caller to change, and its record.
func (r *Repo) inherited(tx Tx, path string) (fileTree, *record, error) {
	if path == "" {
		return fileTree{}, nil, nil
	}
	rec, err := getRecord(tx, path)
	if err != nil {
		return nil, nil, err
	}
	if rec == nil {
		return nil, nil, fmt.Errorf("the base %s is missing", path)
	}
	files, _, err := r.inherited(tx, rec.Base)
	if err != nil {
		return nil, nil, err
	}
	own, err := getJSON[fileTree](r, tx, rec.Files)
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(files, *own)
	return files, rec, nil
}

// publish rebuilds the published tree of a codebase as its version, and of those that are derived from it.
func (r *Repo) publish(tx Tx, path string, rec *record, files fileTree) error {
	p := published{Version: rec.Version, Files: make(map[string]publishedFile, len(files))}
	manifest := []string{rec.Main}
	for _, file := range sortedKeys(files) {
		p.Files[file] = publishedFile{files[file], rec.Version}
		if file != rec.Main {
			manifest = append(manifest, file)
		}
	}
	p.Manifest = strings.Join(manifest, "\n")
	var err error
	if rec.Tree, err = putJSON(tx, p); err != nil {
		return err
	}
	if err := putRecord(tx, path, rec); err != nil {
		return err
	}
	tx.Announce(Change{Codebase: path, Reload: true})

	children, err := derived(tx, path)
	if err != nil {
		return err
	}
	for _, child := range children {
		c, err := getRecord(tx, child)
		if err != nil {
			return err
		}
		if c == nil || c.BaseVersion == rec.Version {
			continue
		}
		own, err := getJSON[fileTree](r, tx, c.Files)
		if err != nil {
			return err
		}
		all := maps.Clone(files)
		maps.Copy(all, *own)
		c.BaseVersion, c.Version = rec.Version, nextVersion(c.Version)
		if err := r.publish(tx, child, c, all); err != nil {
			return err
		}
	}
	return nil
}

// publishFiles publishes files that were edited, without a new version.
func (r *Repo) publishFiles(tx Tx, path string, rec *record, files fileTree, edits map[string]edit) error {
	if len(edits) == 0 {
		return putRecord(tx, path, rec) // the main file may be another one
	}
	old, err := getJSON[published](r, tx, rec.Tree)
	if err != nil {
		return err
	}
	p := published{Manifest: old.Manifest, Version: old.Version, Files: maps.Clone(old.Files)}
	if p.Files == nil {
		p.Files = map[string]publishedFile{}
	}
	for file := range edits {
		if blob, ok := files[file]; ok {
			p.Files[file] = publishedFile{blob, nextTag(p.Files[file].Tag)}
		} else {
			delete(p.Files, file)
		}
	}
	if rec.Tree, err = putJSON(tx, p); err != nil {
		return err
	}
	tx.Announce(Change{Codebase: path})
	return putRecord(tx, path, rec)
}

// leadingInteger returns the number a text begins with, 0 if there is none.
func leadingInteger(s string) int {
	n := 0
	for n < len(s) && n < 18 && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	i, _ := strconv.Atoi(s[:n])
	return i
}

func nextVersion(v string) string { return strconv.Itoa(leadingInteger(v) + 1) }

func nextTag(tag string) string {
	dot := strings.LastIndexByte(tag, '.')
	if dot < 0 {
		return tag + ".1"
	}
	return tag[:dot+1] + nextVersion(tag[dot+1:])
}

// derived returns the codebases whose base a codebase is.
func derived(tx Tx, path string) ([]string, error) {
	list, err := tx.List(derivedPrefix(path))
	paths := make([]string, len(list))
	for i, e := range list {
		paths[i] = e.Key[len(derivedPrefix(path)):]
	}
	return paths, err
}

// Delete removes a codebase, and those derived from it.
func (r *Repo) Delete(ctx context.Context, path string) error {
	return r.store.Update(ctx, func(tx Tx) error {
		rec, err := getRecord(tx, path)
		if err != nil {
			return err
		}
		if rec == nil {
			return errNotFound
		}
		if rec.Base != "" {
			tx.Delete(derivedKey(rec.Base, path))
		}
		return remove(tx, path)
	})
}

func remove(tx Tx, path string) error {
	children, err := derived(tx, path)
	if err != nil {
		return err
	}
	for _, child := range children {
		if err := remove(tx, child); err != nil {
			return err
		}
	}
	tx.Delete(codebaseKey(path))
	tx.DeletePrefix(editPrefix(path))
	tx.DeletePrefix(derivedPrefix(path))
	tx.Announce(Change{Codebase: path})
	return nil
}

// Sweep removes the contents nobody refers to any more. age spares those of operations that are under way.
func (r *Repo) Sweep(ctx context.Context, age time.Duration) error {
	var dead []string
	err := r.store.View(ctx, func(tx Tx) error {
		alive := map[string]bool{}
		records, err := tx.List(codebaseKey("/"))
		if err != nil {
			return err
		}
		for _, e := range records {
			path := e.Key[1:]
			var rec record
			if err := decode(e.Value, &rec, path); err != nil {
				return err
			}
			alive[rec.Files], alive[rec.Tree] = true, true
			files, err := getJSON[fileTree](r, tx, rec.Files)
			if err != nil {
				return err
			}
			for _, blob := range *files {
				alive[blob] = true
			}
			tree, err := getJSON[published](r, tx, rec.Tree)
			if err != nil {
				return err
			}
			for _, f := range tree.Files {
				alive[f.Blob] = true
			}
			edits, err := getEdits(tx, path)
			if err != nil {
				return err
			}
			for _, e := range edits {
				alive[e.Blob] = true
			}
		}
		ids, err := tx.Blobs()
		dead = slices.DeleteFunc(ids, func(id string) bool { return alive[id] || blobAge(id) < age })
		return err
	})
	if err != nil {
		return err
	}
	for part := range slices.Chunk(dead, 200) {
		err := r.store.Update(ctx, func(tx Tx) error {
			for _, id := range part {
				tx.DeleteBlob(id)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
