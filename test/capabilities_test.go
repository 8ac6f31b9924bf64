//go:build linux

package test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"weir/test/harness"
)

// capabilitiesScript does what needs rights, one thing after the other, and prints how each went.
const capabilitiesScript = `
	var step = (name, f) => { try { f(); println(name + ': done') } catch (e) { println(name + ': ' + e.message) } }
	var links = []
	var program = name => bpf.object(pipy.load('hooks.o')).program(name).load()
	step('map', () => new bpf.Map({ type: 'array', keySize: 4, valueSize: 4, maxEntries: 1 }))
	step('xdp', () => links.push(program('pass').attach({ xdp: 'lo' })))
	step('tcx', () => links.push(program('tc_in').attach({ tcx: 'lo', direction: 'ingress' })))
	step('cgroup', () => links.push(program('cg_in').attach({ cgroup: '/sys/fs/cgroup' })))
	step('trace', () => links.push(program('enter').attach()))
	println('end')
	pipy.exit(0)`

// The capabilities of weir-ebpf.conf are enough for another user than root to load and attach kernel programs, and each of
// them is needed. Without one, the error says which.
func TestCapabilitiesForKernelPrograms(t *testing.T) {
	t.Parallel()
	harness.Need(t, "setpriv")
	conf, err := os.ReadFile(filepath.Join(harness.Root(), "packaging/systemd/weir-ebpf.conf"))
	if err != nil {
		t.Fatal(err)
	}
	list := func(key string) []string {
		m := regexp.MustCompile(`(?m)^` + key + `=(.*)$`).FindStringSubmatch(string(conf))
		if m == nil {
			t.Fatalf("no %s in weir-ebpf.conf", key)
		}
		return strings.Fields(strings.ToLower(strings.ReplaceAll(m[1], "CAP_", "")))
	}
	all := list("AmbientCapabilities")
	if !slices.Equal(all, list("CapabilityBoundingSet")) {
		t.Error("the bounding set differs from the ambient one")
	}
	binary, err := os.ReadFile(harness.Binary(t))
	if err != nil {
		t.Fatal(err)
	}
	// Another user gets into neither the folder of the build nor that of the test.
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	weir := filepath.Join(dir, "weir")
	if err := os.WriteFile(weir, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	harness.WriteFile(t, filepath.Join(dir, "main.js"), capabilitiesScript)
	harness.WriteFile(t, filepath.Join(dir, "hooks.o"), hooks(t))
	// run tells by step how it went with these capabilities.
	run := func(t *testing.T, capabilities []string) map[string]string {
		t.Helper()
		set := "-all"
		for _, c := range capabilities {
			set += ",+" + c
		}
		n := harness.NewNetns(t)
		command := n.KernelCommand("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs",
			"--bounding-set="+set, "--inh-caps="+set, "--ambient-caps="+set, weir)
		w := harness.Spawn(t, harness.Config{Binary: command, Path: filepath.Join(dir, "main.js")})
		w.WaitExit()
		steps := map[string]string{}
		for line := range strings.Lines(w.Stdout.String()) {
			name, result, _ := strings.Cut(strings.TrimSpace(line), ": ")
			steps[name] = result
		}
		if _, ok := steps["end"]; !ok {
			t.Fatalf("the script did not end:\n%s%s", w.Stdout.String(), w.Stderr.String())
		}
		return steps
	}
	steps := []string{"map", "xdp", "tcx", "cgroup", "trace"}
	check := func(t *testing.T, got map[string]string, without string, fail ...string) {
		t.Helper()
		reason := "Operation not permitted (weir runs without CAP_" + strings.ToUpper(without) + ")"
		for _, name := range steps {
			switch failed := slices.Contains(fail, name); {
			case !failed && got[name] != "done":
				t.Errorf("%s: %s", name, got[name])
			case failed && !strings.Contains(got[name], reason):
				t.Errorf("%s: %q, want %q", name, got[name], reason)
			}
		}
	}
	t.Run("all", func(t *testing.T) { check(t, run(t, all), "") })
	fail := map[string][]string{"bpf": steps, "net_admin": {"xdp", "tcx", "cgroup"}, "perfmon": {"trace"}}
	for _, without := range all {
		t.Run("without "+without, func(t *testing.T) {
			if fail[without] == nil {
				t.Fatal("nothing here needs it")
			}
			check(t, run(t, slices.DeleteFunc(slices.Clone(all), func(c string) bool { return c == without })), without, fail[without]...)
		})
	}
}
