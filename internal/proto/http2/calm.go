package http2

// What a peer may do that costs this side work without getting any forward is paid for from two budgets. They fill up
// with time and with useful work; a peer that runs out of one is told to calm down and disconnected.
type calm struct {
	control budget // frames that carry nothing: PING, SETTINGS, PRIORITY, empty DATA, frames on closed streams, …
	resets  budget // streams that were begun and cancelled before the response was complete, or asked for too much
}

type budget struct {
	left int64
	last int64 // milliseconds
}

const (
	controlBurst  = 2000
	controlPerSec = 500
	resetBurst    = 200
	resetPerSec   = 50
)

func (b *budget) init(burst, now int64) { *b = budget{burst, now} }

// spend takes one unit and reports whether there was one.
func (b *budget) spend(burst, perSec, now int64) bool {
	if b.left > 0 {
		b.left--
		return true
	}
	if gained := (now - b.last) * perSec / 1000; gained > 0 {
		b.left, b.last = min(gained, burst)-1, now
		return true
	}
	return false
}

func (b *budget) earn(n, burst int64) { b.left = min(b.left+n, burst) }

// glitch accounts for a frame that carries nothing.
func (c *Conn) glitch() bool {
	if c.calm.control.spend(controlBurst, controlPerSec, c.now) {
		return true
	}
	c.fail(EnhanceYourCalm, "too many frames without use")
	return false
}

// lateReset accounts for RST_STREAM on a stream that is no more. The peer may not have known that it had just been served.
func (c *Conn) lateReset(id uint32) {
	if known, reset := c.gone.find(id); c.cfg.Server && known && !reset {
		c.wasted()
	} else {
		c.glitch()
	}
}

// wasted accounts for a stream that was served for nothing: one like a cancelled one, and what it earned is taken back.
func (c *Conn) wasted() {
	if c.cancelled() {
		c.cancelled()
	}
}

// cancelled accounts for a stream that the peer gave up before it had the whole response.
func (c *Conn) cancelled() bool {
	if c.calm.resets.spend(resetBurst, resetPerSec, c.now) {
		return true
	}
	c.fail(EnhanceYourCalm, "too many streams were opened and reset")
	return false
}

func (c *Conn) useful() {
	c.calm.control.earn(2, controlBurst)
}
