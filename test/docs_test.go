//go:build linux

package test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// docCommand is what a ```console block of the documentation shows: a command after "$ ", and what appears then.
type docCommand struct {
	line   int
	text   string
	output []string
}

var (
	namedFile = regexp.MustCompile("`([\\w-]+\\.js)`[^`]*\n*$")
	// What starts with a time is a log.
	docTime = regexp.MustCompile(`^(\{"time":")?\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\.\d{3}Z?`)
	// What is not run here: it changes the machine.
	changesMachine = regexp.MustCompile(`^(CGO_ENABLED=1 )?(systemctl|docker|go build) `)
)

// parseDoc lists the commands of a page, and its scripts by the name that the text before gives them.
func parseDoc(t *testing.T, text string) (commands []docCommand, scripts map[string]string) {
	t.Helper()
	scripts = map[string]string{}
	fence, before, file := "", "", ""
	for i, line := range strings.Split(text, "\n") {
		info, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && fence == "":
			fence = info
			if m := namedFile.FindStringSubmatch(before); m != nil && info == "js" {
				file = m[1]
			}
		case isFence:
			fence, before, file = "", "", ""
		case fence == "":
			before += line + "\n"
		case file != "":
			scripts[file] += line + "\n"
		case fence == "console" && strings.HasPrefix(line, "$ "):
			commands = append(commands, docCommand{line: i + 1, text: line[2:]})
		case fence == "console":
			last := &commands[len(commands)-1]
			last.output = append(last.output, line)
		case fence == "sh" && !changesMachine.MatchString(line):
			t.Errorf("line %d: %q can be run here: show it in a ```console block with its output", i+1, line)
		}
	}
	return commands, scripts
}

// Every command of the guides works as it is printed, in an empty directory, and shows what is printed below it.
func TestDocsCommands(t *testing.T) {
	t.Parallel()
	harness.Need(t, "bash", "curl")
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(harness.Root(), "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, page := range []struct{ name, before string }{
		{"guide/en/getting-started.md", ""}, {"guide/zh/getting-started.md", ""},
		// They say that they go on with the script of the other page.
		{"operating.md", "guide/en/getting-started.md"}, {"operating.zh-CN.md", "guide/zh/getting-started.md"},
	} {
		t.Run(page.name, func(t *testing.T) {
			t.Parallel()
			commands, scripts := parseDoc(t, read(page.name))
			if page.before != "" {
				_, scripts = parseDoc(t, read(page.before))
			}
			if len(commands) < 8 || scripts["hello.js"] == "" {
				t.Fatalf("%d commands, scripts %v", len(commands), scripts)
			}
			s := startDocShell(t, scripts)
			for _, c := range commands {
				s.follow(c)
			}
		})
	}
}

// docShell is a shell in a directory and a network of its own, where ports are as they are printed.
type docShell struct {
	*testing.T
	keys   io.Writer
	screen proc.Output
	at     int // what is before in the screen belongs to earlier commands
	n      int
}

func startDocShell(t *testing.T, scripts map[string]string) *docShell {
	t.Helper()
	s := &docShell{T: t}
	ns := harness.NewNetns(t)
	dir, bin := t.TempDir(), t.TempDir()
	for name, text := range scripts {
		harness.WriteFile(t, filepath.Join(dir, name), text)
	}
	if err := os.Symlink(harness.Binary(t), filepath.Join(bin, "weir")); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	harness.WriteFile(t, filepath.Join(home, ".curlrc"), "silent\nshow-error\nmax-time = 20\nnoproxy = *\n")
	cmd := exec.Command("ip", "netns", "exec", ns.Name, "bash", "--norc")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+home, "CURL_HOME="+home)
	cmd.Stdout, cmd.Stderr = &s.screen, &s.screen
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	keys, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.keys = keys
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the shell and what it started
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the shell:\n%s", s.screen.String())
		}
	})
	return s
}

func withoutTimes(lines []string) []string {
	var out []string
	for _, l := range lines {
		out = append(out, docTime.ReplaceAllString(l, "${1}TIME"))
	}
	return out
}

// follow runs a command and waits for the lines that the page shows. Logs may have more lines than those; what else there is
// has to be the same.
func (s *docShell) follow(c docCommand) {
	s.Helper()
	s.n++
	end := fmt.Sprintf("<end %d ", s.n)
	if _, err := fmt.Fprintf(s.keys, "%s\necho '%s'$?'>'\n", c.text, end); err != nil {
		s.Fatal(err)
	}
	var lines []string
	missing := func() (missing []string) {
		text := s.screen.String()[s.at:]
		lines = withoutTimes(strings.Split(text, "\n"))
		for _, want := range withoutTimes(c.output) {
			if !slices.Contains(lines, want) {
				missing = append(missing, want)
			}
		}
		if !strings.Contains(text, end) {
			missing = append(missing, end)
		}
		return missing
	}
	harness.Eventually(s, fmt.Sprintf("line %d: the output of $ %s", c.line, c.text), func() bool { return len(missing()) == 0 })
	for _, l := range lines {
		if code, ok := strings.CutPrefix(l, end); ok && code != "0>" {
			s.Errorf("line %d: $ %s: exit code %s", c.line, c.text, code)
		}
		isLog := strings.HasPrefix(l, "TIME") || strings.HasPrefix(l, `{"time":"TIME`)
		if l != "" && !isLog && !strings.HasPrefix(l, "<end ") && !slices.Contains(c.output, l) {
			s.Errorf("line %d: $ %s: also writes %q", c.line, c.text, l)
		}
	}
	s.at = len(s.screen.String())
}
