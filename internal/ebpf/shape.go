package ebpf

import (
	"fmt"
	"os"

	"github.com/cilium/ebpf"
)

// size is what the kernel takes as the size of keys or values: from min to max in steps, in bytes. The zero size is none.
type size struct{ min, max, step uint32 }

var (
	none     = size{}
	number   = size{4, 4, 1} // an index or a descriptor
	device   = size{4, 8, 4} // with or without a program
	anything = size{1, 1<<32 - 1, 1}
)

func (s size) fits(n uint32) bool {
	return n >= s.min && n <= s.max && (s.step == 0 || (n-s.min)%s.step == 0)
}

func (s size) String() string {
	switch {
	case s.max == 0:
		return "no bytes"
	case s.min == s.max:
		return fmt.Sprintf("%d bytes", s.min)
	case s.max == s.min+s.step:
		return fmt.Sprintf("%d or %d bytes", s.min, s.max)
	case s.step > 1:
		return fmt.Sprintf("a multiple of %d bytes", s.step)
	case s.max == anything.max:
		return "at least 1 byte"
	}
	return fmt.Sprintf("%d to %d bytes", s.min, s.max)
}

// shapes are the sizes of keys and values by the type of the map, for those that scripts can make.
var shapes = map[ebpf.MapType]struct{ key, value size }{
	ebpf.Hash: {anything, anything}, ebpf.PerCPUHash: {anything, anything}, ebpf.LRUHash: {anything, anything},
	ebpf.LRUCPUHash: {anything, anything}, ebpf.HashOfMaps: {anything, number}, ebpf.LPMTrie: {size{5, 260, 1}, anything},
	ebpf.Array: {number, anything}, ebpf.PerCPUArray: {number, anything}, ebpf.ProgramArray: {number, number},
	ebpf.PerfEventArray: {number, number}, ebpf.CGroupArray: {number, number}, ebpf.ArrayOfMaps: {number, number},
	ebpf.StackTrace: {number, size{8, 1 << 16, 8}},
	ebpf.DevMap:     {number, device}, ebpf.DevMapHash: {number, device}, ebpf.CPUMap: {number, device}, ebpf.XSKMap: {number, number},
	ebpf.SockMap: {number, device}, ebpf.SockHash: {anything, device}, ebpf.ReusePortSockArray: {number, device},
	ebpf.Queue: {none, anything}, ebpf.Stack: {none, anything}, ebpf.BloomFilter: {none, anything},
	ebpf.RingBuf: {none, none}, ebpf.UserRingbuf: {none, none},
}

// misshapen says what is wrong with the description of a map that the kernel has refused; empty if nothing is known to be.
func misshapen(s *ebpf.MapSpec) string {
	shape, ok := shapes[s.Type]
	name := MapTypeName(uint32(s.Type))
	ring := s.Type == ebpf.RingBuf || s.Type == ebpf.UserRingbuf
	switch {
	case !ok:
	case !shape.key.fits(s.KeySize):
		return fmt.Sprintf("the keys of maps of type %s have %v, not %d", name, shape.key, s.KeySize)
	case !shape.value.fits(s.ValueSize):
		return fmt.Sprintf("the values of maps of type %s have %v, not %d", name, shape.value, s.ValueSize)
	case ring && (s.MaxEntries == 0 || s.MaxEntries&(s.MaxEntries-1) != 0 || s.MaxEntries%uint32(os.Getpagesize()) != 0):
		return fmt.Sprintf("maxEntries of a map of type %s is its size in bytes, a power of 2 and a multiple of %d, not %d", name, os.Getpagesize(), s.MaxEntries)
	case s.MaxEntries == 0:
		return "maxEntries is 0"
	case s.Type == ebpf.LPMTrie && s.Flags&flagNoPrealloc == 0:
		return fmt.Sprintf("maps of type %s need the flag %d, BPF_F_NO_PREALLOC", name, flagNoPrealloc)
	}
	return ""
}

const flagNoPrealloc = 1

// indexed reports whether the keys of a type of maps are indices below maxEntries.
func indexed(t ebpf.MapType) bool {
	return shapes[t].key == number && t != ebpf.DevMapHash && t != ebpf.StackTrace
}

// full says why the kernel had no room for an element.
func full(t ebpf.MapType, maxEntries uint32, key []byte) string {
	if indexed(t) && len(key) == 4 {
		return fmt.Sprintf("the index %d is not below maxEntries, %d", order.Uint32(key), maxEntries)
	}
	return fmt.Sprintf("the map is full: maxEntries is %d", maxEntries)
}
