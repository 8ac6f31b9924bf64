package filter

import (
	"weir/internal/pipeline"
	"weir/internal/reactor"
)

// pacer lets a filter output in portions, each in a turn of its own and only while what follows can take more. Meanwhile
// those who feed the filter can be stopped.
type pacer struct {
	base    *pipeline.Base
	work    func() // outputs a portion; calls later if there is more
	heavy   bool   // a portion takes long: others go first
	tap     *reactor.Tap
	waiting bool // for its turn
	posted  bool
	brake   reactor.Brake
}

// portion is about how many bytes are output in one turn.
const portion = 4 * pipeline.ReadSize

// congested reports whether the current turn should output no more.
func (p *pacer) congested() bool {
	t := p.base.World().Loop.CurrentTap()
	return t != nil && t.Paused()
}

// later has work called in another turn.
func (p *pacer) later() {
	if p.tap == nil {
		p.tap = reactor.NewTap(p.post)
	}
	p.waiting = true
	p.post()
}

func (p *pacer) post() {
	if !p.waiting || p.posted || p.tap.Paused() {
		return
	}
	p.posted = true
	loop := p.base.World().Loop
	later := loop.Later
	if p.heavy {
		later = loop.Background
	}
	later(func() {
		p.posted = false
		if p.waiting && !p.tap.Paused() && !p.base.Ended() {
			p.waiting = false
			loop.TurnFrom(p.tap, p.work)
		}
	})
}

// stopInput stops the source that the current turn comes from, unless that is the filter itself.
func (p *pacer) stopInput() {
	if t := p.base.World().Loop.CurrentTap(); t != p.tap {
		p.brake.Engage(t)
	}
}

// takeInput lets the sources go on.
func (p *pacer) takeInput() { p.brake.Release() }
