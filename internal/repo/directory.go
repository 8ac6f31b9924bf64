package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// databaseName is the file in the directory of a store.
const databaseName = "weir-repo.db"

// batchDelay is how long a write waits for others that come at the same time, to share one flush to the disk with them.
const batchDelay = time.Millisecond

var (
	recordBucket = []byte("records")
	blobBucket   = []byte("blobs")
)

// directory is a store in a file of a directory, used by one process at a time. What Update has written is on the disk when it
// returns.
type directory struct {
	db       *bbolt.DB
	watchers watchers
}

var _ Store = (*directory)(nil)

func openDirectory(path string) (Store, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the store: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("cannot open the store %s: it is no directory", path)
	}
	file := filepath.Join(path, databaseName)
	if _, err := os.Stat(filepath.Join(path, "CURRENT")); err == nil {
		if _, err := os.Stat(file); err != nil {
			return nil, fmt.Errorf("cannot open the store %s: it holds a LevelDB database of Pipy; copy its codebases into another directory with weir repo import %[1]s --store=DIR", path)
		}
	}
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{Timeout: time.Second, FreelistType: bbolt.FreelistMapType})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("cannot open the store %s: another process uses it", file)
	case err != nil:
		return nil, fmt.Errorf("cannot open the store %s: %w", file, err)
	}
	db.MaxBatchDelay = batchDelay
	err = db.Update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucketIfNotExists(recordBucket); err != nil {
			return err
		}
		_, err := tx.CreateBucketIfNotExists(blobBucket)
		return err
	})
	if err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("cannot write to the store %s: %w", file, err)
	}
	return &directory{db: db}, nil
}

func (d *directory) View(_ context.Context, f func(Tx) error) error {
	return d.db.View(func(tx *bbolt.Tx) error { return f(newDirectoryTx(tx)) })
}

func (d *directory) Update(_ context.Context, f func(Tx) error) error {
	var changes []Change
	err := d.db.Batch(func(tx *bbolt.Tx) error {
		t := newDirectoryTx(tx)
		if err := f(t); err != nil {
			return err
		}
		for _, write := range t.writes {
			if err := write(); err != nil {
				return err
			}
		}
		changes = t.changes
		return nil
	})
	if err == nil && len(changes) > 0 {
		d.watchers.announce(changes)
	}
	return err
}

func (d *directory) Watch(changed func([]Change)) error {
	d.watchers.add(changed)
	return nil
}

func (d *directory) Close() error {
	d.watchers.close()
	return d.db.Close()
}

type directoryTx struct {
	records, blobs *bbolt.Bucket
	writes         []func() error
	changes        []Change
}

func newDirectoryTx(tx *bbolt.Tx) *directoryTx {
	return &directoryTx{records: tx.Bucket(recordBucket), blobs: tx.Bucket(blobBucket)}
}

func (t *directoryTx) Get(key string) ([]byte, error) { return t.records.Get([]byte(key)), nil }

func (t *directoryTx) List(prefix string) ([]Record, error) {
	var list []Record
	eachPrefixed(t.records, prefix, func(k, v []byte) { list = append(list, Record{string(k), bytes.Clone(v)}) })
	return list, nil
}

func eachPrefixed(b *bbolt.Bucket, prefix string, f func(k, v []byte)) {
	c := b.Cursor()
	for k, v := c.Seek([]byte(prefix)); k != nil && bytes.HasPrefix(k, []byte(prefix)); k, v = c.Next() {
		f(k, v)
	}
}

func (t *directoryTx) write(f func() error) { t.writes = append(t.writes, f) }

func (t *directoryTx) Put(key string, value []byte) {
	t.write(func() error { return t.records.Put([]byte(key), value) })
}

func (t *directoryTx) Delete(key string) {
	t.write(func() error { return t.records.Delete([]byte(key)) })
}

func (t *directoryTx) DeletePrefix(prefix string) {
	t.write(func() error {
		var keys [][]byte
		eachPrefixed(t.records, prefix, func(k, _ []byte) { keys = append(keys, bytes.Clone(k)) })
		for _, k := range keys {
			if err := t.records.Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *directoryTx) Blob(id string) ([]byte, error) {
	if b := t.blobs.Get([]byte(id)); b != nil {
		return bytes.Clone(b), nil
	}
	return nil, ErrNoBlob
}

func (t *directoryTx) PutBlob(id string, content []byte) error {
	t.write(func() error { return t.blobs.Put([]byte(id), content) })
	return nil
}

func (t *directoryTx) DeleteBlob(id string) {
	t.write(func() error { return t.blobs.Delete([]byte(id)) })
}

func (t *directoryTx) Blobs() ([]string, error) {
	var ids []string
	eachPrefixed(t.blobs, "", func(k, _ []byte) { ids = append(ids, string(k)) })
	return ids, nil
}

func (t *directoryTx) Announce(c Change) { t.changes = append(t.changes, c) }
