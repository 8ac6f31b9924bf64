//go:build linux

package test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/test/harness"
)

// A packet counter as older scripts have it: the first program of an object is loaded by type, pinned, and attached by ip;
// maps are read every second; everything is undone at the exit.
func TestStockPacketCounter(t *testing.T) {
	t.Parallel()
	n, o := harness.NewNetns(t), harness.NewNetns(t)
	n.Link(o, "v", "w", []string{"10.81.1.1/24"}, []string{"10.81.1.2/24"})
	object, err := os.ReadFile(filepath.Join(harness.Root(), "test", "testdata", "bpf", "stock.o"))
	if err != nil {
		t.Fatal(err)
	}
	// A file system for pins that nobody else sees: ip gives each command a mount namespace of its own.
	dir := t.TempDir()
	pins := filepath.Join(dir, "pins")
	if err := os.Mkdir(pins, 0o755); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "weir-with-pins")
	script := "#!/bin/sh\nexec ip netns exec " + n.Name + " sh -c 'mount -t bpf none " + pins + ` && exec "$0" "$@"' ` + harness.Binary(t) + ` "$@"` + "\n"
	if err := os.WriteFile(binary, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	w := harness.Start(t, harness.Config{
		Binary: binary, Listen: []int{9000},
		Files: map[string]string{"stock.o": string(object), "main.js": `
			var PATH = '` + pins + `/counter'
			var obj = bpf.object(pipy.load('stock.o'))
			var prog = obj.programs[0].load('BPF_PROG_TYPE_XDP')
			console.log('loaded', prog.name, prog.fd > 0, prog.id > 0, obj.maps[0].name, obj.maps[0].keySize)
			bpf.pin(PATH, prog.fd)
			try { bpf.pin(PATH, prog.fd) } catch (e) { console.log(e.message) }
			pipy.exec('ip link set dev v xdpgeneric pinned ' + PATH + '\0')
			pipy.listen(9000, $=>$.serveHTTP(() => new Message(
				obj.maps[0].entries().map(([k, v]) => k.ip.u8.join('.') + ' ' + v.i + ' ' + obj.maps[0].lookup(k).i + '\n').join('')
			)))
			pipy.exit(() => {
				pipy.exec('ip link set dev v xdpgeneric off')
				os.rm(PATH, { force: true })
				console.log('gone')
			})`},
	})
	w.WaitLog("loaded packet_counter true true map_counts 4")
	w.WaitLog("syscall BPF_OBJ_PIN failed with errno = 17: File exists")
	if out := n.Must("ip", "link", "show", "v"); !strings.Contains(out, "xdpgeneric") {
		t.Fatalf("not attached: %s", out)
	}
	c := o.Dial("udp", "10.81.1.1:9")
	for sent := 0; sent < 10; {
		if _, err := io.WriteString(c, "x"); err == nil { // else an earlier one was refused
			sent++
		}
	}
	harness.Eventually(t, "ten packets to be counted", func() bool {
		var conn net.Conn
		n.Do(func() { conn, err = net.Dial("tcp", "127.0.0.1:9000") })
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
		b, _ := io.ReadAll(conn)
		return strings.Contains(string(b), "10.81.1.2 10 10\n")
	})
	w.Stop()
	if !strings.Contains(w.Stderr.String(), "gone") {
		t.Error("the exit callback did not run")
	}
	if out := n.Must("ip", "link", "show", "v"); strings.Contains(out, "xdp") {
		t.Errorf("still attached: %s", out)
	}
}
