package events

import (
	"fmt"

	"github.com/cilium/ebpf"
)

// A record in a buffer is a header of 8 bytes, the length in the first 4 of it, and the data, padded to 8.
const (
	recordHeader = 8
	maxRecord    = 1<<30 - 1 // the upper two bits of the length are flags
)

// Room returns how many bytes a record of n bytes takes in a user ring buffer of a size, which is that of a map of a type.
func Room(n int, t ebpf.MapType, size uint64) (uint64, error) {
	if t != ebpf.UserRingbuf {
		return 0, fmt.Errorf("a map of type %s takes no events: use a user ring buffer", t)
	}
	need := (uint64(n) + recordHeader + 7) &^ 7
	if n > maxRecord || need > size {
		return 0, fmt.Errorf("a record of %d bytes does not fit the buffer of %d: make max_entries larger", n, size)
	}
	return need, nil
}
