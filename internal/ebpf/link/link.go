//go:build linux

package link

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	core "weir/internal/ebpf"
)

// ErrClosed is the failure of operations on closed links.
var ErrClosed = errors.New("this link is closed")

// Link is a program at a hook. It may be used by any goroutine.
type Link struct {
	s     *slot
	owner any
}

// slot is a hook that links of several generations hold one after the other; the last one's program runs. They end in any
// order: a new generation that fails gives the hook back, an old one that drains leaves it to the new one.
type slot struct {
	mu     sync.Mutex
	h      handle // nil when closed
	target Target
	key    string // in slots; empty if it cannot be taken over
	held   []holder
}

type holder struct {
	l    *Link
	p    Program // a clone, so that it can be put back
	open bool    // false for struct_ops and links found by id, which have no program of ours
}

// slots are those that can be taken over, of all workers.
var slots = struct {
	sync.Mutex
	byKey map[string][]*slot
}{byKey: map[string][]*slot{}}

// Attach attaches a program to a hook for an owner, a generation of a script. Where another owner holds that hook already,
// with a program of the same name if the hook takes many, its program is exchanged in place and comes back when the new
// link is released first. That is left out when a revision is expected. Errors are *ebpf.Error, or tell what is wrong with the arguments.
func Attach(p Program, t Target, o Options, owner any) (*Link, error) {
	l := &Link{owner: owner}
	place, many := t.hook(p)
	if o.ExpectedRevision != 0 {
		place = ""
	}
	if place != "" {
		place = namespaceOf(t) + place
		if many {
			place += "/" + p.Name
		}
	}
	hold := holder{l: l}
	if p.Program != nil {
		q, err := p.Clone()
		if err != nil {
			return nil, fail(t, err)
		}
		hold.p, hold.open = Program{q, p.Name, p.AttachType}, true
	}
	slots.Lock()
	defer slots.Unlock()
	if place != "" {
		for _, s := range slots.byKey[place] {
			if s.take(hold) {
				l.s = s
				return l, nil
			}
		}
	}
	h, err := t.attach(p, o)
	if err != nil {
		if hold.open {
			hold.p.Close()
		}
		return nil, fail(t, err)
	}
	l.s = &slot{h: h, target: t, key: place, held: []holder{hold}}
	if place != "" {
		slots.byKey[place] = append(slots.byKey[place], l.s)
	}
	return l, nil
}

// namespaceOf makes places distinct that belong to a network namespace.
func namespaceOf(t Target) string {
	switch t.(type) {
	case XDP, TCX, Netkit, TC:
		ns, err := os.Readlink("/proc/thread-self/ns/net")
		if err == nil {
			return ns + "/"
		}
	}
	return ""
}

// take makes a new holder's program run, unless its owner holds the slot already.
func (s *slot) take(h holder) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.h == nil || slices.ContainsFunc(s.held, func(o holder) bool { return o.l.owner == h.l.owner }) {
		return false
	}
	if s.h.Update(h.p.Program) != nil {
		return false
	}
	s.held = append(s.held, h)
	return true
}

// Release ends this link's hold, as the end of a generation does. The hook is left when nobody else holds it.
func (l *Link) Release() error { return l.end(false) }

// Close detaches, whoever else holds the hook, unless the link is pinned.
func (l *Link) Close() error { return l.end(true) }

func (l *Link) end(all bool) error {
	slots.Lock()
	defer slots.Unlock()
	s := l.s
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.held, func(h holder) bool { return h.l == l })
	if i < 0 {
		return nil
	}
	var err error
	last := i == len(s.held)-1
	gone := []holder{s.held[i]}
	s.held = slices.Delete(s.held, i, i+1)
	if all {
		gone = append(gone, s.held...)
		s.held = nil
	}
	switch {
	case len(s.held) == 0:
		err = s.h.Close()
		s.h = nil
		if list := slices.DeleteFunc(slots.byKey[s.key], func(o *slot) bool { return o == s }); len(list) > 0 {
			slots.byKey[s.key] = list
		} else {
			delete(slots.byKey, s.key)
		}
	case last:
		err = s.h.Update(s.held[len(s.held)-1].p.Program)
	}
	for _, h := range gone {
		if h.open {
			err = errors.Join(err, h.p.Close())
		}
	}
	return err
}

