// Package host is the kernel that this process runs on, as a backend.
package host
