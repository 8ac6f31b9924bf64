//go:build linux

package examples

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// A primary and a replica of Redis behind the proxy: what was written is read from the replica, in both versions of the
// protocol; transactions stay on the primary, and what a client asks in a row is answered in order.
func TestRedisProxy(t *testing.T) {
	t.Parallel()
	harness.Need(t, "redis-server", "redis-cli")
	s := newSandbox(t, "redis-proxy")
	primary, replica := s.ports["8081"], s.ports["8082"]
	for port, args := range map[int][]string{primary: {"--repl-diskless-sync-delay", "0"}, replica: {"--replicaof", fmt.Sprintf("127.0.0.1 %d", primary)}} {
		harness.StartPeer(t, proc.Command{Name: "redis-server", Dir: t.TempDir(), Args: append([]string{"--port", strconv.Itoa(port),
			"--bind", "127.0.0.1", "--save", "", "--appendonly", "no"}, args...)}, port)
	}
	cli := func(port int, input string, args ...string) string {
		t.Helper()
		r := harness.RunInput(t, input, "redis-cli", append([]string{"-p", strconv.Itoa(port)}, args...)...)
		if r.Code != 0 {
			t.Fatalf("redis-cli: code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
		}
		return r.Stdout
	}
	harness.Eventually(t, "the replica to follow", func() bool {
		return strings.Contains(cli(replica, "", "info", "replication"), "master_link_status:up")
	})
	s.start("bin/weir examples/redis-proxy/main.js").WaitLog("Listening on TCP port " + strconv.Itoa(s.ports["8000"]))
	front := s.ports["8000"]

	big := strings.Repeat("0123456789", 30000)
	cli(primary, "", "config", "resetstat")
	cli(replica, "", "config", "resetstat")
	if got := cli(front, "SET greeting \"hello world\"\nSET big "+big+"\nHSET h a 1 b 2\nRPUSH l x y\nWAIT 1 0\n"); got != "OK\nOK\n2\n2\n1\n" {
		t.Errorf("writes: %q", got)
	}
	const reads = "GET greeting\nGET none\nGET big\nHGETALL h\nLRANGE l 0 -1\nTTL greeting\n"
	for _, version := range []string{"-2", "-3"} {
		want := cli(primary, reads, version)
		if got := cli(front, reads, version); got != want || !strings.Contains(want, big) {
			t.Errorf("reads with %s: %.300q, want %.300q", version, got, want)
		}
	}
	if got, want := cli(front, "MULTI\nINCR n\nGET n\nEXEC\nGET n\n"), "OK\nQUEUED\nQUEUED\n1\n1\n1\n"; got != want {
		t.Errorf("a transaction: %q, want %q", got, want)
	}
	if got := cli(front, "SET greeting\nGET a b\nNOSUCH\n"); strings.Count(got, "ERR ") != 3 {
		t.Errorf("errors: %q", got)
	}
	// Commands of a client in one piece.
	conn := harness.Dial(t, front)
	conn.Send("*2\r\n$3\r\nGET\r\n$8\r\ngreeting\r\n*2\r\n$4\r\nINCR\r\n$1\r\nm\r\n*2\r\n$4\r\nLLEN\r\n$1\r\nl\r\n*1\r\n$4\r\nPING\r\n")
	const want = "$11\r\nhello world\r\n:1\r\n:2\r\n+PONG\r\n"
	if got := conn.ReadN(len(want)); got != want {
		t.Errorf("in one piece: %q", got)
	}

	asked := func(port int, command string) bool {
		return strings.Contains(cli(port, "", "info", "commandstats"), "cmdstat_"+command+":")
	}
	if !asked(replica, "lrange") || !asked(replica, "llen") || asked(primary, "llen") {
		t.Error("the replica was not asked")
	}
	if !asked(primary, "incr") || !asked(primary, "multi") {
		t.Error("the primary was not asked")
	}
}
