//go:build !unix

package httpapi

const nonblock = 0
