package reactor

// dial is what a connection needs while it is being made.
type dial struct{ timeout *Timer }

func (d *dial) stop() {
	if d.timeout != nil {
		d.timeout.Stop()
	}
}
