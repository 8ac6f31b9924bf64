package filter

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	quic "github.com/quic-go/quic-go"
	qh3 "github.com/quic-go/quic-go/http3"

	"weir/internal/proto/http1"
	"weir/internal/proto/http2"
	"weir/internal/proto/http3"
	"weir/internal/stream"
)

// http3Stream is where the goroutines of a request and the worker meet. One goroutine reads the request, as fast as the
// worker says that pieces are taken; another one, quic-go's, writes what the worker has queued. Everything they tell the
// worker is posted.
type http3Stream struct {
	server   *http3Server
	r        *http.Request
	patience time.Duration // how long the client may take nothing
	done     chan struct{} // closed when the request is over for quic-go
	finished atomic.Bool   // the response is complete, and what ends the stream's context is that

	credits chan struct{} // for pieces to be read
	read    chan struct{} // closed when the reader has ended

	mu        sync.Mutex
	first     func(x *http3Exchange) // what the reader has to tell before the worker knows of the request
	firstCame chan struct{}
	announced bool
	empty     bool // the request has no body

	queue   []http3Item
	queued  int  // bytes in it
	slow    bool // the worker waits for it to shrink
	changed chan struct{}

	x *http3Exchange // of the worker alone
}

// http3Item is something to be written.
type http3Item struct {
	status int         // of a head, else 0
	fields http.Header // of a head, or trailers
	tunnel bool        // what follows the head is a tunnel
	data   [][]byte
	end    bool // the stream ends after it
	reset  bool // the stream ends in place of everything else
	code   http2.ErrCode
}

const (
	http3Chunk  = 32 << 10 // most bytes read at once
	http3Chunks = 2        // pieces read and not taken
	// http3Wait is how long a request without a length is looked at before it counts as one with a body that is to come: its
	// end usually comes with its head.
	http3Wait = 2 * time.Millisecond
)

var http3Buffers = sync.Pool{New: func() any { return new([http3Chunk]byte) }}

// ServeHTTP implements http.Handler, on a goroutine of quic-go.
func (c *http3Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := &http3Stream{
		server: c, r: r, patience: c.server.opts.stallTimeout,
		done: make(chan struct{}), read: make(chan struct{}),
		credits: make(chan struct{}, http3Chunks), firstCame: make(chan struct{}), changed: make(chan struct{}, 1),
	}
	defer close(s.done)
	for range http3Chunks {
		s.credits <- struct{}{}
	}
	if _, extended := http3.ConnectProtocol(r); extended && !c.tunnels {
		w.WriteHeader(http.StatusNotImplemented)
		return
	}
	go s.readAll()
	if r.ContentLength <= 0 && r.Method != http.MethodConnect {
		s.waitForFirst()
	}
	if !s.announce() {
		w.WriteHeader(http.StatusRequestHeaderFieldsTooLarge)
		return
	}
	stop := context.AfterFunc(r.Context(), func() {
		if !s.finished.Load() {
			s.tell(func(x *http3Exchange) { x.lost() })
		}
	})
	defer func() {
		stop()
		s.tell((*http3Exchange).over)
	}()
	s.write(w)
}

// waitForFirst waits a moment for the first the reader has to tell.
func (s *http3Stream) waitForFirst() {
	t := time.NewTimer(http3Wait)
	select {
	case <-s.firstCame:
	case <-t.C:
	}
	t.Stop()
}

// announce has the worker begin with the request. It returns false if the head is too large.
func (s *http3Stream) announce() bool {
	s.mu.Lock()
	defer s.mu.Unlock() // not before the post: the reader's come after it
	c, first := s.server, s.first
	head, err := http3.RequestHead(s.r, s.empty, c.limits)
	if err != nil {
		return false
	}
	s.announced = true
	c.post(func() { c.opened(s, head, first) })
	return true
}

// tell has the worker do something with the request, if it still has it.
func (s *http3Stream) tell(f func(x *http3Exchange)) {
	s.server.post(func() {
		if s.x != nil {
			f(s.x)
		}
	})
}

// readAll reads the request.
func (s *http3Stream) readAll() {
	buf := http3Buffers.Get().(*[http3Chunk]byte)
	defer http3Buffers.Put(buf)
	for {
		select {
		case <-s.credits:
		case <-s.done:
			close(s.read)
			return
		}
		n, err := s.r.Body.Read(buf[:])
		var piece *stream.Data
		if n > 0 {
			piece = stream.NewData(bytes.Clone(buf[:n]))
		}
		if err != nil {
			close(s.read)
		}
		s.readerTells(func(x *http3Exchange) { x.arrived(piece, err) }, piece == nil && err == io.EOF)
		if err != nil {
			return
		}
	}
}

// readerTells is tell for the reader: what it has before the worker knows of the request comes together with the head. empty
// says that it is the end, and nothing else has come unless something was told before.
func (s *http3Stream) readerTells(f func(x *http3Exchange), empty bool) {
	s.mu.Lock()
	if s.announced {
		s.mu.Unlock()
		s.tell(f)
		return
	}
	if before := s.first; before != nil {
		s.first = func(x *http3Exchange) { before(x); f(x) }
	} else {
		s.first, s.empty = f, empty
		close(s.firstCame)
	}
	s.mu.Unlock()
}

