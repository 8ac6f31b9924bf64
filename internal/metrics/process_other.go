//go:build !linux

package metrics

// usage is known on Linux only.
func usage() (processUsage, bool) { return processUsage{}, false }
