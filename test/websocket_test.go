//go:build linux

package test

import (
	"fmt"
	"strings"
	"testing"

	"weir/test/harness"
)

// pythonServer echoes messages.
const pythonServer = `
import asyncio, sys, websockets
async def echo(ws):
    async for message in ws:
        await ws.send(message)
async def main():
    async with websockets.serve(echo, "127.0.0.1", int(sys.argv[1]), max_size=None):
        await asyncio.get_running_loop().create_future()
asyncio.run(main())
`

// pythonClient talks to an echo server on a port and says ok.
const pythonClient = `
import asyncio, sys, websockets
async def main():
    for compression in (None, "deflate"):
        async with websockets.connect("ws://127.0.0.1:" + sys.argv[1] + "/", max_size=None, compression=compression) as ws:
            for n in (0, 1, 125, 126, 127, 16383, 16384, 16385, 65535, 65536, 1000000):
                for message in ("x" * n, b"\x00\xff" * (n // 2)):
                    await ws.send(message)
                    assert await ws.recv() == message, n
            await ws.send(["ab", "", "cd", "ef"])
            assert await ws.recv() == "abcdef"
            await (await ws.ping(b"payload"))
            await ws.send("last")
            assert await ws.recv() == "last"
            await ws.close(4001, "bye")
            assert ws.close_code == 4001, ws.close_code
    print("ok")
asyncio.run(asyncio.wait_for(main(), 25))
`

// A proxied upgrade: bytes pass as they are, compressed ones too.
func TestWebSocketThroughProxy(t *testing.T) {
	t.Parallel()
	server, port := harness.StartPython(t, pythonServer), harness.Port(t)
	harness.Start(t, harness.Config{Listen: []int{port}, Script: fmt.Sprintf(`
		pipy.listen(%d, $=>$.demuxHTTP().to($=>$.muxHTTP(() => 'server').to($=>$.connect('127.0.0.1:%d'))))`, port, server)})
	for range 2 {
		if got := harness.Python(t, pythonClient, fmt.Sprint(port)); got != "ok\n" {
			t.Errorf("got %s", got)
		}
	}
}

// weir as the server. Its answer to the handshake is not the right one for a random key, so the client has to overlook that.
func TestWebSocketServer(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	harness.Start(t, harness.Config{Script: echoServer, Args: []string{fmt.Sprint(port), "2m"}, Listen: []int{port}})
	const patch = "import websockets.legacy.client\nwebsockets.legacy.client.check_response = lambda headers, key: None\n"
	if got := harness.Python(t, patch+pythonClient, fmt.Sprint(port)); got != "ok\n" {
		t.Errorf("got %s", got)
	}
}

// weir as the client.
func TestWebSocketClient(t *testing.T) {
	t.Parallel()
	server, port := harness.StartPython(t, pythonServer), harness.Port(t)
	harness.Start(t, harness.Config{Listen: []int{port}, Script: fmt.Sprintf(`
		var handshake = new Message({
			path: '/',
			headers: { host: 'server', upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-version': 13, 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
		})
		pipy.listen(%d, $=>$
			.replaceData(d => d.size ? new Message({ opcode: 2, masked: true }, d) : undefined)
			.encodeWebSocket()
			.connectHTTPTunnel(handshake).to($=>$.muxHTTP(() => 'server').to($=>$.connect('127.0.0.1:%d')))
			.decodeWebSocket({ masked: false })
		)`, port, server)})
	for range 2 {
		c := harness.Dial(t, port)
		for _, n := range []int{1, 125, 126, 5000, 16384, 70000, 1000000} {
			text := strings.Repeat("x", n)
			c.Send(text)
			if got := c.ReadN(n); got != text {
				t.Errorf("%d bytes came back changed", n)
			}
		}
		c.Close()
	}
}

