// Package link attaches loaded programs to the hooks of the kernel. A hook is a Target; what it gives is a Link, which detaches
// when it is closed or its process ends, however it ends. Socket filters, reuseport selectors and classic tc filters are no
// links of the kernel: the first two go with their sockets, the latter stays until it is closed.
//
// Hooks are taken over: when a Target is attached that another generation of a script holds already, the program is
// exchanged in place, without a moment in which none or both run. See Attach.
package link
