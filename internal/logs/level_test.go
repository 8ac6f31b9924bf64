package logs

import "testing"

func TestParseLevel(t *testing.T) {
	t.Parallel()
	const topics = "alloc | thread | pipeline | dump | listener | inbound | outbound | socket | files | subproc | " +
		"tcp | udp | http2 | elf | bpf | user | codebase"
	for _, c := range []struct {
		in     string
		level  Level
		topics Topic
		err    string
	}{
		{"debug", Debug, AllTopics, ""},
		{"info", Info, 0, ""},
		{"warn", Warn, 0, ""},
		{"error", Error, 0, ""},
		{"debug:user", Debug, User, ""},
		{"debug:tcp+udp+codebase", Debug, TCP | UDP | Codebase, ""},
		{"", 0, 0, "unknown log level: "},
		{"trace", 0, 0, "unknown log level: trace"},
		{"info:tcp", 0, 0, "unknown log level: info:tcp"},
		{"debug:x", 0, 0, "unknown log topic: x (available topics include: " + topics + ")"},
		{"debug:tcp+", 0, 0, "unknown log topic:  (available topics include: " + topics + ")"},
	} {
		level, set, err := ParseLevel(c.in)
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%q: error %v, want %q", c.in, err, c.err)
			}
			continue
		}
		if err != nil || level != c.level || set != c.topics {
			t.Errorf("%q: %v, %b, %v", c.in, level, set, err)
		}
	}
	if len(topicNames) != 17 || AllTopics != 1<<17-1 || Codebase != 1<<16 {
		t.Error("names and values of topics do not match")
	}
}

func TestParseOutput(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Output{"stdout": Stdout, "stderr": Stderr, "null": Null} {
		if got, err := ParseOutput(in); got != want || err != nil {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
	if _, err := ParseOutput("syslog"); err == nil || err.Error() != "unknown log output: syslog" {
		t.Error(err)
	}
}
