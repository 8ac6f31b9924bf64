package repo

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
)

var errClosed = errors.New("the store is closed")

// memory is a store that is lost when the process ends.
type memory struct {
	mu       sync.RWMutex
	records  map[string][]byte
	blobs    map[string][]byte
	closed   bool
	watchers watchers
}

var _ Store = (*memory)(nil)

// NewMemory returns an empty store in memory.
func NewMemory() Store {
	return &memory{records: map[string][]byte{}, blobs: map[string][]byte{}}
}

func (m *memory) View(_ context.Context, f func(Tx) error) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return errClosed
	}
	return f(&memoryTx{store: m})
}

func (m *memory) Update(_ context.Context, f func(Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errClosed
	}
	tx := &memoryTx{store: m}
	if err := f(tx); err != nil {
		return err
	}
	for _, write := range tx.writes {
		write()
	}
	if len(tx.changes) > 0 {
		m.watchers.announce(tx.changes)
	}
	return nil
}

func (m *memory) Watch(changed func([]Change)) error {
	m.watchers.add(changed)
	return nil
}

func (m *memory) Close() error {
	m.watchers.close()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.records, m.blobs = nil, nil
	return nil
}

type memoryTx struct {
	store   *memory
	writes  []func()
	changes []Change
}

func (t *memoryTx) Get(key string) ([]byte, error) { return t.store.records[key], nil }

func (t *memoryTx) List(prefix string) ([]Record, error) {
	var list []Record
	for k, v := range t.store.records {
		if strings.HasPrefix(k, prefix) {
			list = append(list, Record{k, v})
		}
	}
	slices.SortFunc(list, func(a, b Record) int { return strings.Compare(a.Key, b.Key) })
	return list, nil
}

func (t *memoryTx) Put(key string, value []byte) {
	t.writes = append(t.writes, func() { t.store.records[key] = value })
}

func (t *memoryTx) Delete(key string) {
	t.writes = append(t.writes, func() { delete(t.store.records, key) })
}

func (t *memoryTx) DeletePrefix(prefix string) {
	t.writes = append(t.writes, func() {
		maps.DeleteFunc(t.store.records, func(k string, _ []byte) bool { return strings.HasPrefix(k, prefix) })
	})
}

func (t *memoryTx) Blob(id string) ([]byte, error) {
	if b, ok := t.store.blobs[id]; ok {
		return b, nil
	}
	return nil, ErrNoBlob
}

func (t *memoryTx) PutBlob(id string, content []byte) error {
	t.writes = append(t.writes, func() { t.store.blobs[id] = content })
	return nil
}

func (t *memoryTx) DeleteBlob(id string) {
	t.writes = append(t.writes, func() { delete(t.store.blobs, id) })
}

func (t *memoryTx) Blobs() ([]string, error) {
	return slices.Collect(maps.Keys(t.store.blobs)), nil
}

func (t *memoryTx) Announce(c Change) { t.changes = append(t.changes, c) }
