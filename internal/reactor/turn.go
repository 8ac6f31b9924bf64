package reactor

// InTurn reports whether a turn is running, so that its end will come.
func (l *Loop) InTurn() bool { return l.inTurn }

// Poisons reports whether borrowed bytes are overwritten when their turn is over (Options.Poison).
func (l *Loop) Poisons() bool { return l.opts.Poison }

// Active reports whether the timer is waiting.
func (t *Timer) Active() bool { return t.index >= 0 }
