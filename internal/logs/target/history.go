package target

import (
	"maps"
	"slices"
	"sync"

	"weir/internal/logs"
)

var histories struct {
	sync.Mutex
	limit  int
	byName map[string]*logs.History
}

func init() { histories.limit = logs.DefaultHistory }

// SetHistoryLimit sets how many bytes the history of a logger keeps. It is called before there are any.
func SetHistoryLimit(bytes int) {
	histories.Lock()
	defer histories.Unlock()
	histories.limit = bytes
}

// History returns the latest records of all loggers of a name.
func History(name string) *logs.History {
	histories.Lock()
	defer histories.Unlock()
	h := histories.byName[name]
	if h == nil {
		if histories.byName == nil {
			histories.byName = map[string]*logs.History{}
		}
		h = logs.NewHistory(histories.limit)
		histories.byName[name] = h
	}
	return h
}

// Histories lists the names of the loggers that have a history, sorted.
func Histories() []string {
	histories.Lock()
	defer histories.Unlock()
	return slices.Sorted(maps.Keys(histories.byName))
}
