//go:build linux

package test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"weir/test/harness"
)

func TestListenErrors(t *testing.T) {
	t.Parallel()
	got := output(t, map[string]string{"main.js": `
		var all = [
			[], [8000], ['x', $=>$], ['1.2.3.4', $=>$], [':80', $=>$], ['host:80', $=>$], ['1.2.3.4:x', $=>$], ['1.2.3.4:0', $=>$],
			['70000', $=>$], ['80.5', $=>$], [0, $=>$], [65536, $=>$], [-1, $=>$], [80.5, $=>$], [true, $=>$], [null, $=>$],
			[8000, 'sctp', $=>$], [8000, 1], [8000, 'tcp', 1], [8000, {}, 1], [8000, 'tcp', {}, undefined],
			[8000, { idleTimeout: 'x' }, $=>$], [8000, { noDelay: 1 }, $=>$], [8000, { congestionLimit: {} }, $=>$],
			[8000, $=>$.demux()], [8000, $=>$.to($=>$)], [8000, () => { throw new Error('inside') }],
		]
		all.forEach((args, i) => { try { pipy.listen(...args); println(i, 'no error') } catch (e) { println(e.message) } })
		pipy.listen(65535, null)
		pipy.listen(65535, 'udp', null)
	`})
	want := `requires 2 or more arguments
requires 2 or more arguments
invalid port number
invalid port number
invalid 'address:port' form
invalid IP address
invalid port number
invalid port number
invalid port number
invalid port number
port out of range
port out of range
port out of range
port out of range
argument #1 expects a number or a string
argument #1 expects a number or a string
unknown protocol
argument #2 expects a function or a pipeline template
argument #3 expects a function or a pipeline template
argument #3 expects a function or a pipeline template
argument #4 expects a function or a pipeline template
options.idleTimeout expects a number
options.noDelay expects a boolean
options.congestionLimit expects a positive number
missing .to(...) for the last filter
calling to() without a joint-filter
inside
`
	compareLines(t, got, want)
}

// compareLines reports the lines that differ.
func compareLines(t *testing.T, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			t.Errorf("line %d: got %q, want %q", i+1, a, b)
		}
	}
}

// A port listened on anew serves new connections with the new pipeline, old ones with the old.
func TestListenAgain(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	w := harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			var port = %d, other = %d
			var serve = v => pipy.listen(port, $=>$.replaceData(d => {
				if (d.toString() === 'next') serve(v + 1)
				if (d.toString() === 'open') pipy.listen('127.0.0.1:' + other, 'tcp', { idleTimeout: 0 }, pipeline($=>$.insert(new Data('hi')).dummy()))
				if (d.toString() === 'close') pipy.listen('127.0.0.1:' + other, null)
				if (d.toString() === 'taken') pipy.listen('192.0.2.1:80', $=>$)
				return new Data('v' + v)
			}))
			serve(1)`, ports[0], ports[1]),
		Listen: ports[:1],
	})
	a := harness.Dial(t, ports[0])
	ask(t, a, "next", "v1")
	b := harness.Dial(t, ports[0])
	ask(t, b, "x", "v2")
	ask(t, a, "x", "v1")
	ask(t, a, "open", "v1")
	if !listening(ports[1]) {
		t.Error("the port is not open")
	}
	ask(t, b, "close", "v2")
	awaitRefused(t, ports[1])
	ask(t, b, "taken", "v2")
	w.WaitLog("Cannot start listening on TCP port 80 at 192.0.2.1")
}

func TestInboundObject(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			var $ib, last, ids = new Set
			var show = ib => [ib.remoteAddress, ib.remotePort, ib.localAddress, ib.localPort, JSON.stringify(ib.destinationAddress), ib.destinationPort].join(' ')
			pipy.listen(%d, $=>$
				.onStart(ib => { $ib = last = ib; ids.add(ib.id.toString()) })
				.replaceData(d => {
					switch (d.toString()) {
					case 'show': return new Data(show($ib))
					case 'ids': return new Data(ids.size + ' ' + ($ib.id instanceof Int) + ' ' + $ib.id.type)
					case 'count': { var n = 0; pipy.inbound.forEach(ib => { n += ib.remotePort > 0 }); return new Data(pipy.inbound.count + ' ' + n) }
					case 'raw': { var d = new Data; var e = $ib.socket.getRawOption(%d, %d, d); return new Data(e + ' ' + d.toArray()[0]) }
					case 'bad': return new Data(String($ib.socket.getRawOption(9999, 1, new Data)))
					case 'write': $ib.localPort = 1; return new Data(String($ib.localPort))
					}
				})
				.onEnd(() => console.log('gone', $ib.remoteAddress, $ib.id, last.socket, pipy.inbound.count))
			)`, port, unix.SOL_SOCKET, unix.SO_KEEPALIVE),
		Listen: []int{port},
	})
	c := harness.Dial(t, port)
	ask(t, c, "show", fmt.Sprintf(`127.0.0.1 %d 127.0.0.1 %d "" 0`, c.LocalAddr().(*net.TCPAddr).Port, port))
	d := harness.Dial(t, port)
	ask(t, d, "ids", "2 true u64")
	ask(t, d, "count", "2 2")
	ask(t, c, "raw", "0 1")
	ask(t, c, "bad", fmt.Sprint(int(unix.EOPNOTSUPP)))
	ask(t, c, "write", fmt.Sprint(port))
	d.Close()
	w.WaitLog("gone undefined undefined undefined 1")
}

