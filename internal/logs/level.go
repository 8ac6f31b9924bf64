package logs

import (
	"fmt"
	"strings"
)

// Level is the importance of a line. A Logger drops lines below its own level.
type Level int32

const (
	Debug Level = iota
	Info
	Warn
	Error
)

var levelNames = [...]string{"debug", "info", "warn", "error"}

var levelTags = [...]string{"[DBG] ", "[INF] ", "[WRN] ", "[ERR] "}

func (l Level) String() string { return levelNames[l] }

// Topic is a set of subjects of debug output.
type Topic uint32

const (
	Alloc Topic = 1 << iota
	Thread
	Pipeline
	Dump
	Listener
	Inbound
	Outbound
	Socket
	Files
	Subproc
	TCP
	UDP
	HTTP2
	ELF
	BPF
	User // console.debug
	Codebase

	AllTopics Topic = 1<<iota - 1
)

var topicNames = []string{
	"alloc", "thread", "pipeline", "dump", "listener", "inbound", "outbound", "socket", "files", "subproc",
	"tcp", "udp", "http2", "elf", "bpf", "user", "codebase",
}

// ParseLevel reads a level as it is given on the command line: "debug", "info", "warn", "error", or
// "debug:topic+topic". Plain "debug" means all topics; the other levels have none.
func ParseLevel(s string) (Level, Topic, error) {
	name, list, hasTopics := strings.Cut(s, ":")
	for i, n := range levelNames {
		level := Level(i)
		switch {
		case n != name || hasTopics && level != Debug:
			continue
		case level != Debug:
			return level, 0, nil
		case !hasTopics:
			return Debug, AllTopics, nil
		}
		topics, err := parseTopics(list)
		return Debug, topics, err
	}
	return Info, 0, fmt.Errorf("unknown log level: %s", s)
}

func parseTopics(list string) (Topic, error) {
	var topics Topic
names:
	for _, name := range strings.Split(list, "+") {
		for i, n := range topicNames {
			if n == name {
				topics |= 1 << i
				continue names
			}
		}
		return 0, fmt.Errorf("unknown log topic: %s (available topics include: %s)", name, strings.Join(topicNames, " | "))
	}
	return topics, nil
}

// FormatLevel is the reverse of ParseLevel.
func FormatLevel(level Level, topics Topic) string {
	if level != Debug || topics == AllTopics {
		return level.String()
	}
	var names []string
	for i, n := range topicNames {
		if topics&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return "debug:" + strings.Join(names, "+")
}
