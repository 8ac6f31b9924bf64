//go:build linux

package test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"weir/test/harness"
)

// Headers that others write are understood.
func TestAcceptProxyProtocol(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 4)
	port := ports[0]
	harness.Start(t, harness.Config{Listen: []int{port}, Script: fmt.Sprintf(`
		var $info
		pipy.listen(%d, $=>$.acceptProxyProtocol(info => {
			$info = { ...info, sourcePort: typeof info.sourcePort, targetPort: typeof info.targetPort,
				tlvs: info.tlvs && info.tlvs.map(t => t.type + '=' + (t.type === 2 ? t.value.toString() : t.value.size)).join() }
			return info.sourceAddress !== '192.0.2.66'
		}).to($=>$.serveHTTP(() => new Message(JSON.stringify($info))))
		)`, port)})
	haproxy := ""
	for i, options := range []string{"send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,authority"} {
		haproxy += fmt.Sprintf("listen l%d\n  mode tcp\n  bind 127.0.0.1:%d\n  server weir 127.0.0.1:%d %s\n", i, ports[1+i], port, options)
	}
	harness.StartHAProxy(t, ports[3], haproxy)
	const v1 = `{"version":1,"protocol":"TCP4","sourceAddress":"127.0.0.1","sourcePort":"number","targetAddress":"127.0.0.1","targetPort":"number"}`
	v2 := strings.Replace(v1, `"version":1`, `"version":2,"command":"PROXY"`, 1)
	for name, c := range map[string]struct {
		port int
		args []string
		want string
	}{
		"curl":                  {port, []string{"--haproxy-protocol"}, v1},
		"haproxy":               {ports[1], nil, v1},
		"haproxy 2":             {ports[2], nil, v2},
		"haproxy 2 with crc32c": {ports[3], nil, strings.TrimSuffix(v2, "}") + `,"checksum":true}`},
	} {
		if got := harness.Curl(t, append(c.args, "http://"+harness.Addr(c.port))...); got != c.want {
			t.Errorf("%s: got %s", name, got)
		}
	}
	const request = "GET / HTTP/1.0\r\n\r\n"
	for in, want := range map[string]string{
		"PROXY TCP6 2001:db8::1 2001:db8::2 5 6\r\n" + request: `{"version":1,"protocol":"TCP6","sourceAddress":"2001:db8::1","sourcePort":"number","targetAddress":"2001:db8::2","targetPort":"number"}`,
		"PROXY UNKNOWN\r\n" + request:                          `{"version":1,"protocol":"UNKNOWN","sourcePort":"undefined","targetPort":"undefined"}`,
		"PROXY TCP4 192.0.2.66 192.0.2.1 5 6\r\n" + request:    "",
		"PROXY TCP4 192.0.2.1 192.0.2.1 5\r\n" + request:       "",
		request:                         "",
		"PROXY TCP4 192.0.2.1":          "",
		strings.Repeat("PROXY ", 10000): "",
	} {
		got := exchange(t, port, in)
		if _, body, _ := strings.Cut(got, "\r\n\r\n"); body != want {
			t.Errorf("%.60q: got %s", in, got)
		}
	}
}

// Headers that weir writes are understood by others.
func TestConnectProxyProtocol(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 6)
	nginx, haproxy := ports[0], ports[1]
	harness.StartNginx(t, fmt.Sprintf(`listen 127.0.0.1:%d proxy_protocol; location / {
		return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port"; }`, nginx), nil)
	harness.StartHAProxy(t, haproxy, fmt.Sprintf("frontend f\n  mode http\n  bind 127.0.0.1:%d accept-proxy\n"+
		"  http-request return status 200 content-type text/plain lf-string \"%%[src] %%[src_port] %%[dst] %%[dst_port]\"\n", haproxy))
	harness.Start(t, harness.Config{Listen: ports[2:], Script: fmt.Sprintf(`
		var $ib
		var info = { sourceAddress: '192.0.2.7', sourcePort: 4711, targetAddress: '192.0.2.8', targetPort: 443 }
		var info6 = { version: 2, sourceAddress: '2001:db8::7', sourcePort: 4711, targetAddress: '2001:db8::8', targetPort: 443, checksum: true }
		var forward = (info, port) => $=>$.connectProxyProtocol(info).to($=>$.connect('127.0.0.1:' + port))
		pipy.listen(%[3]d, forward(info, %[1]d))
		pipy.listen(%[4]d, forward({ ...info, version: 2, tlvs: [{ type: 5, value: 'id' }] }, %[1]d))
		pipy.listen(%[5]d, forward(info6, %[2]d))
		pipy.listen(%[6]d, $=>$.onStart(ib => void ($ib = ib)).connectProxyProtocol(() => ({
			sourceAddress: $ib.remoteAddress, sourcePort: $ib.remotePort, targetAddress: $ib.localAddress, targetPort: $ib.localPort,
		})).to($=>$.connect('127.0.0.1:%[2]d')))`, nginx, haproxy, ports[2], ports[3], ports[4], ports[5])})
	for port, want := range map[int]string{
		ports[2]: "192.0.2.7 4711 192.0.2.8 443",
		ports[3]: "192.0.2.7 4711 192.0.2.8 443",
		ports[4]: "2001:db8::7 4711 2001:db8::8 443",
	} {
		if got := harness.Curl(t, "http://"+harness.Addr(port)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	c := harness.Dial(t, ports[5])
	c.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	want := fmt.Sprintf("127.0.0.1 %d 127.0.0.1 %d", c.LocalAddr().(*net.TCPAddr).Port, ports[5])
	if _, body := c.ReadResponse("GET"); body != want {
		t.Errorf("got %s, want %s", body, want)
	}
}
