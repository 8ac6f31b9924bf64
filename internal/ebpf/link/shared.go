//go:build linux

package link

import core "weir/internal/ebpf"

// Shared is a hold on a link beside those of others. Closing it releases the hold.
type Shared struct{ *Link }

var _ core.Shared = (*Shared)(nil)

// Close implements core.Shared.
func (s *Shared) Close() error { return s.Release() }

// Share implements core.Shared: the holds of a link that is shared have the same program from then on.
func (s *Shared) Share(g *core.Generation) (core.Shared, error) {
	more := &Shared{&Link{s: s.s, owner: g}}
	err := s.with(func(core.LinkHandle) error {
		hold := holder{l: more.Link}
		if p := s.s.held[len(s.s.held)-1].p; p != nil {
			q, err := p.Clone()
			if err != nil {
				return err
			}
			hold.p = q
		}
		s.s.shared = true
		s.s.held = append(s.s.held, hold)
		return nil
	})
	if err != nil {
		return nil, err
	}
	g.Own(more)
	return more, nil
}
