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

// mosquitto runs one of its clients against the front, as a user whose client has the ID of the user.
func (s *sandbox) mosquitto(tool, version, user string, args ...string) harness.Result {
	s.Helper()
	return harness.Run(s, tool, append(s.mosquittoArgs(version, user), args...)...)
}

func (s *sandbox) mosquittoArgs(version, user string) []string {
	return []string{"-h", "127.0.0.1", "-p", strconv.Itoa(s.ports["8000"]), "-V", version, "-u", user, "-i", user}
}

// What the policy allows arrives, what it does not is refused with the codes of the version, and never arrives.
func TestMQTTFront(t *testing.T) {
	t.Parallel()
	harness.Need(t, "mosquitto", "mosquitto_pub", "mosquitto_sub", "stdbuf")
	for _, version := range []string{"mqttv311", "mqttv5"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			v5 := version == "mqttv5"
			s := newSandbox(t, "mqtt-front")
			harness.StartPeer(t, proc.Command{Name: "mosquitto", Args: []string{"-p", strconv.Itoa(s.ports["8081"])}}, s.ports["8081"])
			w := s.start("bin/weir examples/mqtt-front/main.js")
			w.WaitLog("Listening")
			sub := harness.StartPeer(t, proc.Command{Name: "stdbuf", Args: append([]string{"-oL", "mosquitto_sub"},
				append(s.mosquittoArgs(version, "operator"), "-d", "-q", "2", "-F", "got %t %q %p", "-t", "sensors/#")...)})
			await := func(text string) {
				t.Helper()
				harness.Eventually(t, "mosquitto_sub writes "+text, func() bool { return strings.Contains(sub.Stdout.String(), text) })
			}
			await("Subscribed")

			for qos := range 3 {
				q := strconv.Itoa(qos)
				refused := s.mosquitto("mosquitto_pub", version, "sensor", "-q", q, "-t", "sensors/other/x", "-m", "bad")
				if said := strings.Contains(refused.Stderr, "Not authorized"); refused.Code != 0 || said != (v5 && qos > 0) {
					t.Errorf("refused message of quality %d: code %d, %s", qos, refused.Code, refused.Stderr)
				}
				if r := s.mosquitto("mosquitto_pub", version, "sensor", "-q", q, "-t", "sensors/sensor/x", "-m", "good"+q); r.Code != 0 || r.Stderr != "" {
					t.Errorf("allowed message of quality %d: code %d, %s", qos, r.Code, r.Stderr)
				}
				await(fmt.Sprintf("got sensors/sensor/x %d good%d", qos, qos))
			}
			if strings.Contains(sub.Stdout.String(), "bad") {
				t.Errorf("a refused message has arrived:\n%s", sub.Stdout.String())
			}

			// Of several filters the refused one keeps its place among the codes.
			code := map[bool]string{false: "128", true: "135"}[v5]
			mixed := harness.StartPeer(t, proc.Command{Name: "stdbuf", Args: append([]string{"-oL", "mosquitto_sub"},
				append(s.mosquittoArgs(version, "sensor"), "-d", "-q", "1", "-t", "public/#", "-t", "sensors/#", "-t", "commands/sensor")...)})
			harness.Eventually(t, "the codes of the filters", func() bool {
				return strings.Contains(mixed.Stdout.String(), "Subscribed (mid: 1): 1, "+code+", 1\n")
			})
			if r := s.mosquitto("mosquitto_sub", version, "stranger", "-d", "-t", "#"); !strings.Contains(r.Stdout, "Subscribed (mid: 1): "+code+"\n") {
				t.Errorf("a refused subscription:\n%s%s", r.Stdout, r.Stderr)
			}

			will := s.mosquitto("mosquitto_pub", version, "evil", "-t", "x", "-m", "x", "--will-topic", "public/x", "--will-payload", "x")
			if code := map[bool]int{false: 5, true: 135}[v5]; will.Code != code {
				t.Errorf("a refused will: code %d, want %d: %s", will.Code, code, will.Stderr)
			}

			policy := s.read("policy.yml")
			harness.WriteFile(t, s.example+"/policy.yml", strings.Replace(policy, "sensors/%c/+", "sensors/+/x", 1))
			w.WaitLog("policy.yml has changed and is in effect")
			s.mosquitto("mosquitto_pub", version, "sensor", "-q", "1", "-t", "sensors/other/x", "-m", "later")
			await("got sensors/other/x 1 later")
			harness.WriteFile(t, s.example+"/policy.yml", strings.Replace(policy, "sensors/%c/+", "sensors/#/x", 1))
			w.WaitLog("policy.yml has changed but is not used: users: sensor: sensors/#/x is no topic filter")
		})
	}
}

// Packets that no well-behaved client sends.
func TestMQTTFrontMisuse(t *testing.T) {
	t.Parallel()
	harness.Need(t, "mosquitto")
	s := newSandbox(t, "mqtt-front")
	harness.StartPeer(t, proc.Command{Name: "mosquitto", Args: []string{"-p", strconv.Itoa(s.ports["8081"])}}, s.ports["8081"])
	s.start("bin/weir examples/mqtt-front/main.js").WaitLog("Listening")
	const connect = "\x10\x13\x00\x04MQTT\x05\x82\x00\x3c\x00\x00\x00\x00\x04evil"
	for name, c := range map[string]struct{ send, end string }{
		"PUBLISH first":         {"\x30\x04\x00\x01ax", ""},
		"CONNECT twice":         {connect + connect, ""},
		"topic alias":           {connect + "\x30\x07\x00\x01a\x03\x23\x00\x01", "\xe0\x02\x94\x00"},
		"wildcard in the topic": {connect + "\x32\x08\x00\x03a/#\x00\x07\x00", "\x40\x04\x00\x07\x87\x00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := harness.Dial(t, s.ports["8000"])
			conn.Send(c.send)
			if strings.HasPrefix(c.send, "\x10") && c.end != "" {
				if head := conn.ReadN(2); head[0] != 0x20 {
					t.Fatalf("got %q instead of CONNACK", head)
				} else {
					conn.ReadN(int(head[1]))
				}
				if got := conn.ReadN(len(c.end)); got != c.end {
					t.Fatalf("got %q, want %q", got, c.end)
				}
				return
			}
			conn.ReadAll()
		})
	}
}
