package algo

import (
	"time"

	"weir/internal/script"
)

// Cache is the Go value of an algo.Cache: values by any key, bounded in number and age. Expiry is lazy.
type Cache struct {
	entries    *lru[script.Identity, cached]
	size       int           // most entries, 0 = unlimited
	ttl        time.Duration // longest life of an entry, 0 = unlimited
	now        func() time.Time
	onAllocate *script.Ref
	onFree     *script.Ref
	freeing    int // calls of onFree that are under way
}

// cached is one entry of a Cache.
type cached struct {
	key     *script.Ref // keeps the identity valid, and is there for onFree
	value   *script.Ref
	expires time.Time
}

type cacheEntry = lruEntry[script.Identity, cached]

// live returns the entry of a key and makes it the most recent one; nil if there is none that has not expired.
func (k *Cache) live(id script.Identity) *cacheEntry {
	e := k.entries.get(id)
	if e == nil || k.expired(e) {
		return nil
	}
	k.entries.use(e)
	return e
}

func (k *Cache) expired(e *cacheEntry) bool {
	return k.ttl > 0 && !k.now().Before(e.value.expires)
}

// Find returns the value of a live entry. It never allocates one.
func (k *Cache) Find(id script.Identity) (script.Value, bool) {
	if e := k.live(id); e != nil {
		return e.value.value.Value(), true
	}
	if e := k.entries.get(id); e != nil {
		k.drop(e)
	}
	return script.Undefined, false
}

// Get returns the value for a key, allocating one if there is no live entry and the cache has an allocator.
func (k *Cache) Get(r *script.Realm, key script.Value) (script.Value, error) {
	id := r.Identity(key)
	if e := k.live(id); e != nil {
		return e.value.value.Value(), nil
	}
	if k.onAllocate == nil { // an expired entry stays, so that onFree will be told
		return script.Undefined, nil
	}
	v, err := r.Call(k.onAllocate.Value(), key)
	if err != nil {
		return script.Undefined, err
	}
	k.entries.use(k.store(r, id, key, v)) // scripts rely on this way in not enforcing the size
	return v, nil
}

// Set stores a value. A new entry beyond the size drives out the oldest ones, after onFree was told. If that fails, so does
// Set, and the others are driven out without it.
func (k *Cache) Set(r *script.Realm, key, v script.Value) (err error) {
	id := r.Identity(key)
	if k.entries.get(id) != nil {
		k.store(r, id, key, v)
		return nil
	}
	k.store(r, id, key, v)
	for k.size > 0 && k.entries.len() > k.size {
		e := k.entries.oldest()
		if err == nil {
			err = k.free(r, e)
		}
		k.drop(e)
	}
	return err
}

// Remove removes an entry after telling onFree. With onFree the result says whether it was live, otherwise whether it was there.
func (k *Cache) Remove(r *script.Realm, key script.Value) (bool, error) {
	e := k.entries.get(r.Identity(key))
	if e == nil {
		return false, nil
	}
	found := k.onFree == nil || !k.expired(e)
	if err := k.free(r, e); err != nil {
		return false, err
	}
	k.drop(e)
	return found, nil
}

// Clear removes all entries after telling onFree of each. If that fails they all stay.
func (k *Cache) Clear(r *script.Realm) error {
	es := k.entries.entries()
	if k.onFree != nil {
		for _, e := range es {
			if err := k.free(r, e); err != nil {
				return err
			}
		}
	}
	for _, e := range k.entries.entries() {
		k.drop(e)
	}
	return nil
}

// store sets the value of a key's entry, new or old; an old one keeps its place.
func (k *Cache) store(r *script.Realm, id script.Identity, key, v script.Value) *cacheEntry {
	c := cached{value: r.Hold(v)}
	if k.ttl > 0 {
		c.expires = k.now().Add(k.ttl)
	}
	if e := k.entries.get(id); e != nil {
		c.key = e.value.key
		e.value.value.Free()
		e.value = c
		return e
	}
	if k.onFree != nil || key.IsObject() || key.IsSymbol() {
		c.key = r.Hold(key)
	}
	return k.entries.add(id, c)
}

// free calls onFree for an entry that is still there.
func (k *Cache) free(r *script.Realm, e *cacheEntry) error {
	if k.onFree == nil || e.next == nil {
		return nil
	}
	k.freeing++
	defer func() { k.freeing-- }()
	_, err := r.Call(k.onFree.Value(), e.value.key.Value(), e.value.value.Value())
	return err
}

// drop removes an entry.
func (k *Cache) drop(e *cacheEntry) {
	if k.entries.remove(e) && k.freeing == 0 { // else they may be the arguments of onFree: the garbage collector gives them back
		e.value.key.Free()
		e.value.value.Free()
	}
}
