package repo

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
)

// Store keeps records and blobs. It may be used from any goroutine, and some by several processes at once.
type Store interface {
	// View calls f with a consistent view of everything that was there when it began. f must not write.
	View(ctx context.Context, f func(Tx) error) error
	// Update calls f and then makes all it has written visible at once, kept for ever when Update returns; if f returns an
	// error, nothing of it. f may be called several times.
	Update(ctx context.Context, f func(Tx) error) error
	// Watch calls changed with what Update calls have announced, of other processes too, soon after they have returned,
	// in any order. changed is called by one goroutine at a time and should return soon. nil means that announcements may
	// have been lost. All announcements made after Watch has returned are delivered, until the store is closed.
	Watch(changed func([]Change)) error
	// Close ends all use of the store.
	Close() error
}

// Tx reads and writes. Reads do not see what was written by the same Tx.
type Tx interface {
	// Get returns a record, nil if there is none. The caller must not change it or use it after the Tx.
	Get(key string) ([]byte, error)
	// List returns the records whose key starts with prefix, sorted by key.
	List(prefix string) ([]Record, error)
	Put(key string, value []byte)
	Delete(key string)
	DeletePrefix(prefix string)

	// Blob returns the content of a blob, for the caller to keep but not to change; ErrNoBlob if there is none.
	Blob(id string) ([]byte, error)
	// PutBlob makes a blob of a new id.
	PutBlob(id string, content []byte) error
	DeleteBlob(id string)
	// Blobs returns the ids of all blobs.
	Blobs() ([]string, error)

	// Announce tells the watchers of the store about a change, once the writes are visible.
	Announce(Change)
}

// Record is a key with its value.
type Record struct {
	Key   string
	Value []byte
}

// Change is what watchers are told.
type Change struct {
	Codebase string `json:"codebase"`
	Reload   bool   `json:"reload,omitempty"` // there is a new version, which running instances should load
}

// ErrNoBlob is what reading a missing blob returns.
var ErrNoBlob = errors.New("the content is gone from the store")

// ErrBusy matches errors of stores that cannot be reached, or have no majority, at the moment.
var ErrBusy = errors.New("the store does not answer")

// StoreOptions are about stores that are reached over a network.
type StoreOptions struct {
	Password string      // of the user that the specification names
	TLS      *tls.Config // towards etcds; nil: the system's roots, no certificate
}

// Open opens the store a specification tells of: "" is in memory, etcd[s]://[USER@]HOST:PORT[,HOST:PORT…]/PREFIX in etcd, over
// TLS with the s, anything else a directory, which must exist.
func Open(spec string, o StoreOptions) (Store, error) {
	scheme, _, isURL := strings.Cut(spec, "://")
	switch {
	case spec == "":
		return NewMemory(), nil
	case isURL && (scheme == "etcd" || scheme == "etcds"):
		return openEtcd(spec, o)
	case isURL:
		return nil, fmt.Errorf("unknown kind of store %q: use a directory, etcd://HOST:PORT/PREFIX or etcds://HOST:PORT/PREFIX", scheme)
	}
	return openDirectory(spec)
}
