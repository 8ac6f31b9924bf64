package http1

// Tunnel is a kind of byte stream that a connection can turn into after a request and its response.
type Tunnel uint8

// The kinds of tunnels.
const (
	NoTunnel Tunnel = iota
	ConnectTunnel
	WebSocketTunnel
	H2CTunnel
)

// Tunnel returns what a request asks its connection to become. An upgrade asked for by an HTTP/1.0 client is ignored
// (RFC 9110 §7.8).
func (h *Head) Tunnel() Tunnel {
	if h.Method == "CONNECT" {
		return ConnectTunnel
	}
	if h.Protocol == protocol10 {
		return NoTunnel
	}
	upgrade, _ := h.Headers.Get("upgrade")
	switch {
	case isKey(upgrade, "websocket"):
		return WebSocketTunnel
	case isKey(upgrade, "h2c"):
		return H2CTunnel
	}
	return NoTunnel
}

// Accepted reports whether a response with this status opens the tunnel.
func (t Tunnel) Accepted(status int) bool {
	switch t {
	case NoTunnel:
		return false
	case ConnectTunnel:
		return status >= 200 && status < 300
	}
	return status == 101
}
