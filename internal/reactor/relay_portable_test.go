//go:build !linux || portable

package reactor

import "testing"

func checkRelayMode(*testing.T, *relayed) {}
