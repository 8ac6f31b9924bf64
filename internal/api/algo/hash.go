package algo

import (
	"encoding/binary"
	"hash/maphash"
	"math"

	"weir/internal/script"
)

// seed makes the hashes of objects, which are by identity.
var seed = maphash.MakeSeed()

// hashOf hashes a value: strings and numbers by content and the same in every process, objects by identity; booleans,
// undefined and null are 0.
func hashOf(r *script.Realm, v script.Value) uint64 {
	switch {
	case v.IsNullish(), v.IsBool():
		return 0
	case v.IsString():
		s, _ := r.AsString(v)
		return murmur(s)
	case v.IsNumber():
		f, _ := v.Float()
		if f == 0 {
			return 0
		}
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], math.Float64bits(f))
		return murmur(b[:])
	}
	return maphash.Comparable(seed, r.Identity(v))
}

// callHash keeps 53 bits: what a script number can hold.
func callHash(c *script.Call) (script.Value, error) {
	return script.Number(float64(hashOf(c.Realm, c.Arg(0)) & (1<<53 - 1))), nil
}