// push queues something to be written, for the worker. It reports whether that is more than enough.
func (s *http3Stream) push(item http3Item) (full bool) {
	s.mu.Lock()
	if item.reset {
		s.queue, s.queued = s.queue[:0], 0
	}
	s.queue = append(s.queue, item)
	for _, b := range item.data {
		s.queued += len(b)
	}
	full = s.queued > httpHighWater
	s.slow = s.slow || full
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return full
}

// next takes what is to be written next; ok is false if there is nothing.
func (s *http3Stream) next() (item http3Item, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		s.queue = nil
		return item, false
	}
	item = s.queue[0]
	s.queue[0] = http3Item{}
	s.queue = s.queue[1:]
	return item, true
}

// wrote accounts for data that was written.
func (s *http3Stream) wrote(data [][]byte) {
	s.mu.Lock()
	for _, b := range data {
		s.queued -= len(b)
	}
	s.queued = max(s.queued, 0) // a reset has dropped what was being written
	easy := s.slow && s.queued <= httpLowWater
	if easy {
		s.slow = false
	}
	s.mu.Unlock()
	if easy {
		s.tell(func(x *http3Exchange) { x.brake.Release() })
	}
}

// http3Output is where a response is written: first the writer of quic-go, then, for a tunnel, the stream itself.
type http3Output interface {
	io.Writer
	SetWriteDeadline(time.Time) error
}

// write writes the response, until it is complete or the stream is over.
func (s *http3Stream) write(w http.ResponseWriter) {
	out := w.(http3Output)
	var tunnel *qh3.Stream
	var limited time.Time
	unsent := false // something is in the writer's buffer
	for {
		item, ok := s.next()
		if !ok {
			if unsent {
				w.(http.Flusher).Flush()
				unsent = false
			}
			select {
			case <-s.changed:
				continue
			case <-s.r.Context().Done():
				if tunnel == nil {
					panic(http.ErrAbortHandler)
				}
				return
			}
		}
		if item.reset {
			s.abort(w, tunnel, item.code)
			return
		}
		if now := time.Now(); s.patience > 0 && now.Sub(limited) > s.patience/8 {
			limited = now
			_ = out.SetWriteDeadline(now.Add(s.patience))
		}
		if item.status != 0 {
			h := w.Header()
			clear(h)
			for k, v := range item.fields {
				h[k] = v
			}
			w.WriteHeader(item.status)
			unsent = item.status >= 200
			if item.tunnel {
				var err error
				if tunnel, err = w.(qh3.HTTPStreamer).HTTPStream(); err != nil {
					s.abort(w, nil, http2.InternalError)
					return
				}
				out, unsent = tunnel, false
			}
		}
		for _, b := range item.data {
			for len(b) > 0 {
				n, err := out.Write(b[:min(len(b), http3Chunk)])
				if err != nil {
					s.abort(w, tunnel, http2.Cancel)
					return
				}
				b = b[n:]
				if time.Since(limited) > s.patience/8 && s.patience > 0 {
					limited = time.Now()
					_ = out.SetWriteDeadline(limited.Add(s.patience))
				}
			}
			unsent = tunnel == nil
		}
		s.wrote(item.data)
		if !item.end {
			continue
		}
		if tunnel != nil {
			s.endTunnel(tunnel)
			return
		}
		h := w.Header()
		for k, v := range item.fields {
			if item.status == 0 {
				h[k] = v
			}
		}
		s.finished.Store(true)
		return // quic-go sends the rest
	}
}

// endTunnel ends the direction to the client, and waits for the end of the other one.
func (s *http3Stream) endTunnel(tunnel *qh3.Stream) {
	s.finished.Store(true)
	_ = tunnel.Close()
	for {
		select {
		case <-s.read:
			return
		case <-s.server.quic.Context().Done():
			return
		case <-s.changed:
			if item, ok := s.next(); ok && item.reset {
				tunnel.CancelRead(quic.StreamErrorCode(http3.Code(item.code)))
				return
			}
		}
	}
}

// abort ends the stream without the rest of the response.
func (s *http3Stream) abort(w http.ResponseWriter, tunnel *qh3.Stream, code http2.ErrCode) {
	s.finished.Store(true)
	if tunnel == nil {
		var err error
		if tunnel, err = w.(qh3.HTTPStreamer).HTTPStream(); err != nil { // some of the body was written
			panic(http.ErrAbortHandler)
		}
	}
	c := quic.StreamErrorCode(http3.Code(code))
	tunnel.CancelRead(c)
	tunnel.CancelWrite(c)
}

// arrived takes what the reader has got.
func (x *http3Exchange) arrived(piece *stream.Data, err error) {
	if piece != nil {
		x.owed++
		x.received(piece)
	}
	switch {
	case err == nil || x.stream == nil:
	case errors.Is(err, io.EOF):
		x.requestEnded(x.stream.r)
	case errors.Is(err, io.ErrUnexpectedEOF):
		x.broken(http2.ProtocolError)
	default:
		x.broken(http2.Cancel)
	}
}

// requestEnded takes the end of the request.
func (x *http3Exchange) requestEnded(r *http.Request) {
	e := &stream.MessageEnd{}
	if hs := http3.Trailers(r); hs != nil {
		e.Tail = &http1.Tail{Headers: hs}
	}
	x.inputEnded(e)
}
