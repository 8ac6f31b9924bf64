package filter

import (
	"time"

	"weir/internal/logs"
	"weir/internal/metrics"
	"weir/internal/pipeline"
	"weir/internal/proto/http2"
	"weir/internal/reactor"
	"weir/internal/stream"
)

// http2Conn is what both sides of an HTTP/2 connection have in common: the codec between the events of a pipeline. What a
// turn has to send goes out at its end, in one piece.
type http2Conn struct {
	http2.Conn
	world   *pipeline.World
	out     pipeline.Input      // towards the peer
	copier  pipeline.ByteCopier // out, if it takes copies of small pieces
	onEnd   func()              // called when finished, after the last output
	resumed func()              // called when more of what was received has been handled
	settled []*httpFlow         // streams whose heads are held back to the end of the turn

	source *reactor.Tap  // where the peer's bytes come from
	pace   reactor.Brake // of the source, while there is a backlog
	tap    *reactor.Tap  // paused while out takes no more
	server bool          // the local side is the server
	brake  reactor.Brake // of the source, meanwhile: it causes more output

	timer    *reactor.Timer // watches for a peer that stalls
	patience time.Duration
	watched  []http2Progress
	stuck    int // looks at an unfinished frame in a row

	gauge   *metrics.Node // of open streams
	counted int           // streams of this connection in it

	flushing bool
	finished bool // nothing more is sent after what there is
}

// http2Progress is how much of a stream was sent when the timer last looked.
type http2Progress struct {
	s    *http2.Stream
	id   uint32
	sent int64
	seen int
}

type http2BuffersKey struct{}

// http2Buffers returns the memory all HTTP/2 connections of a world share.
func http2Buffers(w *pipeline.World) *http2.Buffers {
	return pipeline.Extra(w, http2BuffersKey{}, func() *http2.Buffers { return new(http2.Buffers) })
}

// start begins the connection. What has to be sent first is sent at the end of the turn.
func (c *http2Conn) start(w *pipeline.World, out pipeline.Input, cfg http2.Config, patience time.Duration, h http2.Handler) {
	c.world, c.out, c.patience = w, out, patience
	c.copier, _ = out.(pipeline.ByteCopier)
	c.tap = reactor.NewTap(c.opened)
	cfg.Buffers, cfg.LowWater, cfg.MaxHeaders = http2Buffers(w), httpLowWater, maxHTTP2Headers
	c.Init(cfg, h, w.Loop.Monotonic())
	c.gauge = w.Metrics.HTTP2Streams(!cfg.Server)
	c.server = cfg.Server
	c.debug("started")
	c.flushLater()
}

// debug writes a line on what has become of the connection.
func (c *http2Conn) debug(what string) {
	if c.world == nil || !c.world.Log.DebugEnabled(logs.HTTP2) {
		return
	}
	side := "client"
	if c.server {
		side = "server"
	}
	c.world.Log.Debugf(logs.HTTP2, "[http2] connection as %s %s, with %d streams", side, what, c.Streams())
}

const maxHTTP2Headers = 256

// receive takes bytes from the peer.
func (c *http2Conn) receive(d *stream.Data) {
	if c.finished {
		return
	}
	c.source = c.world.Loop.CurrentTap()
	c.flushLater()
	before := c.world.Loop.SwapTap(nil) // no stream is to pause the others
	again := c.Backlog()                // then resume is to come
	_ = c.Receive(d, c.world.Loop.Monotonic())
	c.world.Loop.SwapTap(before)
	if c.Backlog() {
		c.pace.Engage(c.source)
		if !again {
			c.world.Loop.Later(c.resume)
		}
	}
}

// unread reports whether nothing is read from the peer.
func (c *http2Conn) unread() bool {
	return c.Backlog() || c.brake.Engaged() || c.source != nil && c.source.Paused()
}

// resume goes on with the backlog, in a turn of its own: a peer that asks for very much at a time does not keep others
// waiting.
func (c *http2Conn) resume() {
	if c.finished || c.out == nil {
		return
	}
	c.flushLater()
	_ = c.Resume(c.world.Loop.Monotonic())
	if c.Backlog() {
		c.world.Loop.Later(c.resume)
	} else {
		c.pace.Release()
	}
	c.resumed()
}

