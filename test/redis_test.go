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
		"--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"}}, port)
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
		"looked at": ".handleMessageEnd(e => { seen += JSON.stringify(e.payload).length })",
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
			}
		})
	}
}
