// Package websocket is the wire codec of WebSocket frames (RFC 6455 §5): it turns bytes into messages and back. The
// handshake is HTTP's business.
//
// It does no I/O and knows neither pipelines nor scripts. Bytes may come in pieces of any size. Extensions are not
// implemented; the bits reserved for them can be let through. Nothing here is safe for concurrent use.
package websocket