func TestHalfCloseAndReset(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`pipy.listen(%d, $=>$
			.replaceStreamEnd(e => [new Data('end ' + e.error), (console.log('end', e.error), new StreamEnd)])
			.replaceData(d => d.toString() === 'fail' ? [new Data('sorry'), new StreamEnd('Unauthorized'), new Data('more')] :
				d.toString() === 'bye' ? [new StreamEnd, new Data('same turn')] : d)
			.onEnd(() => console.log('closed')))`, port),
		Listen: []int{port},
	})
	if got := harness.Exchange(t, port, "hello "); got != "hello end undefined" {
		t.Errorf("half-close: %q", got)
	}
	w.WaitLog("closed")

	c := harness.Dial(t, port)
	c.Send("fail")
	if got := c.ReadAll(); !strings.HasPrefix(got, "sorry") {
		t.Errorf("error end: %q", got)
	}

	// After our end the peer may go on, and is still heard.
	c = harness.Dial(t, port)
	c.Send("bye")
	c.ReadAll()
	before := strings.Count(w.Stderr.String(), "closed")
	c.Send("x")
	c.Close()
	harness.Eventually(t, "the end", func() bool { return strings.Count(w.Stderr.String(), "closed") > before })

	c = harness.Dial(t, port)
	ask(t, c, "x", "x")
	c.Reset()
	w.WaitLog("end ConnectionReset")
}

