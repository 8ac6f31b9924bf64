//go:build !linux || portable

package reactor

const isPortable = true
