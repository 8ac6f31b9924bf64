package codectest

import (
	"encoding/hex"
	"strings"
	"testing"
)

// Unhex returns the bytes that s shows in hexadecimal. Spaces and line ends in it mean nothing.
func Unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
