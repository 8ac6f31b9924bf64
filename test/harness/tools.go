//go:build linux

package harness

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// debianPackage tells where a tool comes from, for those whose package has another name.
var debianPackage = map[string]string{
	"/usr/bin/python3": "python3-websockets",
	"ab":               "apache2-utils",
	"bird":             "bird2",
	"birdc":            "bird2",
	"dig":              "bind9-dnsutils",
	"dnsmasq":          "dnsmasq-base",
	"h2load":           "nghttp2-client",
	"ip":               "iproute2",
	"llc":              "llvm",
	"llvm-strip":       "llvm",
	"mosquitto":        "mosquitto",
	"nc":               "netcat-openbsd",
	"nghttp":           "nghttp2-client",
	"redis-cli":        "redis-tools",
	"script":           "bsdutils",
	"setpriv":          "util-linux",
	"ss":               "iproute2",
	"tc":               "iproute2",
	"sysctl":           "procps",
	"taskset":          "util-linux",
	"unshare":          "util-linux",
}

// Need fails the test when one of the tools is missing, naming the Debian package that has it: a test that is
// skipped silently tests nothing. With WEIR_SKIP_TOOLS set the test is skipped instead.
func Need(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		pkg := debianPackage[tool]
		if pkg == "" {
			pkg = tool
		}
		if os.Getenv("WEIR_SKIP_TOOLS") != "" {
			t.Skipf("%s is not installed (Debian package %s)", tool, pkg)
		}
		t.Fatalf("%s is not installed: apt-get install %s, or run test/setup.sh, or set WEIR_SKIP_TOOLS=1 to skip such tests", tool, pkg)
	}
}

// Result is what a finished command left.
type Result struct {
	Stdout string
	Stderr string
	Code   int
}

// Run runs a command to its end, within Patience, and returns what it wrote. Not being able to start it, or
// running out of time, fails the test; a non-zero exit code does not.
func Run(t testing.TB, name string, args ...string) Result {
	t.Helper()
	return RunInput(t, "", name, args...)
}

// RunInput is Run with text on the command's standard input.
func RunInput(t testing.TB, stdin, name string, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = bytes.NewReader([]byte(stdin))
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("%s %q did not end within %v\n%s%s", name, args, Patience, &stdout, &stderr)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run %s: %v", name, err)
	}
	return Result{Stdout: stdout.String(), Stderr: stderr.String(), Code: cmd.ProcessState.ExitCode()}
}

// Curl runs curl silently with the arguments and returns its standard output. A failing curl fails the test.
func Curl(t testing.TB, args ...string) string {
	t.Helper()
	Need(t, "curl")
	r := Run(t, "curl", append([]string{"--silent", "--show-error", "--noproxy", "*", "--max-time", "20"}, args...)...)
	if r.Code != 0 {
		t.Fatalf("curl %q: exit code %d\n%s%s", args, r.Code, r.Stdout, r.Stderr)
	}
	return r.Stdout
}
