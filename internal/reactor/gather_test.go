package reactor

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"weir/internal/stream"
)

// Small and large, borrowed and owned pieces come out in order and whole, however much is sent at a time.
func TestGatheredQueue(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		q := new(queue)
		var want, got []byte
		for range 60 {
			b := make([]byte, rnd.IntN([]int{8, 300, smallWrite + 200}[rnd.IntN(3)]))
			for i := range b {
				b[i] = byte(rnd.Uint32())
			}
			want = append(want, b...)
			d := stream.NewData(bytes.Clone(b))
			if rnd.IntN(2) == 0 {
				d = stream.NewTransient(b)
			}
			if !d.Empty() && !q.gather(d) {
				q.push(d)
			}
			if rnd.IntN(4) == 0 {
				q.keep()
			}
			if n := int(q.size); n > 0 && rnd.IntN(3) == 0 {
				n = rnd.IntN(n) + 1
				sent := 0
				for _, s := range q.pending() {
					k := min(len(s.b), n-sent)
					got = append(got, s.b[:k]...)
					sent += k
				}
				q.skip(n)
			}
		}
		for _, s := range q.pending() {
			got = append(got, s.b...)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%d bytes came out, not the %d that went in", len(got), len(want))
		}
	}
}
