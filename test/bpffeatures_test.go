//go:build linux

package test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"weir/test/harness"
)

const featuresScript = `
	var hooks = bpf.object(pipy.load('hooks.o')).load(), context = bpf.object(pipy.load('context.o')).load()
	var compare = (type, program, target) => {
		var works = true
		try { program.attach(target).close() } catch (e) { println(e.message); works = false }
		println(type, works, bpf.features.linkType(type))
	}
	compare('xdp', hooks.program('pass'), { xdp: 'lo', mode: 'generic' })
	compare('tcx', hooks.program('tc_in'), { tcx: 'lo', direction: 'ingress' })
	compare('cgroup', hooks.program('cg_in'), { cgroup: '/sys/fs/cgroup' })
	compare('netns', context.program('web'), { netns: 'self' })
	compare('raw_tracepoint', hooks.program('enter'))
	compare('perf_event', hooks.program('started'))
	compare('iter', hooks.program('walk'))
	try { bpf.features.linkType('chain') } catch (e) { println('error:', e.message) }
	pipy.exit(0)
`

// What bpf.features says of links is what attaching them does, and what weir bpf features prints.
func TestLinkFeatures(t *testing.T) {
	t.Parallel()
	n := harness.NewNetns(t)
	context, err := os.ReadFile("../internal/ebpf/testdata/context.o")
	if err != nil {
		t.Fatal(err)
	}
	w := harness.Spawn(t, harness.Config{Binary: n.KernelBinary(), Files: map[string]string{
		"main.js": featuresScript, "hooks.o": hooks(t), "context.o": string(context)}})
	w.WaitExit()
	out, list := w.Stdout.String(), n.Must(harness.Binary(t), "bpf", "features")
	for _, name := range []string{"xdp", "tcx", "cgroup", "netns", "raw_tracepoint", "perf_event", "iter"} {
		m := regexp.MustCompile(`(?m)^` + name + ` (true|false) (true|false)$`).FindStringSubmatch(out)
		if m == nil || m[1] != m[2] {
			t.Errorf("links of type %s: %v in\n%s", name, m, out)
			continue
		}
		word := map[string]string{"true": "yes", "false": "no"}[m[1]]
		if !regexp.MustCompile(`(?m)^link ` + name + ` +` + word + `$`).MatchString(list) {
			t.Errorf("weir bpf features does not say that links of type %s: %s\n%s", name, word, list)
		}
	}
	if !strings.Contains(out, "error: unknown link type chain: expected one of raw_tracepoint, ") {
		t.Error(out)
	}
}
