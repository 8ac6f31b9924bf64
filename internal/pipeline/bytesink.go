package pipeline

// ByteSink is an Input that takes no notice of message boundaries: a socket. Whoever makes the events for them only to
// frame bytes may leave them out.
type ByteSink interface {
	Input
	TakesBytesOnly()
}
