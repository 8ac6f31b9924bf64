//go:build unix

package osapi

import "syscall"

// sendSignal sends a signal, SIGTERM for 0. A failure is not reported.
func sendSignal(pid, signal int) {
	if signal == 0 {
		signal = int(syscall.SIGTERM)
	}
	_ = syscall.Kill(pid, syscall.Signal(signal))
}
