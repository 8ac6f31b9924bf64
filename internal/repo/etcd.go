package repo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	etcdTimeout  = 15 * time.Second // of an operation
	etcdPatience = 3 * time.Second  // for a member to answer: then another one is asked
	etcdChunk    = 512 << 10        // bytes of a blob in one value: etcd takes requests of 1.5 MiB by default
	etcdNestOps  = 60               // operations of a nested transaction: etcd takes 128 in one by default, nested ones not counted
	etcdPageSize = 500              // records or chunks read at once
)

// etcd is a store that any number of processes share. All keys start with a prefix: "k/" are the records, "b/ID/N" the chunks of
// blobs. The key "seq" is written by every update, whose announcements it holds: an update succeeds only if there was no
// other since it began to read.
type etcd struct {
	client *clientv3.Client
	prefix string
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup
	turn   chan struct{} // updates of one process take turns instead of failing each other
}

var _ Store = (*etcd)(nil)

func (e *etcd) seq() string                   { return e.prefix + "seq" }
func (e *etcd) record(k string) string        { return e.prefix + "k/" + k }
func (e *etcd) blob(id string) string         { return e.prefix + "b/" + id + "/" }
func (e *etcd) chunk(id string, n int) string { return e.blob(id) + fmt.Sprintf("%06d", n) }

// busy marks errors that go away by themselves.
func busy(err error) error {
	var r rpctypes.EtcdError
	if errors.As(err, &r) && !errors.Is(r, rpctypes.ErrTimeout) && !errors.Is(r, rpctypes.ErrNoLeader) && !errors.Is(r, rpctypes.ErrLeaderChanged) {
		return fmt.Errorf("etcd: %w", err)
	}
	return fmt.Errorf("%w: etcd: %w", ErrBusy, err)
}

// ask makes a request that may be made twice, of one member after the other until one answers.
func ask[T any](ctx context.Context, request func(context.Context) (T, error)) (T, error) {
	for {
		attempt, cancel := context.WithTimeout(ctx, etcdPatience)
		r, err := request(attempt)
		timedOut := attempt.Err() != nil
		cancel()
		if err == nil {
			return r, nil
		}
		if !timedOut || ctx.Err() != nil {
			return r, busy(err)
		}
	}
}

func (e *etcd) get(ctx context.Context, key string, options ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	return ask(ctx, func(ctx context.Context) (*clientv3.GetResponse, error) { return e.client.Get(ctx, key, options...) })
}

func (e *etcd) put(ctx context.Context, key, value string) error {
	_, err := ask(ctx, func(ctx context.Context) (*clientv3.PutResponse, error) { return e.client.Put(ctx, key, value) })
	return err
}

// mark is what an update writes to the key "seq".
type mark struct {
	ID      string   `json:"id"`
	Changes []Change `json:"changes,omitempty"`
}

// begin reads where the store stands.
func (e *etcd) begin(ctx context.Context) (*etcdTx, error) {
	r, err := e.get(ctx, e.seq())
	if err != nil {
		return nil, err
	}
	t := &etcdTx{store: e, ctx: ctx, revision: r.Header.Revision}
	if len(r.Kvs) > 0 {
		t.seen = r.Kvs[0].ModRevision
	}
	return t, nil
}

func (e *etcd) View(ctx context.Context, f func(Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, etcdTimeout)
	defer cancel()
	t, err := e.begin(ctx)
	if err != nil {
		return err
	}
	return f(t)
}

func (e *etcd) Update(ctx context.Context, f func(Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, etcdTimeout)
	defer cancel()
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return busy(ctx.Err())
	}
	stored := map[string]bool{} // blobs of earlier attempts
	for attempt := 0; ; attempt++ {
		t, err := e.begin(ctx)
		if err != nil {
			return err
		}
		t.stored = stored
		if err := f(t); err != nil {
			return err
		}
		if len(t.ops) == 0 && len(t.changes) == 0 {
			return nil
		}
		ok, err := t.commit()
		if ok || err != nil {
			return err
		}
		// Another process was faster. Do not meet it again.
		select {
		case <-time.After(time.Duration(rand.Int64N(int64(min(attempt+1, 20)) * int64(2*time.Millisecond)))):
		case <-ctx.Done():
			return busy(ctx.Err())
		}
	}
}

