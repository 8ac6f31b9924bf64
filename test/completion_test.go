//go:build linux

package test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// shells says how each one is started without the settings of a user.
var shells = map[string]struct {
	command string // run in a terminal
	setup   string // typed first; DIR has the completions
}{
	"bash": {"bash --norc --noprofile -i", "source DIR/weir.bash"},
	"zsh":  {"zsh -f -i", "fpath=(DIR $fpath); autoload -U compinit && compinit -u -d DIR/dump"},
}

// A person's keys, Tab among them, become the arguments weir gets.
func TestCompletionByKeys(t *testing.T) {
	t.Parallel()
	harness.Need(t, "bash", "zsh", "script")
	for name, shell := range shells {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := weir(t, "completion", name)
			file := "weir." + name
			if name == "zsh" {
				file = "_weir"
			}
			harness.WriteFile(t, filepath.Join(dir, file), r.Stdout)
			harness.WriteFile(t, filepath.Join(dir, "my script.js"), "")
			// It writes what it was given, apart from what the terminal echoes.
			standin := strings.ReplaceAll("#!/bin/sh\n{ printf '<%s>' \"$@\"; echo; } >> DIR/got\n", "DIR", dir)
			if err := os.WriteFile(filepath.Join(dir, "weir"), []byte(standin), 0o755); err != nil {
				t.Fatal(err)
			}
			got := func() string {
				text, _ := os.ReadFile(filepath.Join(dir, "got"))
				return string(text)
			}

			cmd := exec.Command("script", "-qec", shell.command, "/dev/null")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "TERM=dumb", "HOME="+dir)
			var screen proc.Output
			cmd.Stdout, cmd.Stderr = &screen, &screen
			cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
			keys, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
				if t.Failed() {
					t.Logf("the terminal:\n%s", screen.String())
				}
			})
			typed := func(text string) {
				if _, err := io.WriteString(keys, text); err != nil {
					t.Fatal(err)
				}
			}
			harness.Eventually(t, "the shell is ready", func() bool { return strings.ContainsAny(screen.String(), "#$%") })
			// What is typed does not have the word in one piece.
			typed(strings.ReplaceAll(shell.setup, "DIR", dir) + "; echo REA''DY\n")
			harness.Eventually(t, "the completions are loaded", func() bool { return strings.Contains(screen.String(), "READY") })
			want := ""
			for _, c := range []struct{ keys, args string }{
				{"weir --threa\t4", "<--threads=4>"},
				{"weir --log-form\tj\t", "<--log-format=json>"},
				{"weir --no-rel\t--no-gr\t", "<--no-reload><--no-graph>"},
				{"weir bp\tli\t", "<bpf><list>"},
				{"weir complet\tfi\t", "<completion><fish>"},
				{"weir repo im\tx", "<repo><import><x>"},
				{"weir check my\t", "<check><my script.js>"},
				{"weir --log-file=my\t", "<--log-file=my script.js>"},
			} {
				want += c.args + "\n"
				typed(c.keys + "\n")
				harness.Eventually(t, "weir gets "+c.args+", got "+got(), func() bool { return strings.Count(got(), "\n") == strings.Count(want, "\n") })
				if got() != want {
					t.Fatalf("arguments\n%swant\n%s", got(), want)
				}
			}
			typed("exit\n")
		})
	}
}

// fish completes a line without a terminal.
func TestCompletionFish(t *testing.T) {
	t.Parallel()
	harness.Need(t, "fish")
	dir := t.TempDir()
	file := filepath.Join(dir, "weir.fish")
	harness.WriteFile(t, file, weir(t, "completion", "fish").Stdout)
	harness.WriteFile(t, filepath.Join(dir, "my-script.js"), "")
	for _, c := range []struct{ line, want string }{
		{"weir --threa", "--threads= --threads=max"},
		{"weir --repo-tok", "--repo-token="},
		{"weir --log-format=j", "--log-format=json"},
		{"weir --no-rel", "--no-reload"},
		{"weir bp", "bpf"},
		{"weir bpf l", "list"},
		{"weir repo im", "import"},
		{"weir completion f", "fish"},
		{"weir check my", "my-script.js"},
		{"weir --log-file=my", "--log-file=my-script.js"},
	} {
		r := harness.Run(t, "env", "-C", dir, "HOME="+dir, "fish", "--no-config", "-c", "source "+file+"; complete -C '"+c.line+"'")
		var got []string
		for line := range strings.Lines(r.Stdout) {
			word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			got = append(got, word)
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %q, want %q\n%s", c.line, text, c.want, r.Stderr)
		}
	}
}