// echoServer answers the handshake of RFC 6455 §1.3 only, then echoes, and says why it ends the connection.
const echoServer = `
	var accept = new Message({ status: 101, headers: { upgrade: 'websocket', 'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' } })
	var TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10
	pipy.listen(+pipy.argv[1], $=>$.demuxHTTP().to($=>$.acceptHTTPTunnel(req => req.head.headers.upgrade ? accept : new Message({ status: 426 })).to($=>$
		.decodeWebSocket({ masked: true, maxMessageSize: pipy.argv[2] })
		.replaceMessage(({ head, body }) => {
			switch (head.opcode) {
			case TEXT: case BINARY: return new Message({ opcode: head.opcode }, body)
			case PING: return new Message({ opcode: PONG }, body)
			case CLOSE: return [new Message({ opcode: CLOSE }, body), new StreamEnd]
			}
		})
		.replaceStreamEnd(e => e.error === 'ProtocolError' ? [new Message({ opcode: CLOSE }, new Data([1002 >> 8, 1002 & 255])), new StreamEnd] : e)
		.encodeWebSocket()
	)))`

// frame makes a masked frame with a key of zeros and the shortest length.
func frame(first byte, payload string) string {
	n := len(payload)
	switch {
	case n < 126:
		return string([]byte{first, 0x80 | byte(n), 0, 0, 0, 0}) + payload
	case n < 1<<16:
		return string([]byte{first, 0x80 | 126, byte(n >> 8), byte(n), 0, 0, 0, 0}) + payload
	}
	return string([]byte{first, 0x80 | 127, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 0, 0, 0, 0}) + payload
}

// reply makes what a server sends: frames without masks, long messages in pieces of 16 KiB.
func reply(opcode byte, payload string) string {
	first, s := opcode, ""
	for ; len(payload) >= 16384; payload, first = payload[16384:], 0 {
		s += string([]byte{first, 126, 0x40, 0}) + payload[:16384]
	}
	if n := len(payload); n < 126 {
		return s + string([]byte{0x80 | first, byte(n)}) + payload
	}
	return s + string([]byte{0x80 | first, 126, byte(len(payload) >> 8), byte(len(payload))}) + payload
}