func TestMaxConnections(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 3)
	harness.Start(t, harness.Config{
		Flags: []string{"--threads=2"},
		Script: fmt.Sprintf(`
			if (pipy.thread.id === 0) pipy.listen(%d, { maxConnections: 2 }, $=>$.insert(new Data('hi')))
			pipy.listen(%d, { maxPortConnections: 1 }, $=>$.insert(new Data('hi')))
			if (pipy.thread.id === 0) pipy.listen(%d, { maxConnections: 0 }, $=>$.insert(new Data('hi')))
		`, ports[0], ports[1], ports[2]),
		Listen: ports[:1],
	})
	var conns []*harness.Conn
	for range 4 {
		c := harness.Dial(t, ports[0])
		c.Send("x")
		conns = append(conns, c)
	}
	for _, c := range conns[:2] {
		c.ReadN(3)
	}
	waiting := func(c *harness.Conn) bool {
		c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		_, err := c.TCPConn.Read(make([]byte, 1))
		c.SetReadDeadline(time.Now().Add(harness.Patience))
		return err != nil && err.(net.Error).Timeout()
	}
	if !waiting(conns[2]) || !waiting(conns[3]) {
		t.Error("more connections than allowed are served")
	}
	conns[0].Close()
	conns[1].Close()
	conns[2].ReadN(3)
	conns[3].ReadN(3)

	// Whichever thread got the connection, the other one lets nobody in until it is gone.
	first := harness.Dial(t, ports[1])
	first.Send("x")
	first.ReadN(3)
	for range 4 { // the other thread learns of it within a moment
		harness.Eventually(t, "a further connection to wait", func() bool {
			c := harness.Dial(t, ports[1])
			c.Send("x")
			if waiting(c) {
				return true
			}
			c.Close()
			return false
		})
	}
	first.Close()
	zero := harness.Dial(t, ports[2])
	zero.Send("x")
	if !waiting(zero) {
		t.Error("maxConnections: 0 lets one in")
	}
}

func TestSocketTimeouts(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 3)
	w := harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			var end = $=>$.handleStreamEnd(e => { console.log('end', e.error) })
			pipy.listen(%d, { idleTimeout: 1 }, end)
			pipy.listen(%d, { readTimeout: '1s' }, end)
			pipy.listen(%d, { writeTimeout: '1' }, end)`, ports[0], ports[1], ports[2]),
		Listen: ports,
	})
	conns := []*harness.Conn{harness.Dial(t, ports[0]), harness.Dial(t, ports[1]), harness.Dial(t, ports[2])}
	for i, code := range []string{"IdleTimeout", "ReadTimeout", "WriteTimeout"} {
		w.WaitLog("end " + code)
		conns[i].ReadAll()
	}
}

func TestUDP(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			var $n = 0
			pipy.listen(%d, 'udp', $=>$.replaceData(d => [new Data(++$n + ':'), d]))
			pipy.listen('127.0.0.1:%d', 'udp', { idleTimeout: 10 }, $=>$.connect('127.0.0.1:%d', { protocol: 'udp' }))
		`, ports[0], ports[1], ports[0]),
		Listen: ports,
	})
	for _, port := range ports {
		for range 2 { // each peer has a session of its own
			c, err := net.Dial("udp", harness.Addr(port))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(harness.Patience))
			for i := 1; i <= 3; i++ {
				fmt.Fprintf(c, "msg%d", i)
				buf := make([]byte, 100)
				for _, want := range []string{fmt.Sprintf("%d:", i), fmt.Sprintf("msg%d", i)} {
					n, err := c.Read(buf)
					if err != nil || string(buf[:n]) != want {
						t.Fatalf("port %d: datagram %q, %v; want %q", port, buf[:n], err, want)
					}
				}
			}
		}
	}
}

