//go:build windows || plan9

package target

// newSyslog returns the standard error: there is no syslog here.
func newSyslog(int, string) *Target { return Stderr() }
