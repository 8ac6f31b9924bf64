//go:build linux

package main

import (
	"encoding/hex"
	"strconv"
	"strings"
)

const nameGorilla = "Go gorilla/websocket"

// webSocketEcho sends messages back. Only what clients send is masked.
func webSocketEcho(e *env, t *table) error {
	text := strings.Repeat("weir", 16)
	frame := []byte{0x81, 0x80 | byte(len(text)), 1, 2, 3, 4}
	for i := range len(text) {
		frame = append(frame, text[i]^frame[2+i%4])
	}
	peers := []peer{gopeer(nameGorilla, "websocket", 0), weir(nameWeir, "websocket.js", 0)}
	return e.compare(t, peers, [3]int{}, method{
		measure: func(port int) (count, error) {
			return pump(e, port, 1, []byte("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"), []byte("\r\n\r\n"), frame, []byte(text))
		},
	})
}

// codecCase is a protocol whose messages are decoded, shown to a script, and encoded again.
type codecCase struct {
	id, title    string
	mode, peer   string // of gopeer
	script       string
	preface      string // is answered with itself
	message, end string
}

var codecs = []codecCase{
	{"m1", "MQTT 3.1.1, PUBLISH decoded and encoded again, one callback each (messages/s)", "mqtt", "Go paho packets", "mqtt.js",
		"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c", "\x30\x20\x00\x0csensors/room" + "temperature 21.5 C", "21.5 C"},
	{"m2", "RESP, a command decoded and encoded again, one callback each (messages/s)", "resp", "Go redcon", "resp.js",
		"", "*3\r\n$3\r\nSET\r\n$11\r\nuser:1:name\r\n$10\r\nsomebody-x\r\n", "somebody-x\r\n"},
	{"m3", "HTTP/1.1, a request decoded and encoded again, one callback each (messages/s)", "http", "Go net/http", "http.js",
		"", "POST /a/b?c=d HTTP/1.1\r\nHost: example.com\r\nUser-Agent: bench\r\nAccept: */*\r\nContent-Type: text/plain\r\nContent-Length: 16\r\n\r\n0123456789abcdef", "89abcdef"},
}

// codecBatch is how many messages are sent at a time: the codec counts, not the system's calls.
const codecBatch = 100

func codec(e *env, t *table, c codecCase) error {
	peers := []peer{gopeer(c.peer, c.mode, 0), weir(nameWeir, c.script, 0)}
	return e.compare(t, peers, [3]int{}, method{
		measure: func(port int) (count, error) {
			return pump(e, port, codecBatch, []byte(c.preface), []byte(c.preface), []byte(c.message), []byte(c.end))
		},
	})
}

// pump sends messages over as many connections as wrk has. The load generator compares the answers.
func pump(e *env, port, batch int, preface, until, message, suffix []byte) (count, error) {
	return ownLoad(e, "pump", "-addr", loopback(port), "-conns", strconv.Itoa(connections), "-batch", strconv.Itoa(batch),
		"-preface", hex.EncodeToString(preface), "-until", hex.EncodeToString(until),
		"-message", hex.EncodeToString(message), "-suffix", hex.EncodeToString(suffix))
}
