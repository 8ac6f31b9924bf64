// Package admin is the HTTP service through which people and tools look at a process and control it: status, metrics, logs,
// dumps, the files of its program, and the program itself. In front of a repo it also decides who may do what there.
//
// It runs on goroutines of its own, with net/http, and sees the workers only through status.Host: whatever happens here does
// not hold up traffic.
package admin
