package algo

// allowance is the arithmetic of a quota: an amount that is consumed, produced and recovers.
type allowance struct {
	initial float64
	current float64
	max     float64 // produce never goes beyond
	step    float64 // what a period brings back; 0 = everything
	shared  bool
}

// take takes up to n of what is there and returns how much that was.
func (a *allowance) take(n float64) float64 {
	if !(n > 0) || !(a.current > 0) {
		return 0
	}
	n = min(n, a.current)
	a.current -= n
	return n
}

// add adds n, up to the maximum.
func (a *allowance) add(n float64) {
	if n > 0 && a.current < a.max {
		a.current = min(a.current+n, a.max)
	}
}

// restore is what happens at the end of a period. It reports whether another period must follow. A shared allowance goes
// back to its initial amount even from above.
func (a *allowance) restore() (more bool) {
	missing := a.initial - a.current
	if a.step > 0 && a.step < missing {
		a.current += a.step
		return true
	}
	if missing > 0 || a.shared {
		a.current = a.initial
	}
	return false
}

// configure takes over the settings of b; what the initial amount grew by is there at once.
func (a *allowance) configure(b allowance) {
	a.max, a.step = b.max, b.step
	a.current += max(b.initial-a.initial, 0)
	a.current = min(a.current, a.max)
	a.initial = b.initial
}