func (e *etcd) Watch(changed func([]Change)) error {
	ctx, cancel := context.WithTimeout(e.ctx, etcdTimeout)
	defer cancel()
	r, err := e.get(ctx, e.seq())
	if err != nil {
		return err
	}
	e.done.Go(func() { e.watch(r.Header.Revision+1, changed) })
	return nil
}

// watch follows the key that every update writes, from a revision on, until the store is closed.
func (e *etcd) watch(revision int64, changed func([]Change)) {
	for e.ctx.Err() == nil {
		// A member that was cut off from the others must not keep the watch.
		for r := range e.client.Watch(clientv3.WithRequireLeader(e.ctx), e.seq(), clientv3.WithRev(revision)) {
			if r.CompactRevision > 0 {
				revision = r.CompactRevision
				changed(nil)
			}
			for _, event := range r.Events {
				var m mark
				if json.Unmarshal(event.Kv.Value, &m) != nil {
					changed(nil)
				} else if len(m.Changes) > 0 {
					changed(m.Changes)
				}
			}
			if r.Header.Revision >= revision && len(r.Events) > 0 {
				revision = r.Header.Revision + 1
			}
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-e.ctx.Done():
		}
	}
}

func (e *etcd) Close() error {
	e.cancel()
	err := e.client.Close()
	e.done.Wait()
	return err
}

// etcdTx reads everything as of one revision. A blob is stored at once: nobody knows its id until the commit.
type etcdTx struct {
	store    *etcd
	ctx      context.Context
	revision int64
	seen     int64 // revision of the last update
	stored   map[string]bool
	ops      []clientv3.Op
	changes  []Change
}

func (t *etcdTx) Get(key string) ([]byte, error) {
	r, err := t.store.get(t.ctx, t.store.record(key), clientv3.WithRev(t.revision))
	if err != nil {
		return nil, err
	}
	if len(r.Kvs) == 0 {
		return nil, nil
	}
	if v := r.Kvs[0].Value; v != nil {
		return v, nil
	}
	return []byte{}, nil
}

func (t *etcdTx) List(prefix string) ([]Record, error) {
	var list []Record
	from := t.store.record("")
	err := t.each(t.store.record(prefix), false, func(k string, v []byte) { list = append(list, Record{k[len(from):], v}) })
	return list, err
}

// each reads all keys with a prefix, page by page.
func (t *etcdTx) each(prefix string, keysOnly bool, f func(k string, v []byte)) error {
	end := clientv3.GetPrefixRangeEnd(prefix)
	for key := prefix; ; {
		options := []clientv3.OpOption{clientv3.WithRange(end), clientv3.WithRev(t.revision), clientv3.WithLimit(etcdPageSize)}
		if keysOnly {
			options = append(options, clientv3.WithKeysOnly())
		}
		r, err := t.store.get(t.ctx, key, options...)
		if err != nil {
			return err
		}
		for _, kv := range r.Kvs {
			f(string(kv.Key), kv.Value)
		}
		if !r.More {
			return nil
		}
		key = string(r.Kvs[len(r.Kvs)-1].Key) + "\x00"
	}
}

func (t *etcdTx) Put(key string, value []byte) {
	t.ops = append(t.ops, clientv3.OpPut(t.store.record(key), string(value)))
}

func (t *etcdTx) Delete(key string) {
	t.ops = append(t.ops, clientv3.OpDelete(t.store.record(key)))
}

func (t *etcdTx) DeletePrefix(prefix string) {
	t.ops = append(t.ops, clientv3.OpDelete(t.store.record(prefix), clientv3.WithPrefix()))
}

