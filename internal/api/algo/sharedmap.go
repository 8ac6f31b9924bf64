package algo

import (
	"math"
	"sync"
)

// sharedMap is a map of plain Go data used by all workers. The data is never changed once it is in a map.
type sharedMap struct {
	mu     sync.RWMutex
	values map[string]any
}

// sharedMaps are the maps of the process by name; they stay for its life.
var sharedMaps sync.Map

func sharedMapOf(name string) *sharedMap {
	if m, ok := sharedMaps.Load(name); ok {
		return m.(*sharedMap)
	}
	m, _ := sharedMaps.LoadOrStore(name, &sharedMap{values: map[string]any{}})
	return m.(*sharedMap)
}

func (m *sharedMap) size() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.values)
}

func (m *sharedMap) get(key string) (v any, ok bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	v, ok = m.values[key]
	return v, ok
}

func (m *sharedMap) set(key string, v any) {
	m.mu.Lock()
	m.values[key] = v
	m.mu.Unlock()
}

func (m *sharedMap) delete(key string) (found bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, found = m.values[key]
	delete(m.values, key)
	return found
}

func (m *sharedMap) clear() {
	m.mu.Lock()
	clear(m.values)
	m.mu.Unlock()
}

// add adds n to a number in one step and returns the sum; NaN, and no change, if there is no number under the key.
func (m *sharedMap) add(key string, n float64) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.values[key].(float64)
	if !ok {
		return math.NaN()
	}
	f += n
	m.values[key] = f
	return f
}
