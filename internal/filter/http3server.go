package filter

import (
	"errors"
	"net/http"

	quic "github.com/quic-go/quic-go"
	qh3 "github.com/quic-go/quic-go/http3"

	"weir/internal/pipeline"
	"weir/internal/proto/http3"
	"weir/internal/reactor"
	"weir/internal/stream"
)

// http3Server is the server side of an HTTP/3 connection, for the same filters as httpServer: in place of bytes it gets the
// streams of a QUIC connection. quic-go serves these on goroutines of its own. Its fields belong to the worker, but for those
// that never change.
type http3Server struct {
	server  *httpServer
	world   *pipeline.World
	quic    *quic.Conn
	h3      *qh3.Server
	limits  http3.Limits
	tunnels bool

	live     map[*http3Exchange]struct{}
	settled  []*httpFlow // streams whose heads are held back to the end of the turn
	flushing bool
	requests int
	leaving  bool           // no new requests are served, and the connection ends with the last one
	grace    *reactor.Timer // until the client has heard of that
	over     bool
}

var _ http.Handler = (*http3Server)(nil)

// HTTP3Options are those options of a filter that concern the connection it serves.
type HTTP3Options struct {
	ConnectionWindow, StreamWindow, MaxStreams int
}

// HTTP3Of returns what a layout asks of the QUIC connections it is to serve. It fails if the layout cannot serve them.
func HTTP3Of(l *pipeline.Layout) (*HTTP3Options, error) {
	var o *httpOptions
	if l.Len() > 0 {
		switch d := l.Def(0).(type) {
		case *demuxHTTPDef:
			o = d.opts
		case *serveHTTPDef:
			o = d.opts
		}
	}
	switch {
	case o == nil:
		return nil, errors.New("protocol quic needs demuxHTTP or serveHTTP as its first filter")
	case l.Len() > 1:
		return nil, errors.New("protocol quic takes no filter after demuxHTTP or serveHTTP: responses go straight to the client")
	}
	return &HTTP3Options{ConnectionWindow: o.connectionWindow, StreamWindow: o.streamWindow, MaxStreams: o.maxStreams}, nil
}

// ServeHTTP3 has a pipeline, of a layout that HTTP3Of accepts, serve a QUIC connection once it takes input. It is called before
// the pipeline starts. onEnd is called when the connection is gone. The loop is kept running until then.
func ServeHTTP3(p *pipeline.Pipeline, conn *quic.Conn, onEnd func()) {
	s := p.Filters()[0].(interface{ http() *httpServer }).http()
	c := &http3Server{
		server: s, world: s.World(), quic: conn, tunnels: s.service.tunnels(), live: map[*http3Exchange]struct{}{},
		limits: http3.Limits{MaxFieldSize: s.opts.maxHeaderSize, MaxFields: maxHTTP2Headers},
	}
	c.h3 = &qh3.Server{Handler: c, MaxHeaderBytes: s.opts.headLimit()}
	s.h3 = c
	ready := make(chan struct{})
	p.OnRun(func() { close(ready) })
	loop := c.world.Loop
	loop.Hold()
	go func() {
		select {
		case <-ready:
			// It returns when the connection is closed and nothing goes on in it any more.
			_ = c.h3.ServeQUICConn(conn)
			_ = conn.CloseWithError(quic.ApplicationErrorCode(qh3.ErrCodeNoError), "")
		case <-conn.Context().Done():
		}
		loop.Post(func() {
			c.ended()
			onEnd()
		})
		loop.Unhold()
	}()
}

// http returns the server of a filter.
func (s *httpServer) http() *httpServer { return s }

// post has the worker do something.
func (c *http3Server) post(f func()) { c.world.Loop.Post(f) }

// process takes an event that is not part of a stream: only the end means something.
func (c *http3Server) process(e stream.Event) {
	if end, ok := e.(*stream.StreamEnd); ok {
		c.close(end)
	}
}

// settleLater has f settled at the end of the turn.
func (c *http3Server) settleLater(f *httpFlow) {
	c.settled = append(c.settled, f)
	if !c.flushing {
		c.flushing = true
		c.world.FlushLater(c)
	}
}

// Flush implements pipeline.Flusher.
func (c *http3Server) Flush() {
	c.flushing = false
	for i := 0; i < len(c.settled); i++ {
		f := c.settled[i]
		c.settled[i] = nil
		f.settle()
	}
	c.settled = c.settled[:0]
}

// settleDown closes a connection that is being left once there is nothing left to do on it.
func (c *http3Server) settleDown() {
	if c.leaving && c.grace == nil && len(c.live) == 0 {
		c.close(new(stream.StreamEnd))
	}
}

// shutdown lets the requests there are finish. Clients that send one at this very moment are told to ask again elsewhere.
func (c *http3Server) shutdown() {
	if c.over || c.leaving {
		return
	}
	c.leaving = true
	h3, conn := c.h3, c.quic
	go h3.Shutdown(conn.Context())
	c.grace = c.world.Loop.AfterFunc(shutdownGrace, func() {
		c.grace = nil
		c.settleDown()
	})
	c.grace.Unref()
}

// close ends the connection, and the filter's output with e.
func (c *http3Server) close(e *stream.StreamEnd) {
	if c.over {
		return
	}
	code := qh3.ErrCodeNoError
	if e.Code != stream.NoError {
		code = qh3.ErrCodeInternalError
	}
	c.drop(code)
	c.server.Output(e)
}

// drop ends the connection and everything under way.
func (c *http3Server) drop(code qh3.ErrCode) {
	if c.over {
		return
	}
	c.over = true
	conn := c.quic
	go conn.CloseWithError(quic.ApplicationErrorCode(code), "") // which waits for what the connection is doing
	c.letGo()
}

// ended is called when the connection is gone.
func (c *http3Server) ended() {
	c.over = true
	c.letGo()
}

func (c *http3Server) letGo() {
	c.server.stopBodyTimer()
	if c.grace != nil {
		c.grace.Stop()
		c.grace = nil
	}
	for x := range c.live {
		x.over()
	}
}

var _ pipeline.Flusher = (*http3Server)(nil)
