package reactor

import (
	"bytes"
	"net/netip"
	"os"
	"testing"

	"weir/internal/stream"
)

// TestMain can also be a child process: the server for wrk, or one that runs out of files.
func TestMain(m *testing.M) {
	switch os.Getenv("REACTOR_CHILD") {
	case "http":
		serveFixed(os.Getenv("REACTOR_ADDR"))
		return
	case "relay":
		serveRelay(os.Getenv("REACTOR_ADDR"), os.Getenv("REACTOR_UPSTREAM"))
		return
	case "emfile":
		if err := childOutOfFiles(); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		return
	}
	RaiseFileLimit()
	os.Exit(m.Run())
}

const fixedResponse = "HTTP/1.1 200 OK\r\nserver: weir\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n\r\nhi\n"

type fixed struct{ body []byte }

func (f fixed) OnOpen(*Conn) {}
func (f fixed) OnData(c *Conn, d *stream.Data) {
	if bytes.HasSuffix(d.Bytes(), []byte("\r\n\r\n")) {
		c.Write(stream.NewData(f.body))
	}
}
func (f fixed) OnEnd(c *Conn, code stream.ErrorCode) { c.End(code) }
func (f fixed) OnClose(*Conn)                        {}

// serveFixed answers every request alike: REACTOR_CHILD=http REACTOR_ADDR=127.0.0.1:8081 ./reactor.test
func serveFixed(addr string) {
	l, err := New(Options{})
	if err != nil {
		panic(err)
	}
	ln, err := l.ListenTCP(netip.MustParseAddrPort(addr), ListenOptions{NoDelay: true, Socket: SocketOptions{IdleTimeout: 60e9}},
		func(*Conn) Handler { return fixed{[]byte(fixedResponse)} })
	if err != nil {
		panic(err)
	}
	ln.Start()
	if err := l.Run(); err != nil {
		panic(err)
	}
}

type ender struct{ peer *Conn }

func (e *ender) OnOpen(*Conn)                         {}
func (e *ender) OnData(_ *Conn, d *stream.Data)       { e.peer.Write(d) }
func (e *ender) OnEnd(_ *Conn, code stream.ErrorCode) { e.peer.End(code) }
func (e *ender) OnClose(*Conn)                        { e.peer.End(stream.ConnectionReset) }

// serveRelay is a TCP proxy: REACTOR_CHILD=relay REACTOR_ADDR=... REACTOR_UPSTREAM=... ./reactor.test
func serveRelay(addr, upstream string) {
	l, err := New(Options{})
	if err != nil {
		panic(err)
	}
	to := netip.MustParseAddrPort(upstream)
	ln, err := l.ListenTCP(netip.MustParseAddrPort(addr), ListenOptions{NoDelay: true}, func(in *Conn) Handler {
		out := l.Dial(to, DialOptions{Socket: SocketOptions{NoDelay: true}}, &ender{in})
		in.Relay(out)
		out.Relay(in)
		return &ender{out}
	})
	if err != nil {
		panic(err)
	}
	ln.Start()
	if err := l.Run(); err != nil {
		panic(err)
	}
}

// childOutOfFiles is set where the system has a limit to run into.
var childOutOfFiles = func() error { return nil }
