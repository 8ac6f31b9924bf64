//go:build !unix

package osapi

// sendSignal does nothing: there are no signals to other processes here.
func sendSignal(int, int) {}
