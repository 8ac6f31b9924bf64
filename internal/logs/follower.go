package logs

import "bytes"

// followLimit is how many bytes of records may wait for a follower.
const followLimit = 1 << 20

// Follower gets the records of a history as they come.
type Follower struct {
	// Ready gets a value when there is something to take.
	Ready <-chan struct{}

	history *History
	ready   chan struct{}
	waiting [][]byte // guarded by history.mu
	size    int
}

// Follow begins to follow a history: everything it keeps now is the first record, if there is anything. Close must be called.
func (h *History) Follow() *Follower {
	f := &Follower{history: h, ready: make(chan struct{}, 1)}
	f.Ready = f.ready
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.followers == nil {
		h.followers = map[*Follower]struct{}{}
	}
	h.followers[f] = struct{}{}
	content := make([]byte, h.size)
	h.copyTo(content)
	f.waiting = [][]byte{content}
	f.ready <- struct{}{}
	return f
}

// Take returns the records that have come since the last call; the first of all is what the history had, which may be
// nothing. Records that waited too long, with others behind them, are lost.
func (f *Follower) Take() [][]byte {
	f.history.mu.Lock()
	defer f.history.mu.Unlock()
	records := f.waiting
	f.waiting, f.size = nil, 0
	return records
}

// Close ends following.
func (f *Follower) Close() {
	f.history.mu.Lock()
	defer f.history.mu.Unlock()
	delete(f.history.followers, f)
	f.waiting = nil
}

// tell hands a record to all followers. It wants h.mu.
func (h *History) tell(record []byte) {
	if len(h.followers) == 0 {
		return
	}
	record = bytes.Clone(record)
	for f := range h.followers {
		if f.size+len(record) > followLimit {
			continue
		}
		f.waiting = append(f.waiting, record)
		f.size += len(record)
		select {
		case f.ready <- struct{}{}:
		default:
		}
	}
}
