//go:build linux

package reactor

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestConnectTimeout dials a listener whose backlog is full: the kernel drops further SYNs.
func TestConnectTimeout(t *testing.T) {
	t.Parallel()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.AddrPortFrom(loopback.Addr(), uint16(sa.(*unix.SockaddrInet4).Port))
	l := startLoop(t)
	ch := make(chan string, 20)
	const n = 4
	on(l, func() {
		for range n {
			l.Dial(addr, DialOptions{Timeout: 150 * time.Millisecond}, logTo(ch))
		}
	})
	opened, timedOut := 0, 0
	for opened+timedOut < n {
		select {
		case got := <-ch:
			switch got {
			case "open":
				opened++
			case "end ConnectionTimeout":
				timedOut++
			case "close":
			default:
				t.Fatal(got)
			}
		case <-time.After(patience):
			t.Fatal("neither connected nor timed out")
		}
	}
	if opened == 0 || timedOut == 0 {
		t.Errorf("%d connected, %d timed out", opened, timedOut)
	}
}

func TestSockopt(t *testing.T) {
	t.Parallel()
	l := startLoop(t)
	conns := make(chan *Conn, 1)
	a := listen(t, l, ListenOptions{KeepAlive: true}, func(c *Conn) Handler { conns <- c; return echo() })
	dialPeer(t, a)
	c := <-conns
	get := func(level, opt int) int {
		b := make([]byte, 4)
		if n, err := c.GetsockoptBytes(level, opt, b); n != 4 || err != nil {
			t.Error(n, err)
		}
		return int(binary.NativeEndian.Uint32(b))
	}
	on(l, func() {
		if get(unix.SOL_SOCKET, unix.SO_KEEPALIVE) == 0 || get(unix.IPPROTO_TCP, unix.TCP_NODELAY) != 0 {
			t.Error("accepted socket has other options than the listener")
		}
		c.SetOptions(SocketOptions{NoDelay: true})
		if get(unix.SOL_SOCKET, unix.SO_KEEPALIVE) != 0 || get(unix.IPPROTO_TCP, unix.TCP_NODELAY) == 0 {
			t.Error("SetOptions")
		}
		if err := c.SetsockoptBytes(unix.SOL_SOCKET, unix.SO_KEEPALIVE, []byte{1, 0, 0, 0}); err != nil {
			t.Error(err)
		}
		if _, err := c.GetsockoptBytes(unix.SOL_SOCKET, 12345, make([]byte, 4)); err != unix.ENOPROTOOPT {
			t.Error(err)
		}
		if _, ok := c.OriginalDst(); ok {
			t.Error("nothing was redirected")
		}
		c.Close()
		if _, err := c.GetsockoptBytes(unix.SOL_SOCKET, unix.SO_TYPE, make([]byte, 4)); err != unix.EBADF {
			t.Error(err)
		}
	})
}

func init() { childOutOfFiles = runOutOfFiles }

// TestOutOfFiles runs runOutOfFiles in a process of its own, whose limit it lowers.
func TestOutOfFiles(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "REACTOR_CHILD=emfile")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := strings.Count(string(out), "cannot accept connections on 127.0.0.1:"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, out)
	}
}

// runOutOfFiles fills the table of files, has a client connect, waits until the listener complained, frees a place,
// and expects to be served.
func runOutOfFiles() error {
	complained := make(chan struct{}, 10)
	l, err := New(Options{Logf: func(format string, args ...any) {
		fmt.Printf(format+"\n", args...)
		complained <- struct{}{}
	}})
	if err != nil {
		return err
	}
	ln, err := l.ListenTCP(loopback, ListenOptions{}, func(*Conn) Handler { return echo() })
	if err != nil {
		return err
	}
	ln.Start()
	go func() { _ = l.Run() }()
	client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 64, Max: 64}); err != nil {
		return err
	}
	var fill []int
	for {
		fd, err := unix.Dup(0)
		if err != nil {
			break
		}
		fill = append(fill, fd)
	}
	if err := unix.Connect(client, &unix.SockaddrInet4{Port: int(ln.Addr().Port()), Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	<-complained
	time.Sleep(250 * time.Millisecond) // long enough for a second complaint
	for _, fd := range fill {
		unix.Close(fd)
	}
	f := os.NewFile(uintptr(client), "client")
	nc, err := net.FileConn(f)
	if err != nil {
		return err
	}
	_ = nc.SetDeadline(time.Now().Add(patience))
	if _, err := nc.Write([]byte("hello")); err != nil {
		return err
	}
	b := make([]byte, 5)
	_, err = nc.Read(b)
	return err
}
