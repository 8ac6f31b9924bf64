package host

import (
	"weir/internal/ebpf"
	"weir/internal/ebpf/link"
)

// kernel is put together here, as links are above objects.
type kernel struct {
	ebpf.Objects
	link.Kernel
}

// Kernel is the kernel this process runs on; nil where there is no eBPF.
func Kernel() ebpf.Backend { return kernel{ebpf.Kernel(), link.Kernel{}} }
