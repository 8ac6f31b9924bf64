package ebpf

import (
	"io"
	"slices"

	"weir/internal/logs"
)

// Generation is one version of a program on one worker, as the owner of everything it opened in the kernel. Scripts may keep
// nothing but the number of a descriptor, so that what they opened stays open until it is closed or the generation ends.
type Generation struct {
	Backend Backend
	Log     *logs.Logger // may be nil

	owned []io.Closer
}

// Own makes the generation close c when it ends, unless it is disowned before.
func (g *Generation) Own(c io.Closer) { g.owned = append(g.owned, c) }

// Disown takes back Own.
func (g *Generation) Disown(c io.Closer) {
	if i := slices.Index(g.owned, c); i >= 0 {
		g.owned = slices.Delete(g.owned, i, i+1)
	}
}

// Each calls f for everything that the generation owns.
func (g *Generation) Each(f func(io.Closer)) {
	for _, c := range g.owned {
		f(c)
	}
}

// Close ends the generation: what was opened last is closed first.
func (g *Generation) Close() {
	for len(g.owned) > 0 {
		c := g.owned[len(g.owned)-1]
		g.owned = g.owned[:len(g.owned)-1]
		c.Close()
	}
}

// unpin removes files that Pin made.
func (g *Generation) unpin(paths *[]string) error {
	for len(*paths) > 0 {
		if err := g.Backend.Unpin((*paths)[0]); err != nil {
			return err
		}
		*paths = (*paths)[1:]
	}
	return nil
}

func (g *Generation) debugf(topic logs.Topic, format string, args ...any) {
	if g.Log != nil {
		g.Log.Debugf(topic, format, args...)
	}
}