// flushLater has the output sent at the end of the turn.
func (c *http2Conn) flushLater() {
	if !c.flushing {
		c.flushing = true
		c.world.FlushLater(c)
	}
}

// Flush implements pipeline.Flusher.
func (c *http2Conn) Flush() {
	c.flushing = false
	for i := 0; i < len(c.settled); i++ {
		f := c.settled[i]
		c.settled[i] = nil
		f.settle()
	}
	c.settled = c.settled[:0]
	c.count()
	if c.out == nil {
		return
	}
	if c.Pending() {
		before := c.world.Loop.SwapTap(c.tap)
		c.write()
		c.world.Loop.SwapTap(before)
		if c.tap.Paused() {
			c.Choke(true)
			c.brake.Engage(c.source)
		}
	}
	if c.finished {
		if end := c.onEnd; end != nil {
			c.onEnd = nil
			end()
		}
		return
	}
	if c.timer == nil && c.patience > 0 && (c.Blocked() || !c.Idle()) {
		c.watch()
	}
}

func (c *http2Conn) write() {
	if b := c.Small(); b != nil && c.copier != nil && c.copier.CopyBytes(b) {
		c.Sent()
		return
	}
	c.out.Process(c.Take())
}

// opened is called when out takes more again.
func (c *http2Conn) opened() {
	c.world.Loop.Later(func() {
		if c.out == nil || c.finished || c.tap.Paused() {
			return
		}
		c.flushLater()
		c.brake.Release()
		c.Choke(false)
	})
}

// finish sends what there is and then calls onEnd.
func (c *http2Conn) finish(onEnd func()) {
	if c.finished {
		return
	}
	c.finished, c.onEnd = true, onEnd
	c.debug("finished")
	c.stopWatch()
	c.Close()
	c.brake.Release()
	c.pace.Release()
	c.flushLater()
}

// drop forgets the connection: its pipeline has ended.
func (c *http2Conn) drop() {
	if !c.finished {
		c.debug("dropped with its pipeline")
	}
	c.finished, c.out, c.onEnd = true, nil, nil
	c.stopWatch()
	c.Close()
	c.count()
	c.brake.Release()
	c.pace.Release()
}

// count brings the gauge of open streams up to date. Once a turn is often enough.
func (c *http2Conn) count() {
	n := c.Streams()
	if c.finished {
		n = 0
	}
	if n != c.counted {
		c.gauge.Add(float64(n - c.counted))
		c.counted = n
	}
}

// watch looks after a while whether the peer has let anything go on.
func (c *http2Conn) watch() {
	c.timer = c.world.Loop.AfterFunc(c.patience/2, c.look)
	c.timer.Unref()
}

func (c *http2Conn) stopWatch() {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}

// look ends streams that could not send anything for as long as patience lasts, and a connection on which a frame or a
// header block does not end.
func (c *http2Conn) look() {
	c.timer = nil
	if c.finished || c.out == nil {
		return
	}
	c.flushLater()
	if c.stuck++; c.Idle() {
		c.stuck = 0
	}
	if c.stuck > 2 {
		c.Fail(http2.EnhanceYourCalm, "a frame took too long")
		return
	}
	old := c.watched
	c.watched = nil
	c.Each(func(s *http2.Stream) {
		if s.Queued() == 0 {
			return
		}
		p := http2Progress{s: s, id: s.ID(), sent: s.Sent()}
		for _, o := range old {
			if o.s == s && o.id == p.id && o.sent == p.sent {
				p.seen = o.seen + 1
			}
		}
		if p.seen >= 2 {
			s.Owner.(http2Owner).stalled()
			return
		}
		c.watched = append(c.watched, p)
	})
}

// http2Owner is the Owner of a stream.
type http2Owner interface {
	// unsendable is called when a message turns out to be impossible to send.
	unsendable(err error)
	// stalled is called when the peer does not let the stream go on.
	stalled()
}
