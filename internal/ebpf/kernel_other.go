//go:build !linux

package ebpf

// Supported tells whether this platform has eBPF.
const Supported = false

// Kernel is the kernel this process runs on; nil where there is no eBPF.
func Kernel() Objects { return nil }

func imagine(*Fake) {}
