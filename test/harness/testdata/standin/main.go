// Command standin behaves towards the harness as weir does: it answers HTTP with "stand-in" on the ports given as
// script arguments, says when it listens, drains at SIGINT and leaves at once at a second one.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"time"
)

func main() {
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, os.Interrupt)
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(255)
	}
	switch string(text) {
	case "fail":
		fmt.Fprintln(os.Stderr, "main.js:1:1: it fails")
		os.Exit(1)
	case "crash":
		panic("stand-in crashed")
	}
	fmt.Println(string(text))
	if i := slices.Index(os.Args, "--args"); i > 0 {
		for _, port := range os.Args[i+1:] {
			l, err := net.Listen("tcp", "127.0.0.1:"+port)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			server := &http.Server{ReadHeaderTimeout: time.Minute,
				Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "stand-in") })}
			go server.Serve(l) //nolint:errcheck // ends with the process
			fmt.Fprintf(os.Stderr, "[listener] Listening on TCP port %s at 127.0.0.1\n", port)
		}
	}
	<-interrupts
	if string(text) == "stubborn" {
		<-interrupts
		fmt.Fprintln(os.Stderr, "forced")
	}
}