// with calls f unless the link is closed.
func (l *Link) with(f func(h handle) error) error {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if l.s.h == nil || !slices.ContainsFunc(l.s.held, func(h holder) bool { return h.l == l }) {
		return ErrClosed
	}
	return f(l.s.h)
}

// Update exchanges the program in place, with old only if that is the one attached. Links of trace points, probes and netfilter
// cannot: attach the new program, then close the old link.
func (l *Link) Update(p, old *ebpf.Program) error {
	return l.with(func(h handle) error {
		q, err := p.Clone()
		if err != nil {
			return err
		}
		if raw, ok := h.(interface {
			UpdateArgs(link.RawLinkUpdateOptions) error
		}); ok && old != nil {
			err = raw.UpdateArgs(link.RawLinkUpdateOptions{New: p, Old: old, Flags: unix.BPF_F_REPLACE})
		} else if old != nil {
			err = fmt.Errorf("options.old has no meaning for %s", l.Type())
		} else {
			err = h.Update(p)
		}
		if err != nil {
			return errors.Join(failCall("BPF_LINK_UPDATE", "exchange of this kind of link; attach the new program, then close the old link", err), q.Close())
		}
		for i := range l.s.held {
			if m := &l.s.held[i]; m.l == l {
				if m.open {
					m.p.Close()
				}
				m.p.Program, m.open = q, true
				return nil
			}
		}
		return q.Close()
	})
}

// UpdateMap puts another table in the place of a struct_ops link's.
func (l *Link) UpdateMap(m *ebpf.Map) error {
	return l.with(func(h handle) error {
		fd, ok := h.(interface{ FD() int })
		if _, is := l.s.target.(StructOps); !is || !ok {
			return fmt.Errorf("%s takes a program, not a map", l.Type())
		}
		return updateMap(fd.FD(), m.FD())
	})
}

// Pin keeps the hook beyond the process, under a path in a bpffs.
func (l *Link) Pin(path string) error {
	return l.with(func(h handle) error {
		p, ok := h.(interface{ Pin(string) error })
		if !ok {
			return fmt.Errorf("%s cannot be pinned", l.Type())
		}
		if _, err := os.Lstat(path); err == nil {
			return failCall("BPF_OBJ_PIN", "pins of links", unix.EEXIST)
		}
		return failCall("BPF_OBJ_PIN", "pins of links", p.Pin(path))
	})
}

// Unpin removes the path.
func (l *Link) Unpin() error {
	return l.with(func(h handle) error {
		if p, ok := h.(interface{ Unpin() error }); ok {
			return p.Unpin()
		}
		return nil
	})
}

// Detach detaches even if the link is pinned; the link stays open, with nothing attached.
func (l *Link) Detach() error {
	return l.with(func(h handle) error {
		if d, ok := h.(interface{ Detach() error }); ok {
			return failCall("BPF_LINK_DETACH", "detaching this kind of link; close it", d.Detach())
		}
		return errors.New("this target is left by close")
	})
}

// ID is the kernel's number; 0 for what is no link of the kernel.
func (l *Link) ID() uint32 {
	info, err := l.Info()
	if err != nil {
		return 0
	}
	return info.ID
}

// Open returns what the program of an iterator prints: a reader for one walk.
func (l *Link) Open() (r io.ReadCloser, err error) {
	err = l.with(func(h handle) error {
		switch it := h.(type) {
		case *link.Iter:
			r, err = it.Open()
		case interface{ FD() int }:
			r, err = openIterator(it.FD())
		default:
			err = unix.EINVAL
		}
		return failCall("BPF_ITER_CREATE", "iterators", err)
	})
	return r, err
}

func fail(t Target, err error) error {
	call, what := t.call()
	err = failCall(call, what, err)
	var e *core.Error
	if _, ok := t.(Tracepoint); ok && errors.As(err, &e) {
		e.Subject = what
	}
	return err
}
