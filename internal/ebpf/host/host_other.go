//go:build !linux

package host

import "weir/internal/ebpf"

// Kernel is the kernel this process runs on; nil where there is no eBPF.
func Kernel() ebpf.Backend { return nil }
