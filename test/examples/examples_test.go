//go:build linux

// Package examples runs the examples as their READMEs tell, so that a README cannot say what is not so.
package examples

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// names lists the folders of examples/.
func names(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(harness.Root(), "examples"))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		if e.IsDir() {
			list = append(list, e.Name())
		}
	}
	return list
}

func TestReadme(t *testing.T) {
	t.Parallel()
	harness.Need(t, "chromium", "curl", "dig", "dnsmasq", "mosquitto", "mosquitto_pub", "mosquitto_sub", "ncat", "openssl", "redis-cli")
	for _, name := range names(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSandbox(t, name)
			steps := parseReadme(t, s.read("README.md"))
			seen := map[action]bool{}
			for _, step := range steps {
				s.follow(step)
				seen[step.action] = true
			}
			if !seen[start] || !seen[run] {
				t.Error("the README has to start weir and to use it")
			}
		})
	}
}

// follow does what a step of the README says.
func (s *sandbox) follow(step step) {
	s.Helper()
	switch step.action {
	case start:
		if len(step.output) == 0 {
			s.Fatalf("README.md:%d: the lines that tell that weir is ready are missing", step.line)
		}
		s.start(step.text, step.output...)
	case peer:
		harness.StartPeer(s.T, proc.Command{Name: "/bin/bash", Args: []string{"-c", "exec " + step.text}, Dir: s.dir})
	case stop:
		w := s.servers[step.text]
		if w == nil {
			s.Fatalf("README.md:%d: nothing was started by %s", step.line, step.text)
		}
		delete(s.servers, step.text)
		w.Stop()
	case expect:
		s.awaitAny(step.output)
	case run:
		want := strings.Join(step.output, "\n")
		got := s.run(step.text)
		if step.eventually {
			s.Cleanup(func() {
				if got != want {
					s.Logf("README.md:%d: $ %s\nlast output:\n%s\nwant:\n%s", step.line, step.text, got, want)
				}
			})
			harness.Eventually(s, step.text, func() bool {
				if got == want {
					return true
				}
				got = s.run(step.text)
				return false
			})
		} else if got != want {
			s.Fatalf("README.md:%d: $ %s\noutput:\n%s\nwant:\n%s", step.line, step.text, got, want)
		}
	}
}

// The index has one line for each example, and nothing else.
func TestIndex(t *testing.T) {
	t.Parallel()
	index, err := os.ReadFile(filepath.Join(harness.Root(), "examples", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	list := names(t)
	for _, name := range list {
		if !strings.Contains(string(index), "["+name+"]("+name+"/README.md)") {
			t.Errorf("examples/README.md has no link to %s", name)
		}
	}
	if n := strings.Count(string(index), "/README.md)"); n != len(list) {
		t.Errorf("examples/README.md has %d links for %d examples", n, len(list))
	}
}

// weir check has nothing to say about any example, once the files are there that its README makes.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, name := range names(t) {
		s := newSandbox(t, name)
		if _, err := os.Stat(filepath.Join(s.example, "make-certificates.sh")); err == nil {
			s.run("sh examples/" + name + "/make-certificates.sh server alice")
		}
		for _, pattern := range []string{"*.js", "*.ts"} {
			files, err := filepath.Glob(filepath.Join(s.example, pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				// In the sandbox: some programs make files where they run.
				r := harness.Run(t, "/bin/bash", "-c", "cd '"+s.dir+"' && exec bin/weir check '"+file+"'")
				if r.Code != 0 {
					t.Errorf("weir check %s: code %d\n%s%s", file, r.Code, r.Stdout, r.Stderr)
				}
			}
		}
	}
}
