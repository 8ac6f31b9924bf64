//go:build linux

package test

import (
	"fmt"
	"strings"
	"testing"

	"weir/test/harness"
)

// Whichever thread takes a connection, the pipeline that only one of them has answers it.
func TestLinkAsyncOverThreads(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	harness.Start(t, harness.Config{Listen: []int{port}, Flags: []string{"--threads=2"}, Script: fmt.Sprintf(`
		var conf = pipy().listen(%d).linkAsync(() => 'only')
		if (pipy.thread.id == 1) {
			conf.pipeline('only').replaceData(d => new Data('thread 1 got ' + d.size + ' bytes.'))
		}
		conf`, port)})
	for range 30 {
		conn := harness.Dial(t, port)
		conn.Send("hello")
		if got := conn.ReadUntil("."); got != "thread 1 got 5 bytes." {
			t.Fatalf("got %q", got)
		}
		conn.Close()
	}
	conn := harness.Dial(t, port)
	text := strings.Repeat("x", 1<<20)
	go conn.Send(text)
	for sum := 0; sum < len(text); {
		var n int
		if _, err := fmt.Sscanf(conn.ReadUntil("."), "thread 1 got %d bytes.", &n); err != nil {
			t.Fatal(err)
		}
		sum += n
	}
}
