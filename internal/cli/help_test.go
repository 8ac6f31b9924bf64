package cli

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHelpFitsTerminal(t *testing.T) {
	t.Parallel()
	for _, line := range strings.Split(Help()+shortUsage, "\n") {
		if utf8.RuneCountInString(line) > 80 {
			t.Errorf("longer than 80 columns: %s", line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("ends in a space: %q", line)
		}
	}
}

// The help shows every option that works and none that does not exist.
func TestHelpIsComplete(t *testing.T) {
	t.Parallel()
	help := Help()
	shown := map[string]bool{"--": true, "--args": true, "--option": true}
	for _, name := range regexp.MustCompile(`--[a-z-]+`).FindAllString(help, -1) {
		if optionByName[name] == nil && !shown[name] {
			t.Errorf("help shows %s", name)
		}
		shown[name] = true
	}
	for name := range optionByName {
		if strings.HasPrefix(name, "--") && !shown[name] {
			t.Errorf("help lacks %s", name)
		}
	}
	for _, section := range []string{"Usage:", "Examples:", "Exit codes:", "Signals:"} {
		if !strings.Contains(help, "\n"+section+"\n") {
			t.Errorf("help lacks %q", section)
		}
	}
}

// What the help gives as an example must be a valid command line.
func TestHelpExamples(t *testing.T) {
	t.Parallel()
	n := 0
	for _, line := range strings.Split(Help(), "\n") {
		command, ok := strings.CutPrefix(line, "  weir ")
		if !ok || strings.Contains(command, "[OPTION") || strings.Contains(command, "   ") || strings.Contains(command, "[s]") {
			continue
		}
		n++
		sys := testSystem(t)
		main, err := sys.stat("main.js")
		if err != nil {
			t.Fatal(err)
		}
		stat := sys.stat
		sys.stat = func(path string) (info os.FileInfo, err error) {
			if path == "proxy.js" {
				return main, nil
			}
			return stat(path)
		}
		if _, err := parse(shellWords(command), sys); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
	if n != 4 {
		t.Errorf("%d examples, want 4", n)
	}
}

// shellWords splits at spaces outside single quotes.
func shellWords(s string) []string {
	var words []string
	for i, part := range strings.Split(s, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

func TestVersionBlock(t *testing.T) {
	t.Parallel()
	block := Build{Version: "1.2.3", Commit: "abc", Date: "2026-01-31"}.Block()
	if !strings.HasPrefix(block, "Version          : 1.2.3\nCommit           : abc\nCommit Date      : 2026-01-31\nHost             : ") {
		t.Error(block)
	}
	for _, line := range strings.Split(strings.TrimSuffix(block, "\n"), "\n") {
		if len(line) < 20 || line[17:19] != ": " {
			t.Errorf("line %q", line)
		}
	}
	if ReadBuild("9").Version != "9" {
		t.Error("release number lost")
	}
}
