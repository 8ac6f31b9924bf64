//go:build linux

package examples

import (
	"regexp"
	"strings"
	"testing"
)

// A README's fenced blocks tell what a reader types and sees:
//
//   - ```console holds commands, after "$ ", each followed by its output. A command that starts weir runs on in the
//     background; the lines below it appear in its output, in any order. So does a command that ends with " &", which has
//     no output here. Of every other command the output is complete.
//   - ```log holds lines that a running weir writes after what came before.
//
// Comments before a block direct the test where a reader needs no telling:
//
//   - <!-- test: eventually --> the commands of the next block are repeated until they show what they ought to.
//   - <!-- test: stop COMMAND --> ends the weir that COMMAND started, as Ctrl-C does.
type step struct {
	line       int // in the README
	action     action
	text       string   // command
	output     []string // expected lines
	eventually bool
}

type action int

const (
	start  action = iota // weir in the background
	peer                 // another server in the background
	run                  // another command
	expect               // lines in the log
	stop                 // what start has started
)

var (
	startsWeir = regexp.MustCompile(`^((?:\w+=\S+ +)*)(bin/weir .*)`)
	directive  = regexp.MustCompile(`^<!-- test: (eventually|stop (.+)) -->$`)
)

// parseReadme lists what a README says.
func parseReadme(t *testing.T, text string) []step {
	t.Helper()
	var steps []step
	var fence string
	var eventually bool
	for i, line := range strings.Split(text, "\n") {
		n := i + 1
		last := len(steps) - 1
		switch {
		case fence == "":
			if m := directive.FindStringSubmatch(line); m != nil {
				eventually = m[2] == ""
				if !eventually {
					steps = append(steps, step{line: n, action: stop, text: m[2]})
				}
			} else if strings.HasPrefix(line, "<!-- test:") {
				t.Fatalf("line %d: unknown directive %s", n, line)
			} else if info, ok := strings.CutPrefix(line, "```"); ok {
				fence = info
				if fence == "" {
					t.Fatalf("line %d: a block needs a kind: ```console, ```log, ```js, ...", n)
				}
				if fence == "log" {
					steps = append(steps, step{line: n, action: expect})
				}
			}
		case line == "```":
			fence, eventually = "", false
		case fence == "console" && strings.HasPrefix(line, "$ "):
			s := step{line: n, action: run, text: line[2:], eventually: eventually}
			if startsWeir.MatchString(s.text) {
				s.action = start
			} else if command, ok := strings.CutSuffix(s.text, " &"); ok {
				s.action, s.text = peer, command
			}
			steps = append(steps, s)
		case fence == "console" && last >= 0 && len(steps[last].output) == 0 && strings.HasSuffix(steps[last].text, `\`):
			steps[last].text += "\n" + line
		case fence == "console" || fence == "log":
			steps[last].output = append(steps[last].output, line)
		}
	}
	return steps
}

func TestParseReadme(t *testing.T) {
	t.Parallel()
	steps := parseReadme(t, strings.Join([]string{
		"# Title", "", "```console", "$ PORT=8001 bin/weir main.js", "listening", "```",
		"```js", "$ no command", "```",
		"<!-- test: eventually -->", "```console", `$ curl \`, "    url", "one", "", "two", "$ true", "$ server -p 1 &", "```",
		"<!-- test: stop bin/weir main.js -->", "```log", "bye", "```",
	}, "\n"))
	want := []step{
		{4, start, "PORT=8001 bin/weir main.js", []string{"listening"}, false},
		{12, run, "curl \\\n    url", []string{"one", "", "two"}, true},
		{17, run, "true", nil, true},
		{18, peer, "server -p 1", nil, true},
		{20, stop, "bin/weir main.js", nil, false},
		{21, expect, "", []string{"bye"}, false},
	}
	if len(steps) != len(want) {
		t.Fatalf("%d steps, want %d: %+v", len(steps), len(want), steps)
	}
	for i, s := range steps {
		w := want[i]
		if s.line != w.line || s.action != w.action || s.text != w.text || s.eventually != w.eventually ||
			strings.Join(s.output, "\n") != strings.Join(w.output, "\n") {
			t.Errorf("step %d is %+v, want %+v", i, s, w)
		}
	}
}
