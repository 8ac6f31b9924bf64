package http2

import (
	"slices"

	"golang.org/x/net/http2/hpack"

	"weir/internal/stream"
)

// Config is how one side of a connection behaves.
type Config struct {
	Server bool
	// ConnWindow and StreamWindow are how many bytes of bodies the peer may send before they are consumed, on the whole
	// connection and on each stream.
	ConnWindow, StreamWindow int
	// MaxStreams is how many streams the peer may have open.
	MaxStreams int
	// MaxHeadSize is the largest header list accepted, counted as in RFC 9113 §6.5.2. A request with a larger one is
	// answered with 431; header blocks of more than twice the size end the connection.
	MaxHeadSize int
	// MaxFieldSize is the largest field accepted in it, name and value together.
	MaxFieldSize int
	// MaxHeaders is the number of fields accepted.
	MaxHeaders int
	// ConnectProtocol accepts extended CONNECT (RFC 8441).
	ConnectProtocol bool
	// Burst is how many streams the peer may open in one call of Receive or Resume, 0 for any number. What it sent after
	// that waits for Resume.
	Burst int
	// LowWater is the size of a stream's queue below which it is reported as drained.
	LowWater int
	// Buffers are shared by the connections of a goroutine.
	Buffers *Buffers
}

// Handler is told what happens on a connection. Its methods are called by Receive and Resume, and may call everything but
// those two.
type Handler interface {
	// NewStream returns memory for a stream the peer opens.
	NewStream() *Stream
	// OnHead begins a message; its Head is an *http1.Head. A client gets interim responses as messages of their own.
	OnHead(s *Stream, e *stream.MessageStart)
	// OnData is a piece of the body, transient if the input was. What is not given back by Consumed closes the window.
	OnData(s *Stream, d *stream.Data)
	// OnEnd ends the message; its Tail is nil or an *http1.Tail with trailers.
	OnEnd(s *Stream, e *stream.MessageEnd)
	// OnReset says that the peer, or an error of the peer's, has ended the stream. OnClose follows.
	OnReset(s *Stream, code ErrCode)
	// OnDrained says that less than LowWater bytes are queued again.
	OnDrained(s *Stream)
	// OnClose says that the stream is no more. What is still done to it has no effect.
	OnClose(s *Stream)
	// OnPing is the answer to Ping.
	OnPing(data [8]byte)
	// OnGoAway says that the peer takes no new streams, and does not look at those after last.
	OnGoAway(last uint32, code ErrCode)
	// OnSettings says that the peer's settings are known or have changed.
	OnSettings()
}

// Conn is one side of a connection.
type Conn struct {
	cfg     Config
	handler Handler
	out     output
	err     error
	closed  bool
	now     int64 // milliseconds
	calm    calm

	// Input.
	preface   int // bytes of the client's preface that were received
	settled   bool
	acked     bool // the peer has seen our settings
	held      []byte
	backlog   stream.Data // waits for Resume
	begun     int         // streams the peer has opened in this call of Receive
	body      dataFrame
	block     headerBlock
	decoder   *hpack.Decoder
	list      headerList
	window    int // what the peer may still send
	unacked   int // received and not given back
	unheld    int // passed up and not consumed
	lastPeer  uint32
	gone      closedStreams
	lastTaken uint32 // the last stream of the peer's that is served
	leaving   bool   // no streams after lastTaken are served

	// Output.
	encoder     *hpack.Encoder
	resized     bool // the peer's table size has changed
	sendWindow  int64
	peerWindow  int64 // initial one of streams
	peerFrame   int
	peerStreams uint32
	peerConnect bool
	nextID      uint32
	choked      bool

	streams       []*Stream // open ones in the order of their numbers
	unnumbered    []*Stream // open ones that this side has not begun
	ready, readyX *Stream   // those with something to send whose own window is open: first and last
	blocked       int       // streams with something to send
}

// dataFrame is a DATA frame of which some is still to come.
type dataFrame struct {
	s      *Stream // nil if nobody wants it
	left   int     // without padding, which is known once padded is false
	pad    int
	padded bool // the length of the padding comes first
	end    bool
}

func (d *dataFrame) pending() bool { return d.left > 0 || d.pad > 0 || d.padded || d.end }

// headerBlock is a header block of which some is still to come.
type headerBlock struct {
	id     uint32
	open   bool
	end    bool
	bad    bool // the stream depends on itself
	frames int
	bytes  []byte
}

