// Package ebpf holds the kernel side of scripts: object files, programs, maps and variables. It is the only tree that uses
// cilium/ebpf. What runs in the kernel is behind Backend; Fake stands for a kernel in tests.
//
// Everything here belongs to the goroutine of a worker, except Persistent, which workers share.
package ebpf
