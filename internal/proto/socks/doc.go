// Package socks is the wire codec of SOCKS 4, 4a and 5 (RFC 1928, RFC 1929): both sides of the negotiation that comes before
// the bytes of a tunnel.
//
// It does no I/O and knows neither pipelines nor scripts. Bytes may come in pieces of any size; each message is short and
// is understood when it is complete. Nothing here is safe for concurrent use.
package socks
