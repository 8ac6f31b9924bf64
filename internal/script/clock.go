package script

import "time"

// clock estimates how much time is spent in scripts. Looking at the time at every entry would cost more than many callbacks:
// short runs are measured one in many, long ones all.
type clock struct {
	entries uint32
	began   time.Time // of an entry that is measured
	busy    time.Duration
}

const (
	clockShare = 64               // one of how many short runs is measured
	clockLong  = time.Millisecond // from which on a run is a long one
)

func (c *clock) enter() {
	if c.entries++; c.entries%clockShare == 0 {
		c.began = time.Now()
	}
}

// leave ends a run; polled is when the engine has first asked whether to interrupt it, zero if it was over before.
func (c *clock) leave(polled time.Time) {
	measured := c.entries%clockShare == 0
	if !measured && polled.IsZero() {
		return
	}
	if !measured {
		if d := time.Since(polled); d >= clockLong {
			c.busy += d
		}
		return
	}
	d := time.Since(c.began)
	if d < clockLong {
		d *= clockShare
	}
	c.busy += d
}

// Busy returns about how much time was spent in the realm's scripts. It may be called after Close.
func (r *Realm) Busy() time.Duration { return r.clock.busy }
