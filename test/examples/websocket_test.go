//go:build linux

package examples

import (
	"strconv"
	"testing"

	"weir/test/harness"
)

func startWebSocket(t *testing.T, name string) (port string) {
	t.Helper()
	s := newSandbox(t, name)
	s.start("bin/weir examples/" + name + "/main.js").WaitLog("Listening")
	return strconv.Itoa(s.ports["8000"])
}

// A client of others finds nothing wrong with the handshake, the frames and the end.
func TestWebSocketEcho(t *testing.T) {
	t.Parallel()
	const client = `
import asyncio, sys, websockets
async def main():
    url = "ws://127.0.0.1:" + sys.argv[1] + "/"
    async with websockets.connect(url) as ws:
        for message in ("", "héllo", b"\x00\xff", "x" * 126, "x" * 70000, b"y" * 1000000):
            await ws.send(message)
            assert await ws.recv() == message
        await (await ws.ping())
        await ws.close(4000, "done")
        assert (ws.close_code, ws.close_reason) == (4000, "done"), ws.close_code
    async with websockets.connect(url) as ws:
        await ws.send(b"y" * 2000000)
        await ws.wait_closed()
        assert ws.close_code == 1002, ws.close_code
    print("ok")
asyncio.run(asyncio.wait_for(main(), 25))`
	if got := harness.Python(t, client, startWebSocket(t, "websocket-echo")); got != "ok\n" {
		t.Errorf("got %s", got)
	}
}

// Members hear what is said in their room and nothing else, however the others go.
func TestWebSocketChat(t *testing.T) {
	t.Parallel()
	const client = `
import asyncio, sys, websockets
url = "ws://127.0.0.1:" + sys.argv[1]
def enter(room, name): return websockets.connect(url + "/" + room + "?" + name)
async def hears(ws, text):
    got = await ws.recv()
    assert got == text, (got, text)
async def main():
    async with enter("tea", "ann") as ann, enter("coffee", "cid") as cid:
        async with enter("tea", "bob%20b") as bob:
            await hears(ann, "bob b has joined")
            await bob.send("hi")
            await hears(ann, "bob b: hi")
            await hears(bob, "bob b: hi")
            await (await bob.ping())
            await ann.send("x" * 40000)
            await hears(bob, "ann: " + "x" * 40000)
            await hears(ann, "ann: " + "x" * 40000)
        await hears(ann, "bob b has left")
        dan = await enter("tea", "dan")
        await hears(ann, "dan has joined")
        dan.transport.abort()
        await hears(ann, "dan has left")
        await cid.send("alone")
        await hears(cid, "cid: alone")
    try:
        await websockets.connect(url + "/")
    except websockets.InvalidStatusCode as e:
        assert e.status_code == 404
    print("ok")
asyncio.run(asyncio.wait_for(main(), 25))`
	port := startWebSocket(t, "websocket-chat")
	for range 2 {
		if got := harness.Python(t, client, port); got != "ok\n" {
			t.Errorf("got %s", got)
		}
	}
}
