package websocket

import "encoding/binary"

// mask appends src to dst, masked or unmasked with key. pos is how many bytes of the frame's payload came before.
func mask(dst, src []byte, key [4]byte, pos int) []byte {
	var k [8]byte
	for i := range k {
		k[i] = key[(pos+i)&3]
	}
	word := binary.LittleEndian.Uint64(k[:])
	for ; len(src) >= 8; src = src[8:] {
		dst = binary.LittleEndian.AppendUint64(dst, binary.LittleEndian.Uint64(src)^word)
	}
	for i, b := range src {
		dst = append(dst, b^k[i])
	}
	return dst
}
