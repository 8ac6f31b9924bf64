package reactor

// Datagram reports whether c keeps message boundaries: a UDP socket, a peer of one, or a netlink socket.
func (c *Conn) Datagram() bool { return c.has(isDatagram) }

// maxDatagram is room for any UDP datagram.
const maxDatagram = 1 << 16