// maxContinuations is how many frames a header block may come in.
const maxContinuations = 128

// unlimited stands for a setting the peer did not make.
const unlimited = 1<<32 - 1

// Init makes c ready. The first output is what the protocol begins with.
func (c *Conn) Init(cfg Config, h Handler, now int64) {
	*c = Conn{cfg: cfg, handler: h, now: now}
	c.out.bufs = cfg.Buffers
	c.calm.control.init(controlBurst, now)
	c.calm.resets.init(resetBurst, now)
	c.window = defaultWindow
	c.sendWindow, c.peerWindow, c.peerFrame, c.peerStreams = defaultWindow, defaultWindow, minFrameSize, unlimited
	c.decoder = hpack.NewDecoder(4096, c.list.add)
	c.list.cfg, c.list.full = &c.cfg, c.decoder.SetEmitEnabled
	c.nextID = 1
	c.begin()
}

// begin sends the preface and settings.
func (c *Conn) begin() {
	b := make([]byte, 0, 96)
	setting := func(id uint16, v int) {
		b = append(b, byte(id>>8), byte(id))
		b = append32(b, uint32(v))
	}
	if !c.cfg.Server {
		c.out.write([]byte(Preface))
	}
	setting(settingHeaderTableSize, 4096)
	setting(settingEnablePush, 0)
	setting(settingInitialWindowSize, c.cfg.StreamWindow)
	setting(settingMaxFrameSize, minFrameSize)
	if c.cfg.Server {
		setting(settingMaxConcurrentStreams, c.cfg.MaxStreams)
		setting(settingMaxHeaderListSize, c.cfg.MaxHeadSize)
		if c.cfg.ConnectProtocol {
			setting(settingEnableConnect, 1)
		}
	}
	c.out.header(len(b), frameSettings, 0, 0)
	c.out.write(b)
	if more := c.cfg.ConnWindow - defaultWindow; more > 0 {
		c.window += more
		c.windowUpdate(0, more)
	}
}

// Streams returns the number of open streams.
func (c *Conn) Streams() int { return len(c.streams) + len(c.unnumbered) }

// Each calls f for every open stream. f may close them.
func (c *Conn) Each(f func(s *Stream)) {
	for _, list := range []*[]*Stream{&c.unnumbered, &c.streams} {
		for i := len(*list) - 1; i >= 0; i-- {
			if i < len(*list) {
				f((*list)[i])
			}
		}
	}
}

// Err returns why the connection was given up, nil if it was not.
func (c *Conn) Err() error { return c.err }

// PeerStreams returns how many streams this side may have open.
func (c *Conn) PeerStreams() int { return int(min(c.peerStreams, maxWindow)) }

// PeerConnects reports whether the peer takes extended CONNECT.
func (c *Conn) PeerConnects() bool { return c.peerConnect }

// Settled reports whether the peer's settings are known.
func (c *Conn) Settled() bool { return c.settled }

// Blocked reports whether something waits for the peer to open its windows.
func (c *Conn) Blocked() bool { return c.blocked > 0 }

// Stalled reports whether nothing can be sent on any stream because the peer does not take what was sent on some.
func (c *Conn) Stalled() bool { return c.blocked > 0 && c.sendWindow <= 0 }

// Idle reports whether nothing has come of the next frame, or header block.
func (c *Conn) Idle() bool {
	return len(c.held) == 0 && !c.block.open && (!c.cfg.Server || c.preface == len(Preface))
}

// Fail gives the connection up because of something the layer above found.
func (c *Conn) Fail(code ErrCode, reason string) { c.fail(code, reason) }

// fail gives the connection up: the peer is told, and nothing more is read or sent.
func (c *Conn) fail(code ErrCode, reason string) {
	if c.closed {
		return
	}
	c.goAway(c.lastPeer, code, reason)
	c.closed, c.err = true, &Error{code, reason}
}

// GoAway tells the peer that streams it opens are not served: none from now on, or, if only warned, soon.
func (c *Conn) GoAway(warn bool) {
	switch {
	case c.closed:
	case warn:
		c.goAway(maxStreamID, NoError, "")
	default:
		if !c.leaving {
			c.leaving, c.lastTaken = true, c.lastPeer
		}
		c.goAway(c.lastTaken, NoError, "")
	}
}

func (c *Conn) goAway(last uint32, code ErrCode, reason string) {
	c.out.header(8+len(reason), frameGoAway, 0, 0)
	var b [8]byte
	c.out.write(append32(append32(b[:0], last), uint32(code)))
	c.out.write([]byte(reason))
}

