package reactor

// NetlinkAddr is what a netlink socket is bound to: a port, where 0 has the kernel choose one, and the multicast groups it
// listens to, as bits.
type NetlinkAddr struct{ PID, Groups uint32 }
