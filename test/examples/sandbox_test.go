//go:build linux

package examples

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"weir/test/harness"
)

// sandbox is a folder that looks like the repository to the commands of an example: bin/weir and examples/NAME, with
// free ports in place of those written down.
type sandbox struct {
	*testing.T
	dir     string
	example string         // folder of the example
	ports   map[string]int // the ports written down → those used
	servers map[string]*harness.Weir
	ns      *harness.Netns  // where everything runs if the example changes the kernel, else nil
	cgroup  *harness.Cgroup // likewise, if it has programs for cgroups
}

// portNumber is what is taken for a port, in every file of an example.
var portNumber = regexp.MustCompile(`\b80\d\d\b`)

func newSandbox(t *testing.T, name string) *sandbox {
	t.Helper()
	s := &sandbox{T: t, dir: t.TempDir(), servers: map[string]*harness.Weir{}}
	s.example = filepath.Join(s.dir, "examples", name)
	if err := os.CopyFS(s.example, os.DirFS(filepath.Join(harness.Root(), "examples", name))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(s.dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(harness.Binary(t), filepath.Join(s.dir, "bin", "weir")); err != nil {
		t.Fatal(err)
	}
	if programs, _ := filepath.Glob(filepath.Join(s.example, "*.c")); programs != nil {
		s.ns = harness.NewNetns(t)
		if strings.Contains(s.read(filepath.Base(programs[0])), `SEC("cgroup/`) {
			s.cgroup = harness.NewCgroup(t)
		}
	}
	// For commands in pipes, where curl would show its progress.
	harness.WriteFile(t, filepath.Join(s.dir, ".curlrc"), "silent\nshow-error\nmax-time = 20\n")

	files := map[string]string{}
	err := filepath.WalkDir(s.example, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.choosePorts(files)
	for path, text := range files {
		harness.WriteFile(t, path, s.translate(text))
	}
	return s
}

// choosePorts finds a free port for each one in the files, in the same order, because outputs may be sorted.
func (s *sandbox) choosePorts(files map[string]string) {
	s.ports = map[string]int{}
	for _, text := range files {
		for _, p := range portNumber.FindAllString(text, -1) {
			s.ports[p] = 0
		}
	}
	free := harness.Ports(s, len(s.ports))
	slices.Sort(free)
	for i, p := range slices.Sorted(maps.Keys(s.ports)) {
		s.ports[p] = free[i]
	}
}

func (s *sandbox) translate(text string) string {
	return portNumber.ReplaceAllStringFunc(text, func(p string) string { return strconv.Itoa(s.ports[p]) })
}

func (s *sandbox) read(name string) string {
	s.Helper()
	text, err := os.ReadFile(filepath.Join(s.example, name))
	if err != nil {
		s.Fatal(err)
	}
	return string(text)
}

// bash is a command line that runs a command where the example runs.
func (s *sandbox) bash(command string) []string {
	args := []string{"/bin/bash", "-c", command}
	if s.cgroup != nil {
		return s.cgroup.Command(s.ns, args[0], args[1:]...)
	}
	if s.ns != nil {
		args = append([]string{"/sbin/ip", "netns", "exec", s.ns.Name}, args...)
	}
	return args
}

// start starts weir as the command says, and waits for the lines in its output.
func (s *sandbox) start(command string, lines ...string) *harness.Weir {
	s.Helper()
	m := startsWeir.FindStringSubmatch(command)
	args := s.bash(m[1] + "exec " + m[2])
	w := harness.Spawn(s.T, harness.Config{Binary: args[0], Flags: args[1:], Dir: s.dir})
	s.servers[command] = w
	s.await(w, lines)
	return w
}

// await waits until weir has written the lines.
func (s *sandbox) await(w *harness.Weir, lines []string) {
	s.Helper()
	for _, line := range lines {
		harness.Eventually(s, "weir writes "+withoutTime(line), func() bool { return s.wrote(w, line) })
	}
}

// awaitAny waits until one of those that run, the same for all, has written the lines.
func (s *sandbox) awaitAny(lines []string) {
	s.Helper()
	harness.Eventually(s, "weir writes "+withoutTime(strings.Join(lines, "\n")), func() bool {
		for _, w := range s.servers {
			if !slices.ContainsFunc(lines, func(line string) bool { return !s.wrote(w, line) }) {
				return true
			}
		}
		return false
	})
}

func (s *sandbox) wrote(w *harness.Weir, line string) bool {
	s.Helper()
	if !w.Running() {
		s.Fatalf("weir ended, code %d", w.ExitCode())
	}
	written := withoutTime(w.Stdout.String() + w.Stderr.String())
	return slices.Contains(strings.Split(written, "\n"), withoutTime(line))
}

var logTime = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}`)

func withoutTime(text string) string { return logTime.ReplaceAllString(text, "TIME") }

// run runs a shell command and returns its output.
func (s *sandbox) run(command string) string {
	s.Helper()
	args := s.bash("cd '" + s.dir + "' && export CURL_HOME=$PWD && unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY && {\n" + command + "\n} 2>&1")
	r := harness.Run(s, args[0], args[1:]...)
	return strings.TrimSuffix(strings.ReplaceAll(r.Stdout, "\r\n", "\n"), "\n")
}
