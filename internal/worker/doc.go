// Package worker runs a program: threads with a loop each, loading, hot reload, graceful end.
package worker
