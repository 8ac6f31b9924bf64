package http2

import (
	"weir/internal/proto/http1"
	"weir/internal/stream"
)

// Stream is one exchange on a connection. Its memory belongs to the layer above, which may use it again once it was told
// that the stream is closed.
type Stream struct {
	// Owner is for the layer above.
	Owner any

	id         uint32
	sendWindow int64
	recvWindow int
	held       int // bytes passed up and not consumed
	unacked    int // bytes consumed and not given back to the peer's window

	sent     int64
	queue    stream.Data // to be sent
	end      bool        // and then the end, with trailers if there are any
	trailers http1.Headers
	last     *byte  // flags of the last frame, which may become the end of the stream
	round    uint32 // of the output it is in
	next     *Stream
	queued   bool // in the list of those that can send

	msg        *received
	expected   int64 // bytes of the body still to come, as its head promised; -1 if it did not
	opened     bool
	began      bool // the head was received
	headSent   bool // other than of interim responses
	remoteDone bool // the peer has ended its side
	localDone  bool // this side has ended
	bodiless   bool // it answers HEAD: its content-length means nothing
	upgraded   bool // opened by extended CONNECT (RFC 8441)
	connect    bool // a tunnel by CONNECT
}

// ID returns the stream's number, 0 if it was opened by this side and has not begun.
func (s *Stream) ID() uint32 { return s.id }

// Open reports whether the stream is not closed.
func (s *Stream) Open() bool { return s.opened }

// Upgraded reports whether the stream was opened by extended CONNECT, to carry what an upgrade in HTTP/1 would.
func (s *Stream) Upgraded() bool { return s.upgraded }

// Ended reports whether the peer has ended its side.
func (s *Stream) Ended() bool { return s.remoteDone }

// LocalEnded reports whether this side has ended, or is going to once everything is sent.
func (s *Stream) LocalEnded() bool { return s.localDone || s.end }

// HeadSent reports whether a head other than that of an interim response was sent.
func (s *Stream) HeadSent() bool { return s.headSent }

// Sent returns the number of bytes of the body that were sent.
func (s *Stream) Sent() int64 { return s.sent }

// Queued returns the number of bytes that wait for the peer to open its windows.
func (s *Stream) Queued() int { return s.queue.Size() }

// received is a message on its way in: everything that is handed out for it, in one allocation.
type received struct {
	start stream.MessageStart
	end   stream.MessageEnd
	head  http1.Head
	tail  http1.Tail
	room  [8]http1.Header
}

// closedStreams remembers the last streams that are no more, and whether this side had reset them: the peer may have sent
// frames before it knew.
type closedStreams struct {
	ids  [64]uint32 // times two, plus one if reset
	next uint8
}

func (r *closedStreams) add(id uint32, reset bool) {
	v := id << 1
	if reset {
		v |= 1
	}
	r.ids[r.next%64] = v
	r.next++
}

// find reports whether a stream is remembered.
func (r *closedStreams) find(id uint32) (known, reset bool) {
	for _, v := range r.ids {
		if v>>1 == id {
			return true, v&1 != 0
		}
	}
	return false, false
}
