//go:build linux

// Command load makes the load that wrk and iperf3 cannot: request/response exchanges over raw TCP, new connections
// as fast as one core can open them, messages that are answered, TLS handshakes, idle connections, attacks and what others
// notice of them. The first three are one thread over epoll with bare system calls, because it shares its core with nothing but
// the kernel's half of the work and must not be what limits a server.
//
//	load exchange  -addr A -echo B -conns 32 -size 64 -time 2s
//	load connect   -addr A -conns 64 -time 2s
//	load pump      -addr A -conns 64 -message HEX -suffix HEX [-batch N] [-preface HEX -until HEX] -time 2s
//	load handshake -addr A -conns 64 -time 2s [-resume]
//	load idle      -addr A -conns 5000 [-tls]
//	load probe     -addr A -time 2s
//	load calls     -addr A -name PATH -time 2s
//	load ring      -addr A [-rate N] -time 2s
//	load attack    -addr A -secure B -name N -time 2s
//	load spin      -time 2s
//
// All but idle print one line of JSON: {"count":…,"errors":…,"seconds":…}, probe with "p99", attack with "end", ring with "lost". idle writes "ready" to standard
// error when every connection has done one request and holds them until it is interrupted, at most five minutes.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"
)

type result struct {
	Count   int     `json:"count"`
	Errors  int     `json:"errors"`
	Seconds float64 `json:"seconds"`
	P99     float64 `json:"p99,omitempty"`
	End     string  `json:"end,omitempty"`
	Lost    int     `json:"lost,omitempty"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("name a mode: exchange, connect, pump, handshake, idle, probe, calls, ring, attack or spin")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	addr := flags.String("addr", "", "server `address`, IP:PORT")
	echo := flags.String("echo", "", "exchange: `address` to run the echo server on")
	conns := flags.Int("conns", 32, "connections at a time")
	size := flags.Int("size", 64, "exchange: bytes per message")
	resume := flags.Bool("resume", false, "handshake: resume sessions")
	withTLS := flags.Bool("tls", false, "idle: over TLS")
	name := flags.String("name", "", "attack: its `name`; calls: the path to ask for")
	rate := flags.Int("rate", 0, "ring: events a second, 0 for as many as possible")
	secure := flags.String("secure", "", "attack: `address` of the server with TLS")
	var m messages
	flags.Var((*hexBytes)(&m.preface), "preface", "pump: what to send first, in `hex`adecimal")
	flags.Var((*hexBytes)(&m.until), "until", "pump: end of the answer to that, in `hex`adecimal")
	flags.Var((*hexBytes)(&m.message), "message", "pump: what to send, in `hex`adecimal")
	flags.Var((*hexBytes)(&m.suffix), "suffix", "pump: end of the answer to a message, in `hex`adecimal")
	flags.IntVar(&m.batch, "batch", 1, "pump: messages to send at a time")
	length := flags.Duration("time", 2*time.Second, "how long to run")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	var res result
	var err error
	switch args[0] {
	case "exchange":
		runtime.LockOSThread()
		res, err = exchange(*addr, *echo, *conns, *size, *length)
	case "connect":
		runtime.LockOSThread()
		res, err = connect(*addr, *conns, *length)
	case "pump":
		runtime.LockOSThread()
		res, err = pump(*addr, *conns, m, *length)
	case "spin":
		res = spin(*length)
	case "handshake":
		res, err = handshakes(*addr, *conns, *length, *resume)
	case "probe":
		res, err = probe(*addr, *length)
	case "calls":
		res, err = calls(*addr, *name, *length)
	case "ring":
		res, err = fillRing(*addr, *rate, *length)
	case "attack":
		res, err = assault(*name, *addr, *secure, *length)
	case "idle":
		if err := idle(*addr, *conns, *withTLS); err != nil {
			return err
		}
		fmt.Fprintln(os.Stderr, "ready")
		time.Sleep(5 * time.Minute)
		return nil
	default:
		return fmt.Errorf("unknown mode %q", args[0])
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(res)
}
