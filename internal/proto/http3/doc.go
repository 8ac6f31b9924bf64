// Package http3 turns the heads of HTTP/3 messages, as the http3 package of quic-go has them, into those of http1, and back.
package http3
