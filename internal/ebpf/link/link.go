//go:build linux

package link

import (
	"errors"
	"io"
	"os"
	"slices"
	"sync"

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
	mu   sync.Mutex
	h    core.LinkHandle // nil when closed
	kind string          // of link; empty for one that was found
	key  place           // in slots, unless its name is empty
	held []holder
	// shared is set once several hold the same link on purpose: an exchange of its program is for all of them.
	shared bool
}

type holder struct {
	l *Link
	p core.ProgramHandle // a clone, so that it can be put back; nil for struct_ops and links found, which have no program of ours
}

func (h holder) close() error {
	if h.p == nil {
		return nil
	}
	return h.p.Close()
}

// place is a hook of a kernel.
type place struct {
	b    core.Links
	name string // empty if it cannot be taken over
}

// slots are those that can be taken over, of all workers.
var slots = struct {
	sync.Mutex
	at map[place][]*slot
}{at: map[place][]*slot{}}

// Attach attaches a program to a hook for an owner, a generation of a script. Where another owner holds that hook already,
// with a program of the same name if the hook takes many, its program is exchanged in place and comes back when the new
// link is released first. That is left out when a revision is expected. Errors are *ebpf.Error, or tell what is wrong with the
// arguments. A table of struct_ops has no program.
func Attach(b core.Links, p Program, t Target, o Options, owner any) (*Link, error) {
	about := t.about()
	if err := about.check(o); err != nil {
		return nil, about.fail(err)
	}
	l := &Link{owner: owner}
	name, many := t.hook(p)
	if o.ExpectedRevision != 0 {
		name = ""
	}
	if name != "" {
		name = namespaceOf(t) + name
		if many {
			name += "/" + p.Name
		}
	}
	hold := holder{l: l}
	if p.ProgramHandle != nil {
		q, err := p.Clone()
		if err != nil {
			return nil, about.fail(err)
		}
		hold.p = q
	}
	slots.Lock()
	defer slots.Unlock()
	key := place{b, name}
	if name != "" {
		for _, s := range slots.at[key] {
			if s.take(hold) {
				l.s = s
				return l, nil
			}
		}
	}
	at := uint32(about.at)
	if at == 0 {
		at = p.AttachType
	}
	h, err := b.Attach(&core.Attachment{Program: p.ProgramHandle, Name: p.Name, AttachType: at, Type: about.kind, Place: about.place,
		Hook: t, LinkOptions: o})
	if err != nil {
		hold.close()
		return nil, about.fail(err)
	}
	l.s = &slot{h: h, kind: about.kind, key: key, held: []holder{hold}}
	if name != "" {
		slots.at[key] = append(slots.at[key], l.s)
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
	if s.h.Update(h.p, nil) != nil {
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
		if list := slices.DeleteFunc(slots.at[s.key], func(o *slot) bool { return o == s }); len(list) > 0 {
			slots.at[s.key] = list
		} else {
			delete(slots.at, s.key)
		}
	case last:
		err = s.h.Update(s.held[len(s.held)-1].p, nil)
	}
	for _, h := range gone {
		err = errors.Join(err, h.close())
	}
	return err
}

// with calls f unless the link is closed.
func (l *Link) with(f func(h core.LinkHandle) error) error {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if l.s.h == nil || !slices.ContainsFunc(l.s.held, func(h holder) bool { return h.l == l }) {
		return ErrClosed
	}
	return f(l.s.h)
}

// Update exchanges the program in place, with old only if that is the one attached. Links of trace points, probes and netfilter
// cannot: attach the new program, then close the old link.
func (l *Link) Update(p, old core.ProgramHandle) error {
	return l.with(func(h core.LinkHandle) error {
		if err := h.Update(p, old); err != nil {
			return err
		}
		for i := range l.s.held {
			m := &l.s.held[i]
			if m.l != l && !l.s.shared {
				continue
			}
			q, err := p.Clone()
			if err != nil {
				return err
			}
			if err := m.close(); err != nil {
				return errors.Join(err, q.Close())
			}
			m.p = q
		}
		return nil
	})
}

// UpdateMap puts another table in the place of a struct_ops link's.
func (l *Link) UpdateMap(m core.MapHandle) error {
	return l.with(func(h core.LinkHandle) error { return h.UpdateMap(m) })
}

// Pin keeps the hook beyond the process, under a path in a bpffs.
func (l *Link) Pin(path string) error {
	return l.with(func(h core.LinkHandle) error { return h.Pin(path) })
}

// Unpin removes the path.
func (l *Link) Unpin() error {
	return l.with(core.LinkHandle.Unpin)
}

// Detach detaches even if the link is pinned; the link stays open, with nothing attached.
func (l *Link) Detach() error {
	return l.with(core.LinkHandle.Detach)
}

// ID is the kernel's number; 0 for what is no link of the kernel.
func (l *Link) ID() uint32 {
	info, err := l.Info()
	if err != nil {
		return 0
	}
	return info.ID
}

// FD returns the descriptor of a link of the kernel; 0 if there is none.
func (l *Link) FD() (fd int) {
	_ = l.with(func(h core.LinkHandle) error {
		fd = h.FD()
		return nil
	})
	return fd
}

// Read returns what the program of an iterator prints: a reader for one walk.
func (l *Link) Read() (r io.ReadCloser, err error) {
	err = l.with(func(h core.LinkHandle) error {
		r, err = h.Read()
		return err
	})
	return r, err
}

// Info asks the kernel.
func (l *Link) Info() (info core.LinkInfo, err error) {
	err = l.with(func(h core.LinkHandle) error {
		if info, err = h.Info(); err != nil {
			return err
		}
		// What is no link of the kernel does not know its program.
		if p := l.s.held[len(l.s.held)-1].p; info.Program == 0 && p != nil {
			if i, err := p.Info(); err == nil {
				info.Program = i.ID
			}
		}
		return nil
	})
	return info, err
}

// Type names the kind of link.
func (l *Link) Type() string {
	if info, err := l.Info(); err == nil {
		return info.Type
	}
	return l.s.kind
}

// ByID opens a link of a kernel for an owner. The link stays when this is closed as long as others hold it.
func ByID(b core.Links, id uint32, owner any) (*Link, error) {
	h, err := b.LinkByID(id)
	return found(h, owner, err)
}

// ByPath opens a pinned link.
func ByPath(b core.Links, path string, owner any) (*Link, error) {
	h, err := b.LinkByPath(path)
	return found(h, owner, err)
}

func found(h core.LinkHandle, owner any, err error) (*Link, error) {
	if err != nil {
		return nil, err
	}
	l := &Link{owner: owner}
	l.s = &slot{h: h, held: []holder{{l: l}}}
	return l, nil
}

// Of returns a loaded program for Attach.
func Of(p *core.Program) (Program, error) {
	h := p.Handle()
	if h == nil {
		return Program{}, errors.New("the program is not loaded: call load() first")
	}
	return Program{h, p.Name, p.AttachType}, nil
}
