package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what should happen soon.
const patience = 60 * time.Second

// stores are the implementations. open may be called again for the same store after it was closed, if that is kept.
var stores = []struct {
	name string
	kept bool
	new  func(t *testing.T) (open func() Store)
}{
	{"memory", false, func(*testing.T) func() Store { return NewMemory }},
	{"directory", true, func(t *testing.T) func() Store {
		dir := t.TempDir()
		return func() Store { return open(t, dir) }
	}},
	{"etcd", true, func(t *testing.T) func() Store {
		spec := etcdCluster(t).spec(t.Name())
		return func() Store { return open(t, spec) }
	}},
}

func open(t *testing.T, spec string) Store {
	t.Helper()
	s, err := Open(spec, StoreOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// eachStore runs a test for every implementation.
func eachStore(t *testing.T, f func(t *testing.T, open func() Store, kept bool)) {
	t.Parallel()
	for _, s := range stores {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			f(t, s.new(t), s.kept)
		})
	}
}

func update(t *testing.T, s Store, f func(Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// contents prints all records of a store.
func contents(t *testing.T, s Store, prefix string) string {
	t.Helper()
	var b strings.Builder
	err := s.View(t.Context(), func(tx Tx) error {
		b.Reset()
		list, err := tx.List(prefix)
		for _, r := range list {
			fmt.Fprintf(&b, "%s=%s ", r.Key, r.Value)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

func TestStoreConformance(t *testing.T) {
	eachStore(t, func(t *testing.T, open func() Store, kept bool) {
		s := open()
		defer func() { _ = s.Close() }()
		expect := func(prefix, want string) {
			t.Helper()
			if got := contents(t, s, prefix); got != want {
				t.Errorf("records at %q: %q, want %q", prefix, got, want)
			}
		}
		expect("", "")
		update(t, s, func(tx Tx) error {
			for _, k := range []string{"b", "a/2", "a/1", "a", "a\x00x"} {
				tx.Put(k, []byte("v"+k[:1]))
			}
			if v, err := tx.Get("a"); v != nil || err != nil {
				t.Errorf("a transaction reads what it has written: %q %v", v, err)
			}
			return nil
		})
		expect("", "a=va a\x00x=va a/1=va a/2=va b=vb")
		expect("a/", "a/1=va a/2=va")
		expect("c", "")

		refused := errors.New("refused")
		err := s.Update(t.Context(), func(tx Tx) error {
			tx.Put("b", nil)
			tx.Delete("a")
			tx.Announce(Change{Codebase: "never"})
			return refused
		})
		if !errors.Is(err, refused) {
			t.Errorf("error of the function: %v", err)
		}
		expect("b", "b=vb")

		update(t, s, func(tx Tx) error {
			tx.DeletePrefix("a/")
			tx.Delete("a\x00x")
			tx.Delete("unknown")
			tx.Put("b", []byte{})
			return nil
		})
		expect("", "a=va b=")
		err = s.View(t.Context(), func(tx Tx) error {
			if v, err := tx.Get("b"); v == nil || err != nil {
				t.Errorf("an empty record reads as %v %v", v, err)
			}
			v, err := tx.Get("unknown")
			if v != nil {
				t.Errorf("a missing record reads as %q", v)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}

		large := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
		update(t, s, func(tx Tx) error {
			return errors.Join(tx.PutBlob("large", large), tx.PutBlob("empty", []byte{}), tx.PutBlob("exact", large[:etcdChunk]))
		})
		check := func(want string) {
			t.Helper()
			err := s.View(t.Context(), func(tx Tx) error {
				ids, err := tx.Blobs()
				if err != nil {
					return err
				}
				got := map[string]bool{}
				for _, id := range ids {
					got[id] = true
				}
				if joined := strings.Join(sortedKeys(got), " "); joined != want {
					t.Errorf("blobs %s, want %s", joined, want)
				}
				for id, size := range map[string]int{"large": len(large), "empty": 0, "exact": etcdChunk} {
					b, err := tx.Blob(id)
					if !got[id] {
						if !errors.Is(err, ErrNoBlob) {
							t.Errorf("reading the deleted %s: %v", id, err)
						}
						continue
					}
					if err != nil || !bytes.Equal(b, large[:size]) {
						t.Errorf("blob %s: %d bytes, %v", id, len(b), err)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		check("empty exact large")
		update(t, s, func(tx Tx) error { tx.DeleteBlob("exact"); tx.DeleteBlob("unknown"); return nil })
		check("empty large")
		if !kept {
			return
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open()
		expect("", "a=va b=")
		check("empty large")
	})
}

// Many write at once: no increment is lost, and watchers hear of each.
func TestStoreConcurrentUpdates(t *testing.T) {
	eachStore(t, func(t *testing.T, open func() Store, kept bool) {
		nodes := []Store{open()}
		if strings.Contains(t.Name(), "etcd") {
			nodes = append(nodes, open())
		}
		const writers, rounds = 8, 10
		heard := make([]chan string, len(nodes))
		for i, s := range nodes {
			defer func() { _ = s.Close() }()
			heard[i] = make(chan string, writers*rounds)
			if err := s.Watch(func(changes []Change) {
				for _, c := range changes {
					heard[i] <- c.Codebase
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for range rounds {
					err := nodes[w%len(nodes)].Update(context.Background(), func(tx Tx) error {
						v, err := tx.Get("n")
						if err != nil {
							return err
						}
						n, _ := strconv.Atoi(string(v))
						next := strconv.Itoa(n + 1)
						tx.Put("n", []byte(next))
						tx.Announce(Change{Codebase: next})
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if got := contents(t, nodes[0], ""); got != fmt.Sprintf("n=%d", writers*rounds) {
			t.Errorf("%s after %d increments", got, writers*rounds)
		}
		for i := range nodes {
			known := map[string]bool{}
			for range writers * rounds {
				select {
				case c := <-heard[i]:
					known[c] = true
				case <-time.After(patience):
					t.Fatalf("node %d has heard of %d updates", i, len(known))
				}
			}
			if len(known) != writers*rounds || known["0"] {
				t.Errorf("node %d has heard of %v", i, sortedKeys(known))
			}
		}
	})
}

// One update may have more operations than etcd takes in one request.
func TestStoreLargeUpdate(t *testing.T) {
	eachStore(t, func(t *testing.T, open func() Store, kept bool) {
		s := open()
		defer func() { _ = s.Close() }()
		const n = 1000
		update(t, s, func(tx Tx) error {
			for i := range n {
				tx.Put(fmt.Sprintf("k%04d", i), []byte("v"))
			}
			return nil
		})
		if got := strings.Count(contents(t, s, "k"), "=v"); got != n {
			t.Errorf("%d records of %d", got, n)
		}
		update(t, s, func(tx Tx) error {
			for i := range n {
				tx.DeletePrefix(fmt.Sprintf("k%04d", i))
			}
			return nil
		})
		if got := contents(t, s, ""); got != "" {
			t.Errorf("left: %.100s", got)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, dir)
	defer func() { _ = first.Close() }()
	for spec, reason := range map[string]string{
		dir:              "another process uses it",
		dir + "/none":    "no such file",
		"redis://x":      "unknown kind of store",
		"etcd:///prefix": "want etcd://HOST:PORT",
	} {
		s, err := Open(spec, StoreOptions{})
		if err == nil {
			_ = s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v, want %q", spec, err, reason)
		}
	}
}
