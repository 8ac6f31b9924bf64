//go:build race

package script

// raceEnabled: the race detector also checks pointers. The engine looks at the byte after a string, which must not lie
// outside of Go's allocation then: strings are copied to the engine's memory first.
const raceEnabled = true
