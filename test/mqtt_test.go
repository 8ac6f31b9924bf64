//go:build linux

package test

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// startMosquitto runs a broker without persistence that lets everybody in.
func startMosquitto(t *testing.T) (port int) {
	t.Helper()
	port = harness.Port(t)
	conf := filepath.Join(t.TempDir(), "mosquitto.conf")
	harness.WriteFile(t, conf, fmt.Sprintf("listener %d 127.0.0.1\nallow_anonymous true\npersistence false\n", port))
	harness.StartPeer(t, proc.Command{Name: "mosquitto", Args: []string{"-c", conf}}, port)
	return port
}

// TestMQTT puts a proxy that decodes and encodes both directions between mosquitto's clients and its broker, with every
// quality of service, retained messages, wills, and all versions of the protocol, whether scripts look at the packets or not.
func TestMQTT(t *testing.T) {
	t.Parallel()
	harness.Need(t, "mosquitto_sub", "mosquitto_pub")
	broker := startMosquitto(t)
	for name, look := range map[string]string{
		"untouched": "",
		"looked at": ".handleMessageStart(e => { seen += JSON.stringify(e.head).length }).handleMessageEnd(e => { seen += JSON.stringify([e.payload]).length })",
	} {
		port := harness.Port(t)
		harness.Start(t, harness.Config{Listen: []int{port}, Script: fmt.Sprintf(`
			var seen = 0
			pipy.listen(%d, $=>$
				.decodeMQTT()%[2]s.encodeMQTT()
				.connect('127.0.0.1:%[3]d')
				.decodeMQTT()%[2]s.encodeMQTT()
			)
		`, port, look, broker)})
		for _, version := range []string{"mqttv31", "mqttv311", "mqttv5"} {
			t.Run(name+" "+version, func(t *testing.T) {
				to := []string{"-h", "127.0.0.1", "-p", strconv.Itoa(port), "-V", version}
				topic := strings.ReplaceAll(name, " ", "-") + "/" + version
				will := []string{"--will-topic", topic + "/will", "--will-payload", "gone"}
				format := "%t %q %r %p"
				if version == "mqttv5" {
					format = "%t %q %r %p %P %C %R"
					will = append(will, "-D", "will", "content-type", "text", "-D", "connect", "session-expiry-interval", "60",
						"-D", "subscribe", "subscription-identifier", "5")
				}
				sub := harness.StartPeer(t, proc.Command{Name: "stdbuf", Args: append(append(append([]string{"-oL", "mosquitto_sub"}, to...), "-d", "-i", topic, "-q", "2", "-t", topic+"/#",
					"-F", format, "-u", "user", "-P", "pass"), will...)})
				await := func(text string) {
					t.Helper()
					harness.Eventually(t, fmt.Sprintf("mosquitto_sub writes %.100q", text), func() bool { return strings.Contains(sub.Stdout.String(), text) })
				}
				await("Subscribed")
				big := strings.Repeat("abcdefgh", 30000)
				for qos, message := range []string{"zero", "one", big} {
					args := append(to, "-q", strconv.Itoa(qos), "-t", topic+"/x", "-s")
					want := fmt.Sprintf("%s/x %d 0 %s", topic, qos, message)
					if version == "mqttv5" {
						args = append(args, "-D", "publish", "user-property", "a", "b", "-D", "publish", "content-type", "text/plain",
							"-D", "publish", "response-topic", "answer")
						want += " a:b text/plain answer"
					}
					if r := harness.RunInput(t, message, "mosquitto_pub", args...); r.Code != 0 {
						t.Fatalf("mosquitto_pub: %s%s", r.Stdout, r.Stderr)
					}
					await(want)
				}
				if r := harness.Run(t, "mosquitto_pub", append(to, "-q", "1", "-r", "-t", topic+"/kept", "-m", "kept")...); r.Code != 0 {
					t.Fatalf("mosquitto_pub -r: %s%s", r.Stdout, r.Stderr)
				}
				if r := harness.Run(t, "mosquitto_sub", append(to, "-C", "1", "-W", "20", "-t", topic+"/kept", "-F", "%r %p")...); r.Stdout != "1 kept\n" {
					t.Errorf("the retained message: %s%s", r.Stdout, r.Stderr)
				}
				lost := harness.StartPeer(t, proc.Command{Name: "stdbuf", Args: append(append([]string{"-oL", "mosquitto_sub"}, to...), "-d", "-i", topic+"/2", "-t", topic+"/none",
					"--will-topic", topic+"/lost", "--will-payload", "farewell", "--will-qos", "2")})
				harness.Eventually(t, "the client with a will to subscribe", func() bool { return strings.Contains(lost.Stdout.String(), "Subscribed") })
				if err := lost.Signal(syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				await(topic + "/lost 2 0 farewell")
			})
		}
	}
}
