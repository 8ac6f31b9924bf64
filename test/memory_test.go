//go:build linux

package test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/test/harness"
)

// maxGrowth is how much memory one slow reader may cost, however fast and long the sender is.
const maxGrowth = 8 << 20

// slowReader checks that weir's memory does not grow while somebody reads slowly from it. The sender is told to send
// 1 GiB; it is stopped by back-pressure, which the growth of memory shows.
func slowReader(t *testing.T, w *harness.Weir, read func()) { bounded(t, w, maxGrowth, read) }

// bounded checks that weir's memory does not grow by more than limit while f runs.
func bounded(t *testing.T, w *harness.Weir, limit int64, f func()) {
	t.Helper()
	before := harness.RSS(t, w.PID)
	done := make(chan struct{})
	most := before
	go func() {
		defer close(done)
		f()
	}()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			t.Logf("RSS %.1f MiB before, %.1f MiB at most", float64(before)/(1<<20), float64(most)/(1<<20))
			if most-before > limit {
				t.Errorf("memory grew by %.1f MiB, more than %d MiB", float64(most-before)/(1<<20), limit>>20)
			}
			return
		case <-tick.C:
			most = max(most, harness.RSS(t, w.PID))
		}
	}
}

const (
	slowRate = 1024 // bytes per second
	slowTime = 2 * time.Second
)

func TestSlowReaderTCP(t *testing.T) {
	t.Parallel()
	source, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close() })
	go func() {
		for {
			c, err := source.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				buf := make([]byte, 64<<10)
				for range harness.GiB / len(buf) {
					if _, err := c.Write(buf); err != nil {
						return
					}
				}
			}()
		}
	}()
	for name, filters := range map[string]string{"plain": "", "with a callback": ".handleData(() => {})"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port := harness.Port(t)
			w := harness.Start(t, harness.Config{
				Script: fmt.Sprintf("pipy.listen('127.0.0.1:%d', $=>$.onStart(new Data)%s.connect('%s'))", port, filters, source.Addr()),
				Listen: []int{port},
			})
			slowReader(t, w, func() {
				c, err := net.Dial("tcp", harness.Addr(port))
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				harness.SlowRead(t, c, slowRate, slowTime)
			})
		})
	}
}

const httpProxyScript = `
	var calls = 0
	pipy.listen('127.0.0.1:%d', $=>$
		.demuxHTTP().to($=>$
			.handleMessageStart(() => void calls++)
			.muxHTTP(() => 'one').to($=>$.connect('%s'))
		)
	)`

func TestSlowReaderDownload(t *testing.T) {
	t.Parallel()
	upstream := harness.StartUpstream(t, "big")
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{Script: fmt.Sprintf(httpProxyScript, port, upstream.Addr()), Listen: []int{port}})
	slowReader(t, w, func() {
		c := harness.Dial(t, port)
		c.Send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
		head := c.ReadUntil("\r\n\r\n")
		if want := "content-length: " + strconv.Itoa(harness.GiB); !strings.Contains(strings.ToLower(head), want) {
			t.Errorf("no %q in the head of a body nobody touched:\n%s", want, head)
		}
		harness.SlowRead(t, c, slowRate, slowTime)
	})
}

func TestSlowReaderUpload(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	var length int64
	upstream := harness.StartUpstreamHandler(t, "slow", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		length = r.ContentLength
		buf := make([]byte, slowRate/10)
		for range int(slowTime / (100 * time.Millisecond)) {
			if _, err := io.ReadFull(r.Body, buf); err != nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}))
	w := harness.Start(t, harness.Config{Script: fmt.Sprintf(httpProxyScript, port, upstream.Addr()), Listen: []int{port}})
	slowReader(t, w, func() {
		c, err := net.Dial("tcp", harness.Addr(port))
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", harness.GiB)
		go io.Copy(io.Discard, c)
		buf := make([]byte, 64<<10)
		c.SetWriteDeadline(time.Now().Add(slowTime))
		for range harness.GiB / len(buf) {
			if _, err := c.Write(buf); err != nil {
				break
			}
		}
	})
	harness.Eventually(t, "the upstream to see the head", func() bool { return upstream.Requests() == 1 })
	if length != harness.GiB {
		t.Errorf("the upstream was told a length of %d", length)
	}
}

// Large bodies go through at speed without being kept. At speed there is garbage, too: what is allocated between two
// collections.
func TestLargeBodyPassesThrough(t *testing.T) {
	t.Parallel()
	upstream := harness.StartUpstream(t, "big")
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{Script: fmt.Sprintf(httpProxyScript, port, upstream.Addr()), Listen: []int{port}})
	bounded(t, w, 64<<20, func() {
		for _, chunked := range []int{0, 1} {
			res, err := http.Get(fmt.Sprintf("http://%s/big?size=%d&chunked=%d", harness.Addr(port), 256<<20, chunked))
			if err != nil {
				t.Error(err)
				return
			}
			n, err := io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if err != nil || n != 256<<20 {
				t.Errorf("chunked %d: %d bytes, %v", chunked, n, err)
			}
		}
	})
}
