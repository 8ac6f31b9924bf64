// Package cli understands weir's command line. It starts nothing; all it touches outside is asking the file system
// what kind of thing the program argument names.
package cli
