//go:build linux

package test

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/test/harness"
)

func stockObject(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "bpf", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A packet counter as older scripts have it: the first program of an object is loaded by type, pinned, and attached by ip;
// maps are read every second; everything is undone at the exit.
func TestStockPacketCounter(t *testing.T) {
	t.Parallel()
	n, o := harness.NewNetns(t), harness.NewNetns(t)
	n.Link(o, "v", "w", []string{"10.81.1.1/24"}, []string{"10.81.1.2/24"})
	object := stockObject(t, "stock.o")
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
		Files: map[string]string{"stock.o": object, "main.js": `
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
		var err error
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

// A transparent proxy as older scripts have it: programs told apart by name, loaded by type and attached by bpf.attach to the
// root of the cgroups, the original destination read as a raw option, HTTP decoded from copies of both directions.
func TestStockTransparentProxy(t *testing.T) {
	t.Parallel()
	harness.Need(t, "curl")
	n, o := harness.NewNetns(t), harness.NewNetns(t)
	n.Link(o, "v", "w", []string{"10.84.1.1/24"}, []string{"10.84.1.2/24"})
	group := harness.NewCgroup(t)
	var ln net.Listener
	var err error
	o.Do(func() { ln, err = net.Listen("tcp", "10.84.1.2:80") })
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		_ = http.Serve(ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, "by "+strings.Split(r.RemoteAddr, ":")[0])
		}))
	}()
	w := harness.Start(t, harness.Config{
		Binary: group.Binary(n), Listen: []int{9000},
		Files: map[string]string{"stockproxy.o": stockObject(t, "stockproxy.o"), "main.js": `
			var PORT = 9000, CGROUP = '/sys/fs/cgroup'
			var SOL_IP = 0, SO_ORIGINAL_DST = 80
			var sockaddr = new CStruct({ family: 'uint16', port: 'uint8[2]', addr: 'uint8[4]' })

			var obj = bpf.object(pipy.load('stockproxy.o'))
			var find = name => obj.programs.find(p => p.name === name)
			var connect4 = find('cg_connect4').load('BPF_PROG_TYPE_CGROUP_SOCK_ADDR', 'BPF_CGROUP_INET4_CONNECT')
			var sockOps = find('cg_sock_ops').load('BPF_PROG_TYPE_SOCK_OPS')
			var sockOpt = find('cg_sock_opt').load('BPF_PROG_TYPE_CGROUP_SOCKOPT', 'BPF_CGROUP_GETSOCKOPT')
			obj.maps.find(m => m.name === 'map_config').update({ i: 0 }, { proxy_port: PORT, pipy_pid: pipy.pid })

			bpf.attach('BPF_CGROUP_INET4_CONNECT', connect4.fd, CGROUP)
			bpf.attach('BPF_CGROUP_SOCK_OPS', sockOps.fd, CGROUP)
			bpf.attach('BPF_CGROUP_GETSOCKOPT', sockOpt.fd, CGROUP)

			var $addr, $port
			pipy.listen(PORT, $=>$
				.onStart(inbound => {
					var data = new Data
					if (inbound.socket.getRawOption(SOL_IP, SO_ORIGINAL_DST, data) === 0) {
						var sa = sockaddr.decode(data)
						$addr = sa.addr.join('.')
						$port = (sa.port[0] << 8) | sa.port[1]
					}
				})
				.fork().to($=>$.decodeHTTPRequest().handleMessageStart(
					msg => console.log(msg.head.method, msg.head.path, 'to', $addr + ':' + $port)
				))
				.connect(() => $addr + ':' + $port)
				.fork().to($=>$.decodeHTTPResponse().handleMessageStart(
					msg => console.log('status', msg.head.status)
				))
			)
			pipy.exit(() => {
				bpf.detach('BPF_CGROUP_INET4_CONNECT', connect4.fd, CGROUP)
				bpf.detach('BPF_CGROUP_SOCK_OPS', sockOps.fd, CGROUP)
				bpf.detach('BPF_CGROUP_GETSOCKOPT', sockOpt.fd, CGROUP)
				console.log('detached')
			})`},
	})
	curl := group.Command(n, "curl", "-sS", "-w", " %{local_ip}", "http://10.84.1.2/hello")
	ask := func() string { return harness.Run(t, curl[0], curl[1:]...).Stdout }
	if got := ask(); got != "by 10.84.1.1 127.0.0.1" {
		t.Errorf("through the proxy: %q", got)
	}
	w.WaitLog("GET /hello to 10.84.1.2:80")
	w.WaitLog("status 418")
	w.Stop()
	if !strings.Contains(w.Stderr.String(), "detached") {
		t.Error("the exit callback did not end")
	}
	if got := ask(); got != "by 10.84.1.1 10.84.1.1" {
		t.Errorf("after the end: %q", got)
	}
}
