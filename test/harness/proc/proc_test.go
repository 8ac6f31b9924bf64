//go:build linux

package proc

import (
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const patience = 20 * time.Second

func start(t *testing.T, script string) *Process {
	t.Helper()
	p, err := Start(Command{Name: "/bin/sh", Args: []string{"-c", script}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(syscall.SIGKILL, patience) })
	return p
}

func TestAwaitFindsTheLine(t *testing.T) {
	t.Parallel()
	p := start(t, "echo warming up >&2; echo ready >&2; exec sleep 60")
	if err := p.Await("ready", patience); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(syscall.SIGINT, patience); err != nil {
		t.Fatal(err)
	}
	if code := p.ExitCode(); code != 128+int(syscall.SIGINT) {
		t.Errorf("exit code %d after SIGINT", code)
	}
}

func TestAwaitReportsAnEarlyExit(t *testing.T) {
	t.Parallel()
	p := start(t, "echo out; echo broken >&2; exit 3")
	err := p.Await("ready", patience)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"code 3", "broken", "out"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q: %v", want, err)
		}
	}
}

func TestAwaitTimesOut(t *testing.T) {
	t.Parallel()
	p := start(t, "echo hello >&2; exec sleep 60")
	if err := p.Await("hello", patience); err != nil {
		t.Fatal(err)
	}
	err := p.Await("ready", time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "hello") {
		t.Errorf("want an error that holds the output, got %v", err)
	}
}

func TestStopKillsWhatIgnoresTheSignal(t *testing.T) {
	t.Parallel()
	p := start(t, "trap '' INT; echo ready >&2; while :; do sleep 60; done")
	if err := p.Await("ready", patience); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(syscall.SIGINT, 10*time.Millisecond); err == nil {
		t.Error("a killed process must be reported")
	}
	select {
	case <-p.Exited():
	default:
		t.Error("process still there after Stop")
	}
	if err := p.Signal(syscall.SIGINT); err != nil {
		t.Errorf("signal after the end: %v", err)
	}
}

func TestPinnedProcessSeesItsCPUs(t *testing.T) {
	t.Parallel()
	cpus, err := CPUs()
	if err != nil || len(cpus) == 0 {
		t.Fatal(cpus, err)
	}
	last := cpus[len(cpus)-1]
	p, err := Start(Command{Name: "/bin/grep", Args: []string{"Cpus_allowed_list", "/proc/self/status"}, CPUs: []int{last}})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(patience); err != nil {
		t.Fatal(err)
	}
	if fields := strings.Fields(p.Stdout.String()); len(fields) != 2 || fields[1] != strconv.Itoa(last) {
		t.Errorf("pinned to %d, child says %q", last, p.Stdout.String())
	}
}

// Not parallel: other tests' memory would show up in the figures.
func TestUsageOfThisProcess(t *testing.T) {
	before, err := RSS(os.Getpid())
	if err != nil || before <= 0 {
		t.Fatal(before, err)
	}
	block := make([]byte, 64<<20)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	after, err := RSS(os.Getpid())
	if err != nil || after-before < 48<<20 {
		t.Errorf("64 MiB touched, RSS went from %d to %d, %v", before, after, err)
	}
	if block[4096] != 1 {
		t.Error("block lost")
	}
	for deadline := time.Now().Add(patience); ; {
		cpu, err := CPU(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if cpu > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no CPU time seen while spinning")
		}
	}
	if n, err := OpenFiles(os.Getpid()); err != nil || n < 3 {
		t.Error(n, err)
	}
}

func TestDescendants(t *testing.T) {
	t.Parallel()
	p := start(t, "sleep 60 & echo child $! >&2; wait")
	if err := p.Await("child", patience); err != nil {
		t.Fatal(err)
	}
	list := Descendants(p.PID)
	if len(list) != 1 || !strings.Contains(p.Stderr.String(), "child "+strconv.Itoa(list[0])) {
		t.Errorf("descendants %v, shell said %q", list, p.Stderr.String())
	}
	for _, pid := range list {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

func TestUsageOfNoProcess(t *testing.T) {
	t.Parallel()
	const nobody = 1 << 30 // above the largest possible process id
	if _, err := CPU(nobody); err == nil {
		t.Error("CPU of no process")
	}
	if _, err := RSS(nobody); err == nil {
		t.Error("RSS of no process")
	}
}

func TestReservedPortsAreDistinctAndFree(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for range 20 {
		port, release, err := ReservePort()
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if seen[port] {
			t.Fatalf("port %d given twice", port)
		}
		seen[port] = true
		l, err := net.Listen("tcp", ":"+strconv.Itoa(port))
		if err != nil {
			t.Errorf("reserved port is not free: %v", err)
			continue
		}
		l.Close()
	}
}

func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	var o Output
	chunk := make([]byte, maxOutput/2+1)
	for range 3 {
		if n, err := o.Write(chunk); n != len(chunk) || err != nil {
			t.Fatal(n, err)
		}
	}
	if n := len(o.String()); n != maxOutput {
		t.Errorf("kept %d bytes", n)
	}
}
