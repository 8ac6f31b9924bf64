// Package http1 is the wire codec of HTTP/1.0 and HTTP/1.1 (RFC 9112): it turns bytes into messages and back.
//
// It does no I/O and knows neither pipelines nor scripts. Decoder takes bytes in pieces of any size and yields
// stream events; Encoder takes a head, pieces of a body and an end, and decides how the body is framed. What could be
// read in two ways by two programs along a path (request smuggling) is always refused.
//
// Nothing here is safe for concurrent use.
package http1