func TestUnixSockets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "weir.sock")
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			pipy.listen('unix:%s', $=>$.replaceData(d => new Data('unix ' + d.toString())))
			pipy.listen(%d, $=>$.connect('unix:%s'))
		`, path, port, path),
		Listen: []int{port},
	})
	w.WaitLog("Listening on Unix socket " + path)
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "a")
	buf := make([]byte, 6)
	if _, err := io.ReadFull(c, buf); err != nil || string(buf) != "unix a" {
		t.Errorf("answer %q, %v", buf, err)
	}
	if got := harness.Exchange(t, port, "b"); got != "unix b" {
		t.Errorf("by connect: %q", got)
	}
	c.Close()
	w.Stop()
	if _, err := net.Dial("unix", path); err == nil {
		t.Error("the socket is still there")
	}
}

// fullBacklog returns a port where connection attempts get no answer.
func fullBacklog(t *testing.T) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
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
	port := sa.(*unix.SockaddrInet4).Port
	for range 8 {
		c, err := net.DialTimeout("tcp", harness.Addr(port), 50*time.Millisecond)
		if err != nil {
			return port
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Skip("the backlog does not fill up")
	return 0
}

func TestConnectOptions(t *testing.T) {
	t.Parallel()
	port, gone := harness.Port(t), harness.Port(t)
	full := fullBacklog(t)
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer upstream.Close()
	go func() {
		for {
			c, err := upstream.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				line, _ := bufio.NewReader(c).ReadString('\n')
				fmt.Fprintf(c, "%s %s", c.RemoteAddr().(*net.TCPAddr).IP, line)
			}()
		}
	}()
	up := upstream.Addr().(*net.TCPAddr).Port
	// The input of a connection is the options to connect with; the answer is what came of it.
	harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			var $states, $target, $options
			var state = ob => { $states.push(ob.state) }
			var ports = { up: %d, gone: %d, full: %d }
			pipy.listen(%d, $=>$
				.onStart(() => void ($states = []))
				.replaceData(d => {
					var v = pipy.fork(() => new Function('ports', 'push', 'return ' + d.toString()))(ports, (...v) => { $states.push(...v) })
					$target = v.target; $options = { onState: state, ...v.options }
					return new Data('text\n')
				})
				.connect(() => $target, () => $options)
				.replaceStreamEnd(e => [new Data('|' + (e.error?.message ?? e.error) + '|' + $states.join(' ')), new StreamEnd])
			)`, up, gone, full, port),
		Listen: []int{port},
	})
	for _, c := range []struct{ name, options, want string }{
		{"address", "{target: '127.0.0.1:' + ports.up}", "127.0.0.1 text\n|undefined|open connecting connected"},
		{"localhost", "{target: 'localhost:' + ports.up}", "127.0.0.1 text\n|undefined|open connecting connected"},
		{"endpoint", "{target: new IPEndpoint('127.0.0.1', ports.up)}", "127.0.0.1 text\n|undefined|open connecting connected"},
		{"bind", "{target: '127.0.0.1:' + ports.up, options: {bind: '127.0.0.9'}}", "127.0.0.9 text\n|undefined|open connecting connected"},
		{"bind with a function", "{target: '127.0.0.1:' + ports.up, options: {bind: () => '127.0.0.8:0'}}", "127.0.0.8 text\n|undefined|open connecting connected"},
		{"no bind", "{target: '127.0.0.1:' + ports.up, options: {bind: () => undefined}}", "127.0.0.1 text\n|undefined|open connecting connected"},
		{"bad bind", "{target: '127.0.0.1:' + ports.up, options: {bind: 'x'}}", "invalid bind address|closed"},
		{"bind that fails", "{target: '127.0.0.1:' + ports.up, options: {bind: '192.0.2.1'}}", "cannot assign requested address|open connecting closed"},
		{"refused", "{target: '127.0.0.1:' + ports.gone}", "|ConnectionRefused|open connecting closed"},
		{"retry", "{target: '127.0.0.1:' + ports.gone, options: {retryCount: 2, retryDelay: 0.01}}",
			"|ConnectionRefused|open connecting idle open connecting idle open connecting closed"},
		{"time-out", "{target: '127.0.0.1:' + ports.full, options: {connectTimeout: 0.05, retryCount: 1}}",
			"|ConnectionTimeout|open connecting idle open connecting closed"},
		{"name", "{target: 'no-such-host.invalid:80'}", "|CannotResolve|resolving closed"},
		{"no port", "{target: 'localhost'}", "invalid address format: localhost|"},
		{"no target", "{target: 1}", "invalid target|"},
		{"throwing onState", "{target: '127.0.0.1:' + ports.up, options: {onState: ob => { if (ob.state === 'open') throw new Error('no') }}}", "|no|"},
		{"close", "{target: '127.0.0.1:' + ports.up, options: {onState: ob => { if (ob.state === 'connected') ob.close() }}}", "|ConnectionAborted|"},
		{"close at once", "{target: '127.0.0.1:' + ports.up, options: {onState: ob => { if (ob.state === 'open') ob.close() }}}", "|ConnectionAborted|"},
		{"addresses", "{target: '127.0.0.1:' + ports.up, options: {onState: ob => { if (ob.state === 'connected') push(ob.remoteAddress, ob.remotePort == ports.up, ob.localAddress, ob.localPort > 0, pipy.outbound.count > 0) }}}",
			"127.0.0.1 text\n|undefined|127.0.0.1 true 127.0.0.1 true true"},
		{"raw option", fmt.Sprintf("{target: '127.0.0.1:' + ports.up, options: {onState: ob => { if (ob.state === 'open') push(ob.socket.setRawOption(%d, %d, new Data([1, 0, 0, 0]))) }}}", unix.SOL_SOCKET, unix.SO_REUSEADDR),
			"127.0.0.1 text\n|undefined|0"},
		{"bind in onState", "{target: '127.0.0.1:' + ports.up, options: {onState: ob => { if (ob.state === 'open') ob.socket.bind('127.0.0.7', 0) }}}", "127.0.0.7 text\n|undefined|"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := harness.Dial(t, port)
			conn.Send(c.options)
			if got := conn.ReadAll(); !strings.HasSuffix(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// What comes before the connection is up waits for it; a flood of it does not fill the memory.
func TestConnectHoldsInput(t *testing.T) {
	t.Parallel()
	port, up := harness.Port(t), harness.Port(t)
	w := harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`pipy.listen(%d, $=>$.connect('127.0.0.1:%d', { retryCount: -1, retryDelay: 0.01, idleTimeout: 0 }))`, port, up),
		Listen: []int{port},
	})
	c := harness.Dial(t, port)
	before := harness.RSS(t, w.PID)
	const size = 64 << 20
	sent := make(chan error, 1)
	go func() {
		buf := make([]byte, 1<<20)
		for n := 0; n < size; n += len(buf) {
			if _, err := c.TCPConn.Write(buf); err != nil {
				sent <- err
				return
			}
		}
		sent <- c.CloseWrite()
	}()
	select {
	case err := <-sent:
		t.Fatalf("everything was taken in (%v)", err)
	case <-time.After(300 * time.Millisecond):
	}
	if grown := harness.RSS(t, w.PID) - before; grown > 16<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
	ln, err := net.Listen("tcp", harness.Addr(up))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ln.(*net.TCPListener).SetDeadline(time.Now().Add(harness.Patience))
	peer, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	peer.SetDeadline(time.Now().Add(harness.Patience))
	if n, err := io.Copy(io.Discard, peer); n != size || err != nil {
		t.Errorf("%d of %d bytes came through, %v", n, size, err)
	}
	fmt.Fprint(peer, "thanks")
	peer.Close()
	if got := c.ReadAll(); got != "thanks" {
		t.Errorf("answer %q", got)
	}
}

// A proxy passes on each side's end by itself.
func TestProxyHalfClose(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 2)
	harness.Start(t, harness.Config{
		Script: fmt.Sprintf(`
			var $all = ''
			pipy.listen(%d, $=>$.replaceData(d => { $all += d.toString() }).replaceStreamEnd(() => [new Data('got ' + $all), new StreamEnd]))
			pipy.listen(%d, $=>$.connect('127.0.0.1:%d'))
		`, ports[0], ports[1], ports[0]),
		Listen: ports,
	})
	for range 20 {
		if got := harness.Exchange(t, ports[1], "request"); got != "got request" {
			t.Fatalf("answer %q", got)
		}
	}
	c := harness.Dial(t, ports[1])
	c.Send("one ")
	c.Send("two")
	c.CloseWrite()
	if got := c.ReadAll(); got != "got one two" {
		t.Errorf("answer %q", got)
	}
}
