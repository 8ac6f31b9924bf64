package codebase

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"weir/internal/logs"
)

// RemoteOptions say where a remote codebase is and how to get it.
type RemoteOptions struct {
	// URL is http(s)://HOST[:PORT]/BASE/. Files are found below everything up to the last slash; the document at the URL
	// itself is the list of files, or the script if there is only one.
	URL    string
	Client *http.Client  // its Timeout must be 0
	Token  string        // sent as "authorization: Bearer"; "" for none
	Poll   time.Duration // how often to ask a server that cannot say when there is a new version
	Cache  string        // directory for copies; "" for none
	Log    *logs.Logger

	MaxFiles int           // 0 for DefaultMaxFiles
	MaxSize  int64         // bytes of all files together; 0 for DefaultMaxSize
	Stall    time.Duration // how long to wait for more of an answer; 0 for half a minute
}

// Limits on codebases that were not given others.
const (
	DefaultMaxFiles = 10000
	DefaultMaxSize  = 256 << 20
	defaultStall    = 30 * time.Second
)

// Remote keeps a Codebase in step with a web server. Its methods are called from one goroutine, but for Code and Look.
type Remote struct {
	o     RemoteOptions
	base  string // URL up to the last slash, without it
	code  *Codebase
	store *memStore
	cache *diskCache

	waits   bool // the server may be able to say when there is a new version
	pending bool // the last fetch has failed

	mu   sync.Mutex
	seen tag // of the last version that was fetched as a whole

	looking sync.Mutex     // while files are compared and changed one by one, no version is applied
	tags    map[string]tag // of single files
}

// tag identifies a version of a document, as the server spells it.
type tag struct{ etag, modified string }

func tagOf(res *http.Response) tag {
	return tag{res.Header.Get("etag"), res.Header.Get("last-modified")}
}

// NewRemote prepares a remote codebase. It has no files before Fetch or Restore, and Apply.
func NewRemote(o RemoteOptions) (*Remote, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("invalid URL of a codebase: %s", o.URL)
	}
	if u.Path == "" {
		o.URL += "/"
	}
	if o.MaxFiles == 0 {
		o.MaxFiles = DefaultMaxFiles
	}
	if o.MaxSize == 0 {
		o.MaxSize = DefaultMaxSize
	}
	if o.Stall == 0 {
		o.Stall = defaultStall
	}
	r := &Remote{o: o, base: o.URL[:strings.LastIndexByte(o.URL, '/')], store: newMemStore(nil), waits: true}
	r.code = newCodebase("", r.store)
	if o.Cache != "" {
		r.cache = newDiskCache(o.Cache, o.URL, o.MaxSize)
	}
	return r, nil
}

// Code is the codebase that is kept in step.
func (r *Remote) Code() *Codebase { return r.code }

// URL is where the codebase is; it has a path.
func (r *Remote) URL() string { return r.o.URL }

// Version is a complete set of files, fetched but not yet what the codebase has.
type Version struct {
	Tag   string // the server's ETag
	entry string
	tag   tag
	files map[string][]byte
	tags  map[string]tag // of the files
}

// Apply makes a version what the codebase has.
func (r *Remote) Apply(v *Version) {
	r.looking.Lock()
	defer r.looking.Unlock()
	r.tags = maps.Clone(v.tags)
	r.store.replace(v.files)
	r.code.setEntry(v.entry, v.Tag)
}

// Keep stores a version that works in the cache, for a start without the server. An error leaves the copy that was there.
func (r *Remote) Keep(v *Version) error {
	if r.cache == nil {
		return nil
	}
	return r.cache.save(v)
}

// Restore gets the version in the cache. The error matches fs.ErrNotExist if there is none.
func (r *Remote) Restore() (*Version, error) {
	if r.cache == nil {
		return nil, errNoCache
	}
	v, err := r.cache.load()
	if err != nil {
		return nil, err
	}
	r.see(v.tag)
	return v, nil
}

// Same tells whether two versions are the same to the server.
func (v *Version) Same(w *Version) bool { return v.tag == w.tag }

// Equal tells whether two versions are the same to the server and have the same files.
func (v *Version) Equal(w *Version) bool {
	return v.Same(w) && v.entry == w.entry && maps.EqualFunc(v.files, w.files, bytes.Equal)
}

// Seen says that a version need not be fetched unless somebody insists or the server's changes.
func (r *Remote) Seen(v *Version) { r.see(v.tag) }

func (r *Remote) see(t tag) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = t
}

func (r *Remote) lastSeen() tag {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen
}

// attempts is how often a download begins anew because the server has got another version in the middle of it.
const attempts = 5

var errChanging = errors.New("the codebase keeps changing while it is being downloaded")

// Fetch downloads what the server has now. An error has been logged; the next Wait returns at the next poll.
func (r *Remote) Fetch(ctx context.Context) (*Version, error) {
	r.pending = true // until it has succeeded
	for range attempts {
		v, err := r.download(ctx)
		if err != nil {
			return nil, err
		}
		// Each file is the server's newest. They belong together if the list has not changed meanwhile.
		now, err := r.head(ctx, r.o.URL)
		if err != nil {
			return nil, err
		}
		if now == v.tag {
			r.pending = false
			r.see(v.tag)
			return v, nil
		}
	}
	r.o.Log.Errorf("[codebase] %v", errChanging)
	return nil, errChanging
}

// Wait returns when the server has a version other than the one fetched last, or the last Fetch has failed and the next
// poll is due. An error is that of the context; others have been logged, and it goes on.
func (r *Remote) Wait(ctx context.Context) error {
	for {
		asked := time.Now()
		changed, waited := false, false
		if !r.pending {
			var err error
			changed, waited, err = r.ask(ctx)
			if err != nil && ctx.Err() == nil {
				r.waits = true // it may be another server when it is back
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if changed {
			return nil
		}
		if waited {
			continue
		}
		if err := sleep(ctx, r.o.Poll-time.Since(asked)); err != nil {
			return err
		}
		if r.pending {
			return nil
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(max(d, 0))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
