package pipeline

// ByteSink is an Input that takes no notice of message boundaries: a socket. Whoever makes the events for them only to
// frame bytes may leave them out.
type ByteSink interface {
	Input
	TakesBytesOnly()
}

// ByteCopier is a ByteSink that can take a copy of a small piece, so that the caller's buffer is free again at once.
type ByteCopier interface {
	ByteSink
	// CopyBytes takes a copy of b, or returns false: then b has to be given to Process.
	CopyBytes(b []byte) bool
}
