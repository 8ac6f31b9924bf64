package reactor

// Datagram reports whether c keeps message boundaries: a UDP socket, or a peer of one.
func (c *Conn) Datagram() bool { return c.has(isDatagram) }

// maxDatagram is room for any UDP datagram.
const maxDatagram = 1 << 16
