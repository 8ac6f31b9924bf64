// Package clayout describes how C structs and unions lie in memory, and converts between their bytes and plain data (see
// package plain). Byte order is that of the host. It knows neither scripts nor the kernel: what talks to both shares it.
package clayout
