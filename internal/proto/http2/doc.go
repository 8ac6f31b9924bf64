// Package http2 is the wire codec of HTTP/2 (RFC 9113) with header compression (RFC 7541): the state of one side of a
// connection, which turns bytes into messages on streams and back.
//
// It does no I/O and knows neither pipelines nor scripts. Bytes go in through Receive and come out through Take;
// what happens on streams is told to a Handler. Servers and clients share everything but who opens streams.
//
// Frames are read where they lie; pieces of bodies are passed on as they come, without waiting for the rest of their
// frame. What a connection may hold in memory is bounded by its Config: header blocks by MaxHeadSize, bodies by the
// windows that the layer above opens with Consumed, the number of streams by MaxStreams.
//
// Nothing here is safe for concurrent use.
package http2