func (t *etcdTx) Blob(id string) ([]byte, error) {
	var content []byte
	for n := 0; ; n++ {
		r, err := t.store.get(t.ctx, t.store.chunk(id, n), clientv3.WithRev(t.revision))
		if err != nil {
			return nil, err
		}
		if len(r.Kvs) == 0 {
			return nil, ErrNoBlob
		}
		// The first byte tells whether there are more.
		v := r.Kvs[0].Value
		if len(v) == 0 {
			return nil, ErrNoBlob
		}
		content = append(content, v[1:]...)
		if v[0] == 0 {
			return content, nil
		}
	}
}

func (t *etcdTx) PutBlob(id string, content []byte) error {
	if t.stored[id] {
		return nil
	}
	for n := 0; ; n++ {
		part := content[:min(len(content), etcdChunk)]
		content = content[len(part):]
		more := "\x00"
		if len(content) > 0 {
			more = "\x01"
		}
		if err := t.store.put(t.ctx, t.store.chunk(id, n), more+string(part)); err != nil {
			return err
		}
		if len(content) == 0 {
			break
		}
	}
	t.stored[id] = true
	return nil
}

func (t *etcdTx) DeleteBlob(id string) {
	t.ops = append(t.ops, clientv3.OpDelete(t.store.blob(id), clientv3.WithPrefix()))
}

func (t *etcdTx) Blobs() ([]string, error) {
	var ids []string
	from := len(t.store.prefix + "b/")
	err := t.each(t.store.prefix+"b/", true, func(k string, _ []byte) {
		if id, chunk, _ := strings.Cut(k[from:], "/"); chunk == "000000" {
			ids = append(ids, id)
		}
	})
	return ids, err
}

func (t *etcdTx) Announce(c Change) { t.changes = append(t.changes, c) }

// commit reports whether there was no other update since the transaction began. If an answer is lost it finds out what came of
// the request.
func (t *etcdTx) commit() (bool, error) {
	m := mark{newBlobID(), t.changes}
	value, err := json.Marshal(m)
	if err != nil {
		return false, err
	}
	ops := []clientv3.Op{clientv3.OpPut(t.store.seq(), string(value))}
	for part := range slices.Chunk(t.ops, etcdNestOps) {
		ops = append(ops, clientv3.OpTxn(nil, part, nil))
	}
	unchanged := clientv3.Compare(clientv3.ModRevision(t.store.seq()), "=", t.seen)
	uncertain := false
	for {
		attempt, cancel := context.WithTimeout(t.ctx, etcdPatience)
		r, err := t.store.client.Txn(attempt).If(unchanged).Then(ops...).Commit()
		cancel()
		switch {
		case err == nil && (r.Succeeded || !uncertain):
			return r.Succeeded, nil
		case err == nil:
			return t.happened(m.ID)
		case t.ctx.Err() != nil || refused(err):
			return false, busy(err)
		}
		// It may have happened, or still happen. At most one of the attempts can, as the first one ends what they demand.
		uncertain = true
		select {
		case <-time.After(50 * time.Millisecond):
		case <-t.ctx.Done():
			return false, busy(t.ctx.Err())
		}
	}
}

// refused reports whether etcd has said that it will not do something.
func refused(err error) bool {
	return !errors.Is(busy(err), ErrBusy)
}

// happened looks through the updates since the transaction began for the one of an id.
func (t *etcdTx) happened(id string) (bool, error) {
	var options []clientv3.OpOption
	for {
		r, err := t.store.get(t.ctx, t.store.seq(), options...)
		if err != nil {
			return false, err
		}
		if len(r.Kvs) == 0 || r.Kvs[0].ModRevision <= t.seen {
			return false, nil
		}
		var m mark
		if json.Unmarshal(r.Kvs[0].Value, &m) == nil && m.ID == id {
			return true, nil
		}
		options = []clientv3.OpOption{clientv3.WithRev(r.Kvs[0].ModRevision - 1)}
	}
}
