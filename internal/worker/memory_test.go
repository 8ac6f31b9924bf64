package worker

import "testing"

// What is allocated in each second, and when memory is given back.
func TestQuiet(t *testing.T) {
	t.Parallel()
	const kib, mib = 1 << 10, 1 << 20
	for name, c := range map[string]struct {
		allocated []uint64
		want      []int // ticks, from 0
	}{
		"busy":                        {[]uint64{20 * mib, 20 * mib, 20 * mib}, nil},
		"quiet after much":            {[]uint64{20 * mib, 0, 0, 0}, []int{1}},
		"much, little by little":      {[]uint64{mib, mib, mib, mib, mib, mib, mib, mib, 8 * mib, mib, 0, 0}, []int{9}},
		"nothing":                     {make([]uint64, 30), nil},
		"a little after a long while": {append([]uint64{20 * mib, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 200*kib, 0, 0), []int{1, 12}},
		"a little soon after":         {[]uint64{20 * mib, 0, 200 * kib, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, []int{1, 11}},
		"next to nothing":             {append([]uint64{20 * mib, 0}, make([]uint64, 30)...), []int{1}},
	} {
		var q quiet
		var total uint64
		var got []int
		for i, n := range c.allocated {
			if total += n; q.tick(total) {
				got = append(got, i)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: got %v, want %v", name, got, c.want)
			}
		}
	}
}
