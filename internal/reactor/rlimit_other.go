//go:build !unix

package reactor

// RaiseFileLimit does nothing where the system has no such limit.
func RaiseFileLimit() {}
