package reactor

// Tap is a counting pause switch of a byte source: the source reads nothing while there are more pauses than resumes.
type Tap struct {
	// Strict is for sources that could fill the memory, since no peer waits for them: filters that queue their input until a
	// promise settles pause it, too. Others are not paused, for a promise may depend on what they deliver next.
	Strict bool

	paused  int32
	conn    *Conn
	resumed func()
}

// NewTap returns the tap of a source other than a Conn. resumed is called, in the middle of somebody's turn, when the
// last pause ends; the source asks Paused before it reads.
func NewTap(resumed func()) *Tap { return &Tap{resumed: resumed} }

// Paused reports whether the source must not read.
func (t *Tap) Paused() bool { return t.paused > 0 }

// Pause stops the source. Bytes that were read already still flow.
func (t *Tap) Pause() { t.paused++ }

// Resume takes one Pause back.
func (t *Tap) Resume() {
	if t.paused == 0 {
		panic("reactor: tap resumed more often than paused")
	}
	if t.paused--; t.paused > 0 {
		return
	}
	if t.conn != nil {
		t.conn.tapOpened()
	} else if t.resumed != nil {
		t.resumed()
	}
}

// Brake is what a congested sink holds: the taps it paused, each once.
type Brake struct{ taps []*Tap }

// Engage pauses t unless this brake did so before. A nil tap is ignored.
func (b *Brake) Engage(t *Tap) {
	if t == nil {
		return
	}
	// Latest first: a paused source causes no further writes, except within the same turn.
	for i := len(b.taps) - 1; i >= 0; i-- {
		if b.taps[i] == t {
			return
		}
	}
	t.Pause()
	b.taps = append(b.taps, t)
}

// Engaged reports whether the brake holds a tap.
func (b *Brake) Engaged() bool { return len(b.taps) > 0 }

// Release resumes every tap the brake paused.
func (b *Brake) Release() {
	taps := b.taps
	b.taps = nil
	for _, t := range taps {
		t.Resume()
	}
}
