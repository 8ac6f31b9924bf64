//go:build linux

package test

import (
	"fmt"
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

// withPins returns a program that runs weir in the namespace, with a file system for pins that nobody else sees.
func withPins(t *testing.T, n *harness.Netns) (binary, pins string) {
	t.Helper()
	dir := t.TempDir()
	pins = filepath.Join(dir, "pins")
	if err := os.Mkdir(pins, 0o755); err != nil {
		t.Fatal(err)
	}
	binary = filepath.Join(dir, "weir-with-pins")
	// ip gives each command a mount namespace of its own.
	script := "#!/bin/sh\nexec ip netns exec " + n.Name + " sh -c 'mount -t bpf none " + pins + ` && exec "$0" "$@"' ` + harness.Binary(t) + ` "$@"` + "\n"
	if err := os.WriteFile(binary, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return binary, pins
}

// A packet counter as older scripts have it: the first program of an object is loaded by type, pinned, and attached by ip;
// maps are read every second; everything is undone at the exit.
func TestStockPacketCounter(t *testing.T) {
	t.Parallel()
	n, o := harness.NewNetns(t), harness.NewNetns(t)
	n.Link(o, "v", "w", []string{"10.81.1.1/24"}, []string{"10.81.1.2/24"})
	object := stockObject(t, "stock.o")
	binary, pins := withPins(t, n)
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

// A port interceptor as older scripts have it: rtnetlink tells of interfaces by names that end with a NUL, tc attaches a pinned
// program to them, maps follow a YAML file by keys and values that are texts.
func TestStockPortInterceptor(t *testing.T) {
	t.Parallel()
	harness.Need(t, "tc")
	n, o := harness.NewNetns(t), harness.NewNetns(t)
	n.Link(o, "v", "w", []string{"10.86.1.1/24"}, []string{"10.86.1.2/24"})
	binary, pins := withPins(t, n)
	w := harness.Start(t, harness.Config{
		Binary: binary, Listen: []int{9000, 9001},
		Files: map[string]string{"stocktc.o": stockObject(t, "stocktc.o"), "ports.yml": "80: 9000\n81: 9001\n", "main.js": `
			var PATH = '` + pins + `/interceptor'
			var obj = bpf.object(pipy.load('stocktc.o'))
			var prog = obj.programs[0].load('BPF_PROG_TYPE_SCHED_CLS')
			var mapIn = obj.maps.find(m => m.name === 'map_in')
			var mapOut = obj.maps.find(m => m.name === 'map_out')
			bpf.pin(PATH, prog.fd)

			var updatePorts = () => {
				var ports = YAML.decode(pipy.load('ports.yml'))
				var targets = Object.values(ports)
				mapIn.keys().forEach(k => { if (!(k.i in ports)) mapIn.delete(k) })
				mapOut.keys().forEach(k => { if (!targets.includes(k.i.toString())) mapOut.delete(k) })
				Object.entries(ports).forEach(([from, to]) => {
					mapIn.update({ i: from }, { i: to })
					mapOut.update({ i: to }, { i: from })
				})
				console.log('in', mapIn.entries().map(([k, v]) => k.i + '>' + v.i).sort().join(), 'out', mapOut.entries().map(([k, v]) => k.i + '>' + v.i).sort().join())
				pipy.watch('ports.yml').then(updatePorts)
			}
			updatePorts()

			var ifinfomsg = new CStruct({ family: 'uint8', pad: 'uint8', type: 'uint16', index: 'uint32', flags: 'uint32', change: 'uint32' })
			var rtattr = new CStruct({ len: 'uint16', type: 'uint16' })
			var links = {}
			function newLink(data) {
				var info = ifinfomsg.decode(data.shift(ifinfomsg.size))
				var name
				while (data.size > 0) {
					var attr = rtattr.decode(data.shift(rtattr.size))
					var payload = data.shift(attr.len - rtattr.size)
					data.shift((4 - attr.len % 4) % 4)
					if (attr.type === 3) name = payload.toString()
				}
				if (name === 'lo\0' || links[info.index]) return
				links[info.index] = name
				pipy.exec('tc qdisc add dev ' + name + ' clsact')
				pipy.exec('tc filter add dev ' + name + ' ingress bpf direct-action object-pinned ' + PATH)
				pipy.exec(['tc', 'filter', 'add', 'dev', name, 'egress', 'bpf', 'direct-action', 'object-pinned', PATH])
				console.log('link', JSON.stringify(name))
			}
			var handle = msg => { if (msg.head.type === 16) newLink(msg.body) }
			pipeline($=>$
				.onStart(new Data)
				.connect('pid=0;groups=0', { protocol: 'netlink', netlinkFamily: 0, bind: 'pid=0;groups=1' })
				.decodeNetlink()
				.handleMessage(handle)
			).spawn()
			pipeline($=>$
				.onStart(msg => msg)
				.encodeNetlink()
				.connect('pid=0;groups=0', { protocol: 'netlink', netlinkFamily: 0, bind: 'pid=0;groups=0' })
				.decodeNetlink()
				.handleMessage(handle)
			).spawn(new Message({ type: 18, flags: 0x301 }, ifinfomsg.encode({ family: 0 })))

			;[9000, 9001].forEach(port => pipy.listen(port, $=>$.onStart(() => new Data('port ' + port + ';'))))
			pipy.exit(() => {
				Object.values(links).forEach(name => pipy.exec('tc qdisc del dev ' + name + ' clsact'))
				os.rm(PATH, { force: true })
				console.log('gone')
			})`},
	})
	w.WaitLog("in 80>9000,81>9001 out 9000>80,9001>81")
	w.WaitLog(`link "v\u0000"`)
	answer := func(port string) string {
		b := make([]byte, len("port 9000;"))
		c := o.Dial("tcp", "10.86.1.1:"+port)
		defer c.Close()
		_, err := io.ReadFull(c, b)
		return fmt.Sprint(string(b), err)
	}
	for port, want := range map[string]string{"80": "port 9000;<nil>", "81": "port 9001;<nil>"} {
		if got := answer(port); got != want {
			t.Errorf("port %s: %s, want %s", port, got, want)
		}
	}
	harness.WriteFile(t, filepath.Join(w.Dir, "ports.yml"), "82: 9001\n")
	w.WaitLog("in 82>9001 out 9001>82")
	if got := answer("82"); got != "port 9001;<nil>" {
		t.Errorf("port 82: %s", got)
	}
	// An interface that comes later has the filters too.
	n.Link(o, "x", "y", []string{"10.86.2.1/24"}, []string{"10.86.2.2/24"})
	w.WaitLog(`link "x\u0000"`)
	for _, direction := range []string{"ingress", "egress"} {
		if out := n.Must("tc", "filter", "show", "dev", "x", direction); !strings.Contains(out, "direct-action") {
			t.Errorf("%s: %s", direction, out)
		}
	}
	w.Stop()
	if !strings.Contains(w.Stderr.String(), "gone") {
		t.Error("the exit callback did not end")
	}
	if out := n.Must("tc", "qdisc", "show", "dev", "v"); strings.Contains(out, "clsact") {
		t.Errorf("still there: %s", out)
	}
}
