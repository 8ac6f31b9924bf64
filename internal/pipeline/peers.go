package pipeline

import (
	"maps"
	"slices"
	"sync"
)

// Peers lets the worlds of a program, one on each thread, find each other's named pipelines. It is safe for concurrent use.
type Peers struct {
	mu      sync.Mutex
	modules map[string][]peer // by file
	turn    int
}

// peer is a module in one world.
type peer struct {
	world *World
	names *Names
	has   []string // a copy of the names, sorted
}

func (p *Peers) add(w *World, n *Names) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.modules == nil {
		p.modules = map[string][]peer{}
	}
	p.modules[n.File] = append(p.modules[n.File], peer{w, n, slices.Sorted(maps.Keys(n.Layouts))})
}

func (p *Peers) remove(w *World) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for file, list := range p.modules {
		p.modules[file] = slices.DeleteFunc(list, func(x peer) bool { return x.world == w })
	}
}

// Pick returns a world whose instance of a module has a pipeline of a name, each in turn, and the names there: they are to
// be used on the thread of that world only. It returns nil if there is none.
func (p *Peers) Pick(file, name string) (*World, *Names) {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.modules[file]
	for range list {
		p.turn++
		x := list[p.turn%len(list)]
		if _, ok := slices.BinarySearch(x.has, name); ok {
			return x.world, x.names
		}
	}
	return nil, nil
}
