//go:build linux

package examples

import (
	"encoding/hex"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// dig asks the server.
func (s *sandbox) dig(args ...string) string {
	s.Helper()
	return harness.Run(s, "dig", append([]string{"+tries=1", "+time=20", "-p", strconv.Itoa(s.ports["8000"]), "@127.0.0.1"}, args...)...).Stdout
}

func startDNSServer(t *testing.T, options ...string) (*sandbox, *harness.Weir) {
	t.Helper()
	harness.Need(t, "dig", "dnsmasq")
	s := newSandbox(t, "dns-server")
	harness.StartPeer(t, proc.Command{Name: "dnsmasq", Args: append([]string{"--keep-in-foreground", "--conf-file=/dev/null",
		"--port=" + strconv.Itoa(s.ports["8053"]), "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts", "--pid-file=",
		"--local=/test/", "--log-queries", "--log-facility=-"}, options...)}, s.ports["8053"])
	w := s.start("bin/weir examples/dns-server/main.js")
	w.WaitLog("Listening on UDP")
	w.WaitLog("Listening on TCP")
	return s, w
}

// datagram sends bytes to the server and returns the datagram that comes back before the answer to a query sent after it, or
// nothing; all in hexadecimal.
func (s *sandbox) datagram(query string) string {
	s.Helper()
	c, err := net.Dial("udp", harness.Addr(s.ports["8000"]))
	if err != nil {
		s.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(harness.Patience))
	const last = "eeee" + "000000010000000000000161000001" + "0001"
	for _, q := range []string{query, last} {
		b, err := hex.DecodeString(q)
		if err == nil {
			_, err = c.Write(b)
		}
		if err != nil {
			s.Fatal(err)
		}
	}
	b := make([]byte, 2048)
	n, err := c.Read(b)
	if err != nil {
		s.Fatal(err)
	}
	if got := hex.EncodeToString(b[:n]); !strings.HasPrefix(got, "eeee") {
		return got
	}
	return ""
}

func count(w *harness.Weir, text string) int { return strings.Count(w.Stderr.String(), text) }

// What others know is asked once, with the case of the name as each client wrote it, and gets older.
func TestDNSServerCache(t *testing.T) {
	t.Parallel()
	s, w := startDNSServer(t, "--host-record=one.test,192.0.2.1,300", "--host-record=brief.test,192.0.2.2,1", "--max-ttl=300")
	for _, name := range []string{"one.test", "ONE.test"} {
		if got := s.dig("+noall", "+question", "+answer", name); !strings.Contains(got, ";"+name) || !strings.Contains(got, "192.0.2.1") {
			t.Errorf("%s: %q", name, got)
		}
	}
	if from, cached := count(w, "one.test A from upstream"), count(w, "ONE.test A from cache"); from != 1 || cached != 1 {
		t.Errorf("%d from upstream, %d from the cache", from, cached)
	}
	harness.Eventually(t, "the remembered answer to get older", func() bool {
		fields := strings.Fields(s.dig("+noall", "+answer", "one.test"))
		return len(fields) > 1 && fields[1] < "300"
	})
	// A second later it has to be asked again.
	s.dig("brief.test")
	harness.Eventually(t, "the brief answer to be forgotten", func() bool {
		s.dig("brief.test")
		return count(w, "brief.test A from upstream") > 1
	})
	if got := s.dig("none.test"); !strings.Contains(got, "status: NXDOMAIN") {
		t.Errorf("a name that does not exist: %s", got)
	}
}

// What does not fit into a datagram is cut, and comes whole by TCP.
func TestDNSServerTruncation(t *testing.T) {
	t.Parallel()
	var records []string
	for i := range 60 {
		records = append(records, fmt.Sprintf("--host-record=many.test,192.0.2.%d", i+1))
	}
	s, w := startDNSServer(t, records...)
	for _, args := range [][]string{{"+noedns", "+ignore"}, {"+bufsize=512", "+ignore"}} {
		got := s.dig(append(args, "many.test")...)
		if !strings.Contains(got, " tc ") || strings.Contains(got, "malformed") {
			t.Errorf("%v: %s", args, got)
		}
	}
	if got := strings.Count(s.dig("+short", "+noedns", "many.test"), "192.0.2."); got != 60 {
		t.Errorf("%d addresses by TCP", got)
	}
	if n := count(w, "[ERR]"); n > 0 {
		t.Errorf("%d errors in the log", n)
	}
}

// Bad queries get an error, or nothing if they are none at all; the server lives on.
func TestDNSServerBadQueries(t *testing.T) {
	t.Parallel()
	s, w := startDNSServer(t, "--host-record=one.test,192.0.2.1")
	for _, c := range []struct{ query, want string }{
		{"abcd01000000000000000000", "abcd8101"},                    // no question: FORMERR
		{"abcd010000010000000000000161c0", "abcd8001"},              // a name that ends inside
		{"abcd110000010000000000000161000001" + "0001", "abcd9104"}, // opcode STATUS: NOTIMP
		{"abcd000000010000000000000161000001" + "0001", "abcd8085"}, // no recursion: REFUSED
		{"abcd8180000100000000000001610000010001" + "ffff", ""},     // an answer
		{"abcd", ""},
	} {
		got := s.datagram(c.query)
		if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: got %s, want %s", c.query, got, c.want)
		}
	}
	if got := s.dig("+short", "one.test"); got != "192.0.2.1\n" {
		t.Errorf("afterwards: %q", got)
	}
	if n := count(w, "[ERR]"); n > 0 {
		t.Errorf("%d errors in the log", n)
	}
}

// Without an upstream that answers there is an error, not silence; a mistake in the records is told at the start.
func TestDNSServerFailures(t *testing.T) {
	t.Parallel()
	harness.Need(t, "dig")
	s := newSandbox(t, "dns-server")
	w := s.start("bin/weir examples/dns-server/main.js")
	w.WaitLog("Listening on UDP")
	if got := s.dig("one.test"); !strings.Contains(got, "status: SERVFAIL") {
		t.Errorf("no upstream: %s", got)
	}
	if got := s.dig("+tcp", "one.test"); !strings.Contains(got, "status: SERVFAIL") {
		t.Errorf("no upstream, by TCP: %s", got)
	}
	config := strings.Replace(s.read("config.yml"), "203.0.113.80", "203.0.113.800", 1)
	harness.WriteFile(t, filepath.Join(s.example, "config.yml"), config)
	bad := harness.Run(t, harness.Binary(t), filepath.Join(s.example, "main.js"))
	if bad.Code == 0 || !strings.Contains(bad.Stderr, "config.yml: www.example.com: A: invalid IPv4") {
		t.Errorf("a bad address: code %d, %s", bad.Code, bad.Stderr)
	}
}
