//go:build linux

package test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"weir/test/harness"
)

// sinkScript sends events on to a peer until no more of them are taken, and after that one for each request.
const sinkScript = `
	var obj = bpf.object(pipy.load('pressure.o')).load()
	var packet = new Data(new Array(64).fill(0))
	var program = obj.program('%[1]s')
	var type = new CStruct({ number: 'uint32', rest: 'uint32[63]' })
	var lost = 0
	obj.map('%[2]s').listen({ type%[3]s }, $=>$
		.handleMessageStart(msg => { if (msg.head.lost) lost += msg.head.lost })
		.connect('127.0.0.1:%[4]d')
	)

	async function run() {
		for (var accepted = -1, same = 0; same < 50;) {
			program.run({ data: packet, repeat: 200 })
			await new Timeout(0.005).wait()
			var { sent, refused } = obj.map('counts').lookup({ i: 0 })
			if (sent > 1000000) return println('everything is taken')
			same = sent - refused === accepted ? same + 1 : 0
			accepted = sent - refused
		}
		println('nothing more is taken')
	}
	run()

	pipy.listen(%[5]d, $=>$.serveHTTP(() => {
		program.run({ data: packet })
		var { sent, refused } = obj.map('counts').lookup({ i: 0 })
		return new Message(JSON.stringify({ sent, refused, lost }))
	}))
`

// Events for a peer that does not read stay in the kernel's buffer, or are lost and counted there: memory does not grow. When it
// reads, it gets what was taken, in order, and what comes after.
func TestEventsForASinkThatDoesNotRead(t *testing.T) {
	t.Parallel()
	needMaps(t)
	binaryFile := onOneCPU(t)
	object, err := os.ReadFile("testdata/bpf/pressure.o")
	if err != nil {
		t.Fatal(err)
	}
	const size = 256 // bytes of an event
	for _, c := range []struct {
		name, program, from, options string
		reports                      bool // how many were lost
	}{
		{"ring buffer", "emit", "ring", "", false},
		{"ring buffer, few bytes", "emit", "ring", ", maxPendingSize: 1024", false},
		{"perf array", "sample", "samples", ", pages: 4", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			small := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
				return raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 32<<10) })
			}}
			peer, err := small.Listen(context.Background(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer peer.Close()
			port := harness.Port(t)
			script := fmt.Sprintf(sinkScript, c.program, c.from, c.options, peer.Addr().(*net.TCPAddr).Port, port)
			w := harness.Start(t, harness.Config{Files: map[string]string{"main.js": script, "pressure.o": string(object)}, Binary: binaryFile, Listen: []int{port}})
			before := harness.RSS(t, w.PID)
			harness.Eventually(t, "the end of the events", func() bool { return strings.Contains(w.Stdout.String(), "taken") })
			if !strings.Contains(w.Stdout.String(), "nothing more is taken") {
				t.Fatal("a million events were taken that nobody reads")
			}
			if grown := harness.RSS(t, w.PID) - before; grown > 64<<20 {
				t.Errorf("memory has grown by %d MiB", grown>>20)
			}
			conn, err := peer.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			var received atomic.Int64
			failed := make(chan error, 1)
			go func() {
				last := int64(-1)
				for b := make([]byte, size); ; received.Add(1) {
					if _, err := io.ReadFull(conn, b); err != nil {
						return // at the end of the test
					}
					if n := int64(binary.NativeEndian.Uint32(b)); n <= last {
						failed <- fmt.Errorf("event %d came after %d", n, last)
						return
					} else {
						last = n
					}
				}
			}()
			var counts struct{ Sent, Refused, Lost int64 }
			harness.Eventually(t, "all that was taken", func() bool {
				if err := json.Unmarshal([]byte(harness.Curl(t, "http://"+harness.Addr(port))), &counts); err != nil {
					t.Fatal(err)
				}
				select {
				case err := <-failed:
					t.Fatal(err)
				default:
				}
				// The last ones may be on their way.
				return received.Load() >= counts.Sent-counts.Refused-1 && (!c.reports || counts.Lost == counts.Refused)
			})
			if counts.Refused == 0 {
				t.Error("no event was lost")
			}
			if !c.reports && counts.Lost != 0 {
				t.Errorf("%d lost events were reported, which ring buffers do not tell", counts.Lost)
			}
			harness.Eventually(t, "the last event", func() bool { return received.Load() == counts.Sent-counts.Refused })
			t.Logf("%d events sent, %d lost, %d received", counts.Sent, counts.Refused, received.Load())
		})
	}
}
