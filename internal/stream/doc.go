// Package stream holds what flows through pipelines: events and the bytes they carry.
//
// It is the lowest layer of weir: it knows neither sockets nor scripts. Nothing in it is safe for concurrent use;
// an event belongs to the worker goroutine that made it.
package stream
