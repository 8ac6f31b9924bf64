package cli

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// complete returns what bash offers for a line with the cursor at its end.
func complete(t *testing.T, line string) []string {
	t.Helper()
	script := Completion("bash") + `
compopt() { :; } # is for completion by a person
COMP_LINE=$1 COMP_POINT=${#1}
read -ra COMP_WORDS <<<"$1"
[[ $1 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_weir
printf '%s\n' "${COMPREPLY[@]}"`
	out, err := exec.Command("bash", "-c", script, "bash", line).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.Fields(string(out))
}

func TestBashCompletion(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Fatal("this test needs bash")
	}
	for _, c := range []struct {
		line string
		want []string
	}{
		{"weir --threa", []string{"--threads="}},
		{"weir --log-form", []string{"--log-format="}},
		{"weir --log-format=", []string{"text", "json"}},
		{"weir --log-format=j", []string{"json"}},
		{"weir --no-rel", []string{"--no-reload"}},
		{"weir complet", []string{"completion", "completion.go", "completion_test.go"}},
		{"weir completion ", Shells},
		{"weir completion f", []string{"fish"}},
		{"weir bp", []string{"bpf"}},
		{"weir repo im", []string{"import"}},
		{"weir repo import ../clayou", []string{"../clayout"}},
		{"weir bpf ", []string{"list", "dump", "features"}},
		{"weir check completion_t", []string{"completion_test.go"}},
		{"weir --log-file=completion_t", []string{"completion_test.go"}},
		{"weir --none", nil},
	} {
		if got := complete(t, c.line); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.line, got, c.want)
		}
	}
}

// Every command that the help shows is completed.
func TestCompletionKnowsCommands(t *testing.T) {
	t.Parallel()
	for line := range strings.SplitSeq(helpHead, "\n") {
		name, ok := strings.CutPrefix(line, "  weir ")
		name, _, _ = strings.Cut(name, " ")
		if !ok || strings.ContainsAny(name, "[-./") {
			continue
		}
		if !slices.ContainsFunc(subcommands, func(c subcommand) bool { return c.name == name }) {
			t.Errorf("%s is missing", name)
		}
	}
}

// Every option of the help is in the completions of every shell.
func TestCompletionIsWhole(t *testing.T) {
	t.Parallel()
	for _, shell := range Shells {
		script := Completion(shell)
		visible(func(o *option, name string) {
			if shell == "fish" && o.value == "" {
				name = "-l " + strings.TrimPrefix(name, "--")
			}
			if !strings.Contains(script, name) {
				t.Errorf("%s is missing for %s", name, shell)
			}
		})
	}
	if Completion("csh") != "" {
		t.Error("there is something for csh")
	}
}

func TestParseCompletion(t *testing.T) {
	t.Parallel()
	if c, err := Parse([]string{"completion", "zsh"}); err != nil || c.Mode != ModeCompletion || c.Files[0] != "zsh" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, args := range [][]string{{"completion"}, {"completion", "csh"}, {"completion", "zsh", "bash"}} {
		if _, err := Parse(args); err == nil || !strings.Contains(err.Error(), "bash, zsh, fish") {
			t.Errorf("%q: %v", args, err)
		}
	}
}