// Close ends everything: no more events, no more output.
func (c *Conn) Close() {
	c.closed = true
	c.backlog.Clear()
}

// Ping sends a PING; its answer comes as OnPing.
func (c *Conn) Ping(data [8]byte) {
	if !c.closed {
		c.out.header(8, framePing, 0, 0)
		c.out.write(data[:])
	}
}

// find returns an open stream, nil if it is not open.
func (c *Conn) find(id uint32) *Stream {
	list := c.streams
	lo, hi := 0, len(list)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		switch s := list[m]; {
		case s.id == id:
			return s
		case s.id < id:
			lo = m + 1
		default:
			hi = m
		}
	}
	return nil
}

// Open opens a stream, in memory of the caller's. It returns false if there can be no more: the peer allows none now (see
// PeerStreams), or the numbers are used up.
//
// The stream gets its number with its head: a number closes all lower ones that were not used (RFC 9113 §5.1.1), so heads have to
// be sent in the order of the numbers.
func (c *Conn) Open(s *Stream) bool {
	if c.closed || c.Streams() >= c.PeerStreams() || c.Exhausted() {
		return false
	}
	*s = Stream{Owner: s.Owner, opened: true, expected: -1}
	c.unnumbered = append(c.unnumbered, s)
	return true
}

// number gives a stream that was opened its number, and with it its windows.
func (c *Conn) number(s *Stream) {
	c.unnumbered = without(c.unnumbered, s)
	c.join(s, c.nextID)
	c.nextID += 2
}

// Upgrade makes a stream just opened one of extended CONNECT. PeerConnects tells whether the peer allows it.
func (c *Conn) Upgrade(s *Stream) { s.upgraded = true }

// Exhausted reports whether the numbers of streams are used up.
func (c *Conn) Exhausted() bool {
	return uint64(c.nextID)+2*uint64(len(c.unnumbered)) > maxStreamID
}

// Upgraded opens stream 1 for a request that came in HTTP/1 (RFC 7540 §3.2). settings is the payload that came with it.
func (c *Conn) Upgraded(s *Stream, settings []byte) {
	c.settings(settings)
	c.lastPeer = 1
	c.add(s, 1)
	s.began = true
}

// UpgradedEnd says that the request of stream 1 was received whole.
func (c *Conn) UpgradedEnd(s *Stream) {
	if s.opened {
		s.remoteDone = true
		c.sideDone(s)
	}
}

func (c *Conn) add(s *Stream, id uint32) {
	*s = Stream{Owner: s.Owner, opened: true, expected: -1}
	c.join(s, id)
}

// join puts a stream behind the others. Its windows are those that streams begin with by now.
func (c *Conn) join(s *Stream, id uint32) {
	s.id, s.sendWindow, s.recvWindow = id, c.peerWindow, c.cfg.StreamWindow
	if !c.acked {
		s.recvWindow = max(s.recvWindow, defaultWindow)
	}
	c.streams = append(c.streams, s)
}

// without takes a stream out of a list, where it is likely to be near the end.
func without(list []*Stream, s *Stream) []*Stream {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == s {
			return slices.Delete(list, i, i+1)
		}
	}
	return list
}

// remove closes a stream.
func (c *Conn) remove(s *Stream, reset bool) {
	if !s.opened {
		return
	}
	s.opened = false
	if s.id == 0 {
		c.unnumbered = without(c.unnumbered, s)
	} else {
		c.streams = without(c.streams, s)
		c.gone.add(s.id, reset)
	}
	if s.queued {
		c.unlist(s)
	}
	if c.body.s == s {
		c.body.s = nil
	}
	if !s.queue.Empty() {
		s.queue.Clear()
		c.blocked--
	}
	s.msg, s.trailers = nil, nil
	c.release(s)
	c.handler.OnClose(s)
}

// sideDone closes a stream both of whose sides have ended. A client that is still sending the request after the response
// is told that the rest is not needed (RFC 9113 §8.1).
func (c *Conn) sideDone(s *Stream) {
	switch {
	case !s.opened || !s.localDone:
	case s.remoteDone:
		c.useful()
		c.calm.resets.earn(1, resetBurst)
		c.remove(s, false)
	case c.cfg.Server && !s.connect && !s.upgraded:
		c.Reset(s, NoError)
	}
}
