package reactor

import (
	"io/fs"
	"net/netip"
	"time"

	"weir/internal/stream"
)

// Handler receives what happens to a connection. All calls come on the loop's goroutine, each within a turn.
type Handler interface {
	// OnOpen says that an inbound connection was accepted, or an outbound one is connected.
	OnOpen(c *Conn)
	// OnData hands over received bytes: at most stream.ChunkSize of a stream, or a whole datagram. They are transient: see
	// stream.Data.
	OnData(c *Conn, d *stream.Data)
	// OnEnd says that no more data will come: NoError for the peer's FIN, after which writing goes on; any other code
	// means that the connection is lost and OnClose follows. It is called at most once. Conn.Err has the system's error.
	OnEnd(c *Conn, code stream.ErrorCode)
	// OnClose is the last call, made exactly once, in a turn after the one that closed the connection.
	OnClose(c *Conn)
}

// SocketOptions are limits of one connection. Zero values switch the limit off. Timeouts have a resolution of one
// second and may fire up to a second late.
type SocketOptions struct {
	ReadTimeout     time.Duration // since the last read, or since open
	WriteTimeout    time.Duration // since the last write, or since open
	IdleTimeout     time.Duration // neither read nor write
	CongestionLimit int64         // bytes queued from which on the source that caused a write is paused
	BufferLimit     int64         // bytes queued from which on a further write fails with BufferOverflow
	KeepAlive       bool          // SO_KEEPALIVE
	NoDelay         bool          // TCP_NODELAY
}

// ListenOptions configure a listener.
type ListenOptions struct {
	ReusePort   bool // SO_REUSEPORT: several loops share the port
	Transparent bool // IP_TRANSPARENT, Linux only
	FreeBind    bool // IP_FREEBIND, Linux only: the address need not be this host's yet
	Backlog     int  // 0: the system's maximum
	KeepAlive   bool // for accepted sockets
	NoDelay     bool // for accepted sockets
	Socket      SocketOptions
	UnixMode    fs.FileMode // permissions of a Unix socket's file; 0 leaves what the umask gives
}

// DialOptions configure an outbound connection.
type DialOptions struct {
	Bind        netip.AddrPort // local address, if valid; port 0 lets the system choose
	Timeout     time.Duration  // for connecting; 0: the system's
	Socket      SocketOptions
	UDP         bool
	Transparent bool // IP_TRANSPARENT, Linux only: Bind may be a foreign address
	FreeBind    bool // IP_FREEBIND, Linux only: Bind may be an address that is not here yet
	// OnSocket is called from Dial when the socket exists but is neither bound nor connected: the moment for raw
	// options. An error cancels the attempt with ConnectionAborted.
	OnSocket func(c *Conn) error
}