const upgrade = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// What a conformance suite tries: lengths, fragmentation, pings anywhere, frames that must not be, close codes. Each case
// ends with the connection.
func TestWebSocketConformance(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	harness.Start(t, harness.Config{Script: echoServer, Args: []string{fmt.Sprint(port), "100000"}, Listen: []int{port}})
	const text, binary, cont, fin = 0x1, 0x2, 0x0, 0x80
	const closing, ping, pong = 0x88, 0x89, 0x8A
	bye, violated := frame(closing, "\x03\xe8"), reply(8, "\x03\xea")
	end := reply(8, "\x03\xe8")
	cases := map[string]struct{ in, want string }{
		"ping":                       {frame(ping, "abc") + bye, reply(10, "abc") + end},
		"empty ping":                 {frame(ping, "") + bye, reply(10, "") + end},
		"pong":                       {frame(pong, "unasked") + bye, end},
		"ten pings":                  {strings.Repeat(frame(ping, "x"), 10) + bye, strings.Repeat(reply(10, "x"), 10) + end},
		"ping of 125":                {frame(ping, strings.Repeat("x", 125)) + bye, reply(10, strings.Repeat("x", 125)) + end},
		"ping of 126":                {frame(ping, strings.Repeat("x", 126)), violated},
		"fragmented ping":            {frame(0x09, "x") + frame(fin|cont, "y"), violated},
		"two fragments":              {frame(text, "ab") + frame(fin|cont, "cd") + bye, reply(1, "abcd") + end},
		"ping between":               {frame(text, "ab") + frame(ping, "p") + frame(fin|cont, "cd") + bye, reply(10, "p") + reply(1, "abcd") + end},
		"pings between many":         {frame(binary, "a") + frame(ping, "1") + frame(cont, "b") + frame(ping, "2") + frame(cont, "") + frame(pong, "") + frame(fin|cont, "c") + bye, reply(10, "1") + reply(10, "2") + reply(2, "abc") + end},
		"empty fragments":            {frame(text, "") + frame(cont, "") + frame(fin|cont, "") + bye, reply(1, "") + end},
		"continuation of nothing":    {frame(fin|cont, "x"), violated},
		"continuation after a whole": {frame(fin|text, "x") + frame(fin|cont, "y"), reply(1, "x") + violated},
		"text within text":           {frame(text, "x") + frame(fin|text, "y"), violated},
		"no mask":                    {"\x81\x01x", violated},
		"too large":                  {frame(fin|text, strings.Repeat("x", 100001))[:20], violated},
		"too large in fragments":     {frame(text, strings.Repeat("x", 60000)) + frame(cont, strings.Repeat("x", 60000)), violated},
		"length not minimal":         {"\x81\xfe\x00\x01\x00\x00\x00\x00x", violated},
		"negative length":            {"\x81\xff\x80\x00\x00\x00\x00\x00\x00\x01", violated},
		"close":                      {bye, end},
		"close without code":         {frame(closing, ""), reply(8, "")},
		"close with reason":          {frame(closing, "\x0f\xa0why"), reply(8, "\x0f\xa0why")},
		"close, longest":             {frame(closing, "\x03\xe8"+strings.Repeat("x", 123)), reply(8, "\x03\xe8"+strings.Repeat("x", 123))},
		"close of 126":               {frame(closing, "\x03\xe8"+strings.Repeat("x", 124)), violated},
		"half a code":                {frame(closing, "x"), violated},
		"reason not UTF-8":           {frame(closing, "\x03\xe8\xc3\x28"), violated},
		"after close":                {bye + frame(fin|text, "late"), end},
		"close between fragments":    {frame(text, "x") + bye, end},
	}
	for _, n := range []int{0, 1, 125, 126, 127, 128, 16383, 16384, 65535, 65536, 100000} {
		x := strings.Repeat("x", n)
		cases[fmt.Sprintf("text of %d", n)] = struct{ in, want string }{frame(fin|text, x) + bye, reply(1, x) + end}
		cases[fmt.Sprintf("binary of %d", n)] = struct{ in, want string }{frame(fin|binary, x) + bye, reply(2, x) + end}
	}
	for _, opcode := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		cases[fmt.Sprintf("opcode %d", opcode)] = struct{ in, want string }{frame(fin|opcode, "x"), violated}
	}
	for _, bits := range []byte{0x40, 0x20, 0x10, 0x70} {
		cases[fmt.Sprintf("reserved bits %x", bits)] = struct{ in, want string }{frame(fin|text, "a") + frame(fin|bits|text, "x"), reply(1, "a") + violated}
		cases[fmt.Sprintf("reserved bits %x in a ping", bits)] = struct{ in, want string }{frame(ping|bits, "x"), violated}
	}
	for code, ok := range map[int]bool{999: false, 1000: true, 1001: true, 1003: true, 1004: false, 1005: false, 1006: false, 1007: true,
		1011: true, 1014: true, 1015: false, 1016: false, 2999: false, 3000: true, 4999: true, 5000: false, 65535: false} {
		payload := string([]byte{byte(code >> 8), byte(code)})
		c := struct{ in, want string }{frame(closing, payload), reply(8, payload)}
		if !ok {
			c.want = violated
		}
		cases[fmt.Sprintf("close code %d", code)] = c
	}
	const head = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nconnection: upgrade\r\n\r\n"
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := func(how string, send func(c *harness.Conn)) {
				conn := harness.Dial(t, port)
				send(conn)
				got := conn.ReadAll()
				if body, ok := strings.CutPrefix(got, head); !ok || body != c.want {
					t.Errorf("%s: got %.300q\nwant %.300q", how, strings.TrimPrefix(got, head), c.want)
				}
				conn.Close()
			}
			check("with the handshake", func(conn *harness.Conn) { conn.Send(upgrade + c.in) })
			check("in two pieces", func(conn *harness.Conn) {
				conn.Send(upgrade)
				conn.Send(c.in[:len(c.in)/2])
				conn.Send(c.in[len(c.in)/2:])
			})
		})
	}
}
