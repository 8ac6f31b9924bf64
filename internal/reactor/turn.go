package reactor

// InTurn reports whether a turn is running, so that its end will come.
func (l *Loop) InTurn() bool { return l.inTurn }

// Active reports whether the timer is waiting.
func (t *Timer) Active() bool { return t.index >= 0 }
