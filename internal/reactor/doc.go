// Package reactor is weir's event loop: sockets, timers and posted functions, all served by the one goroutine that
// called Loop.Run.
//
// Everything but Post, Stop, Hold and Unhold is for that goroutine only. Every stimulus (a read, an accepted connection,
// a timer, a posted function, the outcome of a connect) is a turn; what turns write is sent once per socket at their end.
//
// There are two implementations of one API: epoll on Linux, and goroutines over package net elsewhere (and on Linux with
// the build tag "portable", for tests).
package reactor
