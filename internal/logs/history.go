package logs

import (
	"bytes"
	"sync"
)

// History keeps the latest records of a log in memory: as many whole lines as fit. Its memory grows with its content.
type History struct {
	limit int

	mu   sync.Mutex
	ring []byte
	head int // index of the oldest byte
	size int

	followers map[*Follower]struct{}
}

// NewHistory makes a history of at most limit bytes; 0 keeps nothing.
func NewHistory(limit int) *History { return &History{limit: max(limit, 0)} }

// Append adds a record, which is copied and should end in a newline. Oldest lines make room for it. A record larger
// than the whole history is not kept.
func (h *History) Append(record []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tell(record)
	if len(record) > h.limit {
		return
	}
	for h.size+len(record) > h.limit {
		h.dropLine()
	}
	if need := h.size + len(record); need > len(h.ring) {
		grown := make([]byte, min(h.limit, max(4096, 2*need)))
		h.copyTo(grown)
		h.ring, h.head = grown, 0
	}
	tail := (h.head + h.size) % max(len(h.ring), 1)
	n := copy(h.ring[tail:], record)
	copy(h.ring, record[n:])
	h.size += len(record)
}

// Bytes returns a copy of the content, oldest line first.
func (h *History) Bytes() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	content := make([]byte, h.size)
	h.copyTo(content)
	return content
}

// Size returns how many bytes are kept.
func (h *History) Size() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.size
}

func (h *History) dropLine() {
	first := h.ring[h.head:min(h.head+h.size, len(h.ring))]
	n := bytes.IndexByte(first, '\n') + 1
	if n == 0 {
		n = len(first) + bytes.IndexByte(h.ring[:h.size-len(first)], '\n') + 1
		if n == len(first) {
			n = h.size
		}
	}
	h.head = (h.head + n) % len(h.ring)
	h.size -= n
}

func (h *History) copyTo(dst []byte) {
	n := copy(dst, h.ring[h.head:min(h.head+h.size, len(h.ring))])
	copy(dst[n:], h.ring[:h.size-n])
}
