//go:build linux

package test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// startRedis runs a Redis server without persistence.
func startRedis(t *testing.T) (port int) {
	t.Helper()
	port = harness.Port(t)
	harness.StartPeer(t, proc.Command{Name: "redis-server", Dir: t.TempDir(), Args: []string{"--port", strconv.Itoa(port),
		"--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no", "--enable-debug-command", "local"}}, port)
	return port
}

// redisCLI runs redis-cli with its commands on stdin.
func redisCLI(t *testing.T, port int, commands string, args ...string) string {
	t.Helper()
	harness.Need(t, "redis-cli")
	args = append([]string{"-p", strconv.Itoa(port)}, args...)
	r := harness.RunInput(t, commands, "redis-cli", args...)
	if r.Code != 0 {
		t.Fatalf("redis-cli: code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	return r.Stdout
}

// TestRedis puts a proxy that decodes and encodes both directions between redis-cli and redis-server; what the client sees
// is the same as without it, in both versions of the protocol, whether scripts look at the messages or not.
func TestRedis(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	for name, look := range map[string]string{
		"untouched": "",
		"looked at": ".handleMessageEnd(e => { seen += JSON.stringify(e.payload, (k, v) => typeof v == 'bigint' ? String(v) : v).length })",
	} {
		t.Run(name, func(t *testing.T) {
			port := harness.Port(t)
			harness.Start(t, harness.Config{Listen: []int{port}, Script: fmt.Sprintf(`
				var seen = 0
				pipy.listen(%d, $=>$
					.decodeRESP()%[2]s.encodeRESP()
					.connect('127.0.0.1:%[3]d')
					.decodeRESP()%[2]s.encodeRESP()
				)
			`, port, look, server)})
			big := strings.Repeat("0123456789", 30000)
			commands := "FLUSHALL\nPING\nSET k \"hello world\"\nGET k\nGET none\nINCRBY n 9007199254740993\nDECRBY n 1\n" +
				"RPUSH l a b c\nLRANGE l 0 -1\nLRANGE none 0 -1\nHSET h f1 v1 f2 v2\nHGETALL h\nSADD s x\nSMEMBERS s\n" +
				"ZADD z 1.5 m\nZSCORE z m\nZRANGE z 0 -1 WITHSCORES\nNOSUCH\nLPUSH k x\nCOMMAND COUNT\nCONFIG GET maxmemory*\n" +
				"MULTI\nINCR q\nGET q\nEXEC\nEVAL \"return {1,{2,'x',false},redis.status_reply('fine')}\" 0\nDEBUG JMAP\nCLIENT TRACKING ON\n" +
				"EVAL \"redis.setresp(3); return {double=3.25}\" 0\nEVAL \"redis.setresp(3); return {map={a=1,b=false}}\" 0\n" +
				"EVAL \"redis.setresp(3); return {set={a=true}}\" 0\nSET big " + big + "\nGET big\nLOLWUT VERSION 5 1 1 1\nDEBUG SLEEP 0\n"
			for _, flag := range []string{"-2", "-3"} {
				direct := redisCLI(t, server, commands, flag)
				through := redisCLI(t, port, commands, flag)
				if through != direct {
					t.Errorf("redis-cli %s prints through weir:\n%.3000s\ndirectly:\n%.3000s", flag, through, direct)
				}
				if !strings.Contains(direct, big) {
					t.Error("the large value was not printed")
				}
				subscribeRedis(t, server, port, flag, name)
			}
			if direct, through := everyKind(t, server), everyKind(t, port); direct != through || !strings.Contains(direct, "(1234567999999999999999999999999999999\r\n") {
				t.Errorf("through weir:\n%q\ndirectly:\n%q", through, direct)
			}
		})
	}
}

// subscribeRedis has messages pushed through the proxy: in version 3 they are no answers.
func subscribeRedis(t *testing.T, server, port int, flag, name string) {
	t.Helper()
	channel := strings.ReplaceAll(name, " ", "-") + flag
	sub := harness.StartPeer(t, proc.Command{Name: "stdbuf", Args: []string{"-oL", "redis-cli", flag, "-p", strconv.Itoa(port), "subscribe", channel}})
	harness.Eventually(t, "redis-cli to subscribe", func() bool {
		return strings.Contains(redisCLI(t, server, "PUBSUB NUMSUB "+channel+"\n"), "1")
	})
	redisCLI(t, port, "PUBLISH "+channel+" \"first message\"\nPUBLISH "+channel+" second\n")
	for _, text := range []string{"first message", "second"} {
		harness.Eventually(t, fmt.Sprintf("%q to arrive in version %s", text, flag), func() bool { return strings.Contains(sub.Stdout.String(), text) })
	}
}

// everyKind returns the bytes of an answer of every kind that version 3 has, some of which redis-cli does not know.
func everyKind(t *testing.T, port int) string {
	t.Helper()
	command := func(words ...string) string {
		s := fmt.Sprintf("*%d\r\n", len(words))
		for _, w := range words {
			s += fmt.Sprintf("$%d\r\n%s\r\n", len(w), w)
		}
		return s
	}
	const begin, end = "$5\r\nbegin\r\n", "$3\r\nend\r\n"
	send := command("HELLO", "3") + command("ECHO", "begin")
	for _, kind := range strings.Fields("string integer double bignum null array set map attrib push verbatim true false") {
		send += command("DEBUG", "PROTOCOL", kind)
	}
	conn := harness.Dial(t, port)
	conn.Send(send + command("ECHO", "end"))
	conn.ReadUntil(begin)
	return conn.ReadUntil(end)
}
