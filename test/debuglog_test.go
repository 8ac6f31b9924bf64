//go:build linux

package test

import (
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"weir/test/harness"
)

const debugScript = `
pipy.listen('127.0.0.1:%d', $=>$.demuxHTTP().to($=>$
	.replaceMessage(() => new Message('inner'))
))
pipy.listen('127.0.0.1:%d', $=>$.demuxHTTP().to($=>$
	.muxHTTP(() => 1, { version: 2 }).to($=>$.connect('127.0.0.1:%d'))
))
pipy.listen('127.0.0.1:%d', $=>$.tee('%s').exec('echo hello'))
`

// Every topic of debug output that a proxy can cause writes its lines, and those of other topics do not come with it.
func TestDebugTopics(t *testing.T) {
	t.Parallel()
	for topic, lines := range map[string][]string{
		"thread":   {"[DBG] [thread] Thread 0 started", "Thread 0 restarted"},
		"listener": {"[DBG] [listener] TCP port %d at 127.0.0.1: opened", "new connections go to the new version"},
		"inbound":  {"[DBG] [inbound] 127.0.0.1:", "accepted", "closed"},
		"outbound": {"[DBG] [outbound] ", "connecting", "connected"},
		"tcp":      {"[DBG] [inbound] ", "[DBG] [outbound] "},
		"socket":   {"[DBG] [socket] inbound "},
		"http2":    {"[DBG] [http2] connection as client started", "connection as server started"},
		"subproc":  {"[DBG] [exec] process ", "exited with 0"},
		"files":    {"[DBG] [file] opening "},
		"codebase": {"[DBG] [codebase] Loading /main.js on thread 0"},
		"alloc":    {"[DBG] [alloc] Thread 0 has freed a version"},
	} {
		t.Run(topic, func(t *testing.T) {
			t.Parallel()
			ports := harness.Ports(t, 3)
			script := fmt.Sprintf(debugScript, ports[0], ports[1], ports[0], ports[2], t.TempDir()+"/tee")
			w := harness.Start(t, harness.Config{Script: script, Flags: []string{"--log-level=debug:" + topic}, Listen: ports})
			if got := harness.Curl(t, "-s", fmt.Sprintf("http://127.0.0.1:%d/", ports[1])); got != "inner" {
				t.Fatalf("got %q", got)
			}
			c := harness.Dial(t, ports[2])
			c.Send("x")
			defer c.Close()
			if err := w.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			w.WaitLog("Codebase reloaded on thread 0")
			for _, line := range lines {
				if strings.Contains(line, "%d") {
					line = fmt.Sprintf(line, ports[0])
				}
				w.WaitLog(line)
			}
			category := lines[0][:strings.LastIndexByte(lines[0], ']')+1]
			for _, line := range strings.Split(w.Stderr.String(), "\n") {
				if strings.Contains(line, "[DBG]") && !strings.Contains(line, category) && topic != "tcp" {
					t.Errorf("a line of another topic: %s", line)
				}
			}
		})
	}
}

// With --log-format=json each line is an object.
func TestLogJSON(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	w := harness.Start(t, harness.Config{Script: fmt.Sprintf("pipy.listen(%d, $=>$.dump())\nconsole.warn('a\\n\"b\"')", port),
		Flags: []string{"--log-format=json"}, Listen: []int{port}})
	w.Stop()
	seen := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(w.Stderr.String()), "\n") {
		var record struct{ Time, Level, Category, Message string }
		if err := json.Unmarshal([]byte(line), &record); err != nil || record.Time == "" {
			t.Errorf("%s: %v", line, err)
		}
		seen[record.Message] = record.Level + " " + record.Category
	}
	if seen["a\n\"b\""] != "warn " || seen["Shutting down..."] != "info shutdown" {
		t.Errorf("%v", seen)
	}
}
