package algo

// murmur is 64-bit MurmurHash2 with the seed C++ standard libraries use, so that keys are distributed as they are there.
func murmur[T ~string | ~[]byte](b T) uint64 {
	const m = 0xc6a4a7935bd1e995
	h := 0xc70f6907 ^ uint64(len(b))*m
	i := 0
	for ; i+8 <= len(b); i += 8 {
		h = (h ^ mix(word(b[i:i+8])*m)*m) * m
	}
	if i < len(b) {
		h = (h ^ word(b[i:])) * m
	}
	return mix(mix(h) * m)
}

func mix(v uint64) uint64 { return v ^ v>>47 }

// word reads up to eight bytes, little-endian.
func word[T ~string | ~[]byte](b T) (w uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		w = w<<8 | uint64(b[i])
	}
	return w
}
