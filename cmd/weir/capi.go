//go:build capi

package main

import "C"

import (
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// weir as a C library: go build -tags capi -buildmode=c-shared. See docs/embedding.md.

var (
	oneMain sync.Mutex // the program of a process
	inMain  atomic.Bool
)

// pipy_main is weir with the arguments of main, and returns the exit code. Of calls at the same time one waits for the other.
//
//export pipy_main
func pipy_main(argc C.int, argv **C.char) C.int {
	oneMain.Lock()
	defer oneMain.Unlock()
	args := make([]string, argc)
	for i, arg := range unsafe.Slice(argv, argc) {
		args[i] = C.GoString(arg)
	}
	os.Args = args
	// Until the program takes signals they would end the process of somebody else.
	early := make(chan os.Signal, 1)
	signal.Notify(early, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(early)
	inMain.Store(true)
	defer inMain.Store(false)
	return C.int(run(args[min(len(args), 1):]))
}

// pipy_exit is what SIGINT does to a program that runs; with force it does not wait for connections. Otherwise it does nothing.
//
//export pipy_exit
func pipy_exit(force C.int) {
	if !inMain.Load() {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGINT) // cannot fail
	if force != 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM) // the second one does not wait
	}
}
