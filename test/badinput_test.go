//go:build linux

package test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"weir/internal/proto/http1/http1test"
	"weir/test/harness"
)

const twoServersScript = `
	pipy.listen('127.0.0.1:%[1]d', $=>$.serveHTTP(() => new Message('fine')))
	pipy.listen('127.0.0.1:%[2]d', $=>$
		.demuxHTTP().to($=>$.muxHTTP(() => 1).to($=>$.connect('127.0.0.1:%[1]d')))
	)`

// Every malformed request is answered with its status and the connection is closed, by a server and by a proxy; nothing
// of it reaches the next request's place.
func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	w := harness.Start(t, harness.Config{Script: fmt.Sprintf(twoServersScript, ports[0], ports[1]), Listen: ports})
	cases := http1test.Malformed()
	if len(cases) < 60 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, port := range ports {
		for _, c := range cases {
			t.Run(fmt.Sprintf("%d/%s", port, c.Name), func(t *testing.T) {
				t.Parallel()
				conn := harness.Dial(t, port)
				conn.Send(c.Input)
				answer := conn.ReadAll()
				if c.Body && answer == "" {
					return // the request was being answered when its body went wrong: closing is all that is left
				}
				if want := fmt.Sprintf("HTTP/1.1 %d ", c.Status); !strings.HasPrefix(answer, want) {
					t.Errorf("got %q, want %s", answer, want)
				}
				if strings.Count(answer, "HTTP/1.1 ") != 1 {
					t.Errorf("more than one answer: %q", answer)
				}
				if !strings.Contains(strings.ToLower(answer), "connection: close") {
					t.Errorf("no connection: close in %q", answer)
				}
			})
		}
	}
	t.Cleanup(func() {
		if !w.Running() {
			t.Error("weir is gone")
		}
	})
}

// A client that goes away at any byte of a request, orderly or with a reset, leaves nothing behind.
func TestResetAtEveryByte(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	w := harness.Start(t, harness.Config{
		Script: fmt.Sprintf(twoServersScript, ports[0], ports[1]),
		Listen: ports,
	})
	request := "POST /path HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
	for _, port := range ports {
		for n := range len(request) + 1 {
			for _, reset := range []bool{false, true} {
				c, err := net.Dial("tcp", harness.Addr(port))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.Write([]byte(request[:n])); err != nil {
					t.Fatal(err)
				}
				if reset {
					c.(*net.TCPConn).SetLinger(0)
				}
				c.Close()
			}
		}
	}
	files := harness.OpenFiles(t, w.PID)
	harness.Eventually(t, "all connections to be closed", func() bool {
		files = harness.OpenFiles(t, w.PID)
		return files < 20
	})
	for _, port := range ports {
		if _, body := harness.Get(t, port, "/"); body == "" {
			t.Errorf("port %d does not serve any more", port)
		}
	}
}

// A server that stops or resets at any byte of its response ends the client's connection or answers 502; it never hangs.
func TestBrokenResponses(t *testing.T) {
	t.Parallel()
	response := "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Y: z\r\n\r\nhello"
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				buf := make([]byte, 1024)
				k, _ := c.Read(buf)
				var n, reset int
				fmt.Sscanf(string(buf[:k]), "GET /%d/%d ", &n, &reset)
				c.Write([]byte(response[:n]))
				if reset == 1 {
					c.(*net.TCPConn).SetLinger(0)
				}
			}()
		}
	}()
	port := harness.Port(t)
	harness.Start(t, harness.Config{Listen: []int{port}, Script: fmt.Sprintf(`
		pipy.listen('127.0.0.1:%d', $=>$
			.demuxHTTP().to($=>$.muxHTTP(() => new Object).to($=>$.connect('%s')))
		)`, port, server.Addr())})
	for n := range len(response) + 1 {
		for reset := range 2 {
			t.Run(fmt.Sprintf("%d/%d", n, reset), func(t *testing.T) {
				t.Parallel()
				c := harness.Dial(t, port)
				c.SetDeadline(time.Now().Add(10 * time.Second))
				c.Send(fmt.Sprintf("GET /%d/%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", n, reset))
				answer := c.ReadAll()
				whole := strings.Index(response, "\r\n\r\n") + 4
				switch {
				case n < whole && !strings.HasPrefix(answer, "HTTP/1.1 502 "):
					t.Errorf("cut in the head after %d bytes: %q", n, answer)
				case n == len(response) && reset == 0 && !strings.HasSuffix(answer, "\r\n\r\nhello"):
					t.Errorf("whole response: %q", answer)
				case n > whole && n < len(response) && strings.HasSuffix(answer, "hello"):
					t.Errorf("a body out of nowhere: %q", answer)
				}
			})
		}
	}
}

// A script that throws in any kind of callback ends that connection with a report; the next one is served.
func TestThrowingCallbacks(t *testing.T) {
	t.Parallel()
	for name, filters := range map[string]string{
		"onStart":             ".onStart(() => { bad() }).serveHTTP(() => new Message('x'))",
		"onEnd":               ".onEnd(() => { bad() }).serveHTTP(() => new Message('x'))",
		"serveHTTP":           ".serveHTTP(() => bad())",
		"serveHTTP, promise":  ".serveHTTP(async () => { await null; bad() })",
		"serveHTTP, type":     ".serveHTTP(() => 5)",
		"handleMessageStart":  ".demuxHTTP().to($=>$.handleMessageStart(() => bad()).replaceMessage(new Message('x')))",
		"replaceMessage":      ".demuxHTTP().to($=>$.replaceMessage(() => bad()))",
		"async":               ".demuxHTTP().to($=>$.replaceMessage(async () => bad()))",
		"muxHTTP key":         ".demuxHTTP().to($=>$.muxHTTP(() => bad()).to($=>$.connect('127.0.0.1:1')))",
		"connect target":      ".demuxHTTP().to($=>$.muxHTTP(() => 1).to($=>$.connect(() => bad())))",
		"pipe":                ".demuxHTTP().to($=>$.pipe(() => bad()))",
		"handleData":          ".handleData(() => bad()).serveHTTP(() => new Message('x'))",
		"onStart of a stream": ".demuxHTTP().to($=>$.onStart(() => { bad() }).replaceMessage(new Message('x')))",
		"getter":              ".serveHTTP(() => new Message({ get status() { bad() } }, 'x'))",
		"header value":        ".serveHTTP(() => new Message({ headers: { x: { toString() { bad() } } } }, 'x'))",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ports := harness.Ports(t, 2)
			w := harness.Start(t, harness.Config{Listen: ports, Script: fmt.Sprintf(`
				var bad = () => { throw new Error('oh dear') }
				pipy.listen('127.0.0.1:%d', $=>$%s)
				pipy.listen('127.0.0.1:%d', $=>$.serveHTTP(() => new Message('alive')))`, ports[0], filters, ports[1])})
			for range 3 {
				c := harness.Dial(t, ports[0])
				c.SetDeadline(time.Now().Add(10 * time.Second))
				c.Send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
				c.ReadAll() // to the end: the connection must not hang
				c.Close()
			}
			if _, body := harness.Get(t, ports[1], "/"); body != "alive" {
				t.Errorf("got %q", body)
			}
			want := "oh dear"
			if name == "serveHTTP, type" {
				want = "Message"
			}
			w.WaitLog(want)
		})
	}
}
