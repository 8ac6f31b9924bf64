//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// machineFacts says what was measured on what, without host names and paths.
func machineFacts(e *env) []string {
	facts := []string{
		fmt.Sprintf("CPU: %s, %d used: server on the first, load and backends on the last", cpuModel(), len(e.allCPUs)),
		fmt.Sprintf("kernel: Linux %s %s", strings.TrimSpace(readFile("/proc/sys/kernel/osrelease")), runtime.GOARCH),
		"load average before the run, of one minute: " + strings.Fields(readFile("/proc/loadavg") + " ?")[0] + " (near 0 on a machine of one's own)",
		strings.Replace(version("nginx", "-v"), "nginx version: nginx/", "nginx: ", 1),
		strings.Replace(version("haproxy", "-v"), "version ", "", 1),
		version("wrk", "-v"),
		version("iperf3", "--version"),
		"Go: " + runtime.Version(),
	}
	if e.weirErr == nil {
		facts = append(facts, "weir: "+version(e.weir, "--version"))
	}
	return facts
}

func cpuModel() string {
	for line := range strings.Lines(readFile("/proc/cpuinfo")) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func readFile(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}

// version returns the first line of a program's version text; some exit with an error after it.
func version(program, flag string) string {
	if _, err := exec.LookPath(program); err != nil {
		return program + " is not installed"
	}
	out, _ := exec.Command(program, flag).CombinedOutput()
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return strings.TrimSpace(line)
}
