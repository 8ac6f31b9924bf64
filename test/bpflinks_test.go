//go:build linux

package test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"weir/test/harness"
)

// hooks returns the object file with the programs of these tests.
func hooks(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("testdata/bpf/hooks.o")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// swapScript counts packets by a program that can be exchanged.
const swapScript = `
	var counts = bpf.persist('counts', () => bpf.object(pipy.load('hooks.o')).map('counts').create())
	function fresh() { return bpf.object(pipy.load('hooks.o'), { maps: { counts } }).program('tc_in').load() }
	var link = fresh().attach({ tcx: 'in', direction: 'ingress' })
	var generation = Math.random()
	pipy.listen('10.9.0.1:%d', $=>$.demuxHTTP().to($=>$.replaceMessage(req => {
		if (req.head.path === '/swap') {
			var old = link.program
			link.update(fresh(), { old })
			old.close()
		}
		var q = bpf.query('in', 'BPF_TCX_INGRESS')
		return new Message({ headers: req.head.path === '/keep' ? {} : { connection: 'close' } }, JSON.stringify({
			packets: Number(counts.lookup({ i: 1 }).i), programs: q.programs.map(p => p.id), link: link.id, program: link.program.id, generation
		}))
	})))
`

// A program that counts packets is exchanged again and again, by its script and by new versions of the script, while
// requests come through it, over new connections and over some that last: no request fails, no packet is counted twice or never,
// nothing piles up.
func TestSwapProgramsUnderLoad(t *testing.T) {
	t.Parallel()
	server, peer := harness.NewNetns(t), harness.NewNetns(t)
	server.Link(peer, "in", "out", []string{"10.9.0.1/24"}, []string{"10.9.0.2/24"})
	const port = 8000
	w := harness.Start(t, harness.Config{
		Files:  map[string]string{"main.js": fmt.Sprintf(swapScript, port), "hooks.o": hooks(t)},
		Binary: server.Binary(""), Listen: []int{port},
	})
	type answer struct {
		Packets, Generation float64
		Programs            []float64
		Link, Program       float64
	}
	dial := func() (c net.Conn, err error) {
		peer.Do(func() { c, err = net.DialTimeout("tcp", "10.9.0.1:8000", harness.Patience) })
		return c, err
	}
	// ask sends a request; last tells that the server closes the connection, as it said.
	ask := func(c net.Conn, r *bufio.Reader, path string) (a answer, last bool, err error) {
		_ = c.SetDeadline(time.Now().Add(harness.Patience))
		if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
			return a, false, err
		}
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			return a, false, err
		}
		defer res.Body.Close()
		return a, res.Close, json.NewDecoder(res.Body).Decode(&a)
	}
	get := func(path string) (answer, error) {
		c, err := dial()
		if err != nil {
			return answer{}, err
		}
		defer c.Close()
		a, _, err := ask(c, bufio.NewReader(c), path)
		return a, err
	}
	// Some clients open a connection for each request, others keep theirs as long as the server lets them.
	const clients, kept = 1, 3
	var done atomic.Bool
	var closed atomic.Int32
	load := make(chan error, clients+kept)
	var requests [clients + kept]int
	for i := range clients + kept {
		next := func() (answer, error) { return get("/") }
		if i >= clients {
			var c net.Conn
			var r *bufio.Reader
			next = func() (a answer, err error) {
				if c == nil {
					if c, err = dial(); err != nil {
						return a, err
					}
					r = bufio.NewReader(c)
				}
				a, last, err := ask(c, r, "/keep")
				if last || err != nil || done.Load() {
					closed.Add(1)
					c.Close()
					c = nil
				}
				return a, err
			}
		}
		go func() {
			var last float64
			for !done.Load() {
				a, err := next()
				if err == nil && a.Packets <= last {
					err = fmt.Errorf("the count went from %v to %v", last, a.Packets)
				}
				if err == nil && len(a.Programs) != 1 {
					err = fmt.Errorf("%d programs are attached", len(a.Programs))
				}
				if err != nil {
					load <- err
					return
				}
				last = a.Packets
				requests[i]++
			}
			load <- nil
		}()
	}
	first, err := get("/")
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		a, err := get("/swap")
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Programs) != 1 || a.Programs[0] != a.Program || a.Link != first.Link {
			t.Fatalf("after a swap: %+v, link was %v", a, first.Link)
		}
	}
	if n := closed.Load(); n != 0 {
		t.Errorf("%d connections were closed by swaps of programs", n)
	}
	fds := func() int {
		list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", w.PID))
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	before := 0
	generation := first.Generation
	for i := range 200 {
		w.Signal(syscall.SIGHUP)
		harness.Eventually(t, "a new generation", func() bool {
			a, err := get("/")
			if err != nil {
				t.Fatal(err)
			}
			if a.Link != first.Link {
				t.Fatalf("the link is %v, was %v", a.Link, first.Link)
			}
			fresh := a.Generation != generation
			generation = a.Generation
			return fresh
		})
		if i == 5 {
			before = fds()
		}
	}
	// Connections come and go: some of them may be open now.
	harness.Eventually(t, "descriptors of old generations to be closed", func() bool { return fds() <= before+4+2*kept })
	done.Store(true)
	for range requests {
		if err := <-load; err != nil {
			t.Error(err)
		}
	}
	for i, n := range requests {
		if n < 100 { // fewer than programs
			t.Errorf("client %d made %d requests only", i, n)
		}
	}
	// However a process ends its links go with it.
	w.Signal(syscall.SIGKILL)
	harness.Eventually(t, "the link to go", func() bool {
		out := server.Must(harness.Binary(t), "-e", "bpf.query('in', 'BPF_TCX_INGRESS').programs.length")
		return strings.TrimSpace(out) == "0"
	})
}
