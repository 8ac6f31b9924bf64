// Command entrypoint is the first process of the container image. Without arguments it runs the script PIPY_CONFIG_FILE
// names, or an example; it gives weir as many threads as PIPY_THREADS, PIPY_SPAWN or the CPU quota of the container say. It
// replaces itself with what it runs, so that signals reach that.
package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// example is what runs if nothing is named.
const example = "/etc/weir/echo.js"

// user runs everything if the container starts as root.
const user = 1340

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "entrypoint:", err)
		os.Exit(1)
	}
}

func run() error {
	args := command(os.Args[1:], os.Getenv, os.DirFS("/"), runtime.NumCPU())
	file, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	if os.Getuid() == 0 {
		if err := drop(); err != nil {
			return fmt.Errorf("cannot become user %d: %w", user, err)
		}
	}
	return fmt.Errorf("cannot run %s: %w", file, syscall.Exec(file, args, os.Environ()))
}

// drop gives up root for good.
func drop() error {
	if err := syscall.Setgroups([]int{user}); err != nil {
		return err
	}
	if err := syscall.Setgid(user); err != nil {
		return err
	}
	return syscall.Setuid(user)
}

// command is what to run: pipy is another name of weir, and a first argument that is an option is for weir, too.
func command(args []string, getenv func(string) string, root fs.FS, cpus int) []string {
	if len(args) == 0 {
		script := getenv("PIPY_CONFIG_FILE")
		if script == "" {
			script = example
		}
		args = []string{"weir", script}
	}
	switch name := path.Base(args[0]); {
	case strings.HasPrefix(args[0], "-"):
		args = append([]string{"weir"}, args...)
	case name == "pipy":
		args = append([]string{"weir"}, args[1:]...)
	case name != "weir":
		return args
	}
	n := min(threads(getenv, root), cpus)
	given := slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "--threads") })
	if n <= 1 || given {
		return args
	}
	// Behind "--args" options would be the script's.
	options := []string{args[0], "--threads=" + strconv.Itoa(n), "--reuse-port"}
	if len(args) > 1 && !strings.HasPrefix(args[1], "-") && !strings.ContainsAny(args[1], "./:") {
		return args // a command of weir's, such as check
	}
	return append(options, args[1:]...)
}

// threads is at least 1.
func threads(getenv func(string) string, root fs.FS) int {
	for _, name := range []string{"PIPY_THREADS", "PIPY_SPAWN"} {
		if n, err := strconv.Atoi(getenv(name)); err == nil && n > 0 {
			return n
		}
	}
	quota, period := cpuQuota(root)
	if quota <= 0 || period <= 0 {
		return 1
	}
	return max(1, int(quota/period))
}

// cpuQuota is zero where there is none: in cpu.max of version 2 of the control groups it is "max", in version 1 it is -1.
func cpuQuota(root fs.FS) (quota, period int64) {
	if text, err := fs.ReadFile(root, "sys/fs/cgroup/cpu.max"); err == nil {
		if f := strings.Fields(string(text)); len(f) == 2 {
			return number(f[0]), number(f[1])
		}
	}
	read := func(name string) int64 {
		text, err := fs.ReadFile(root, "sys/fs/cgroup/cpu/cpu.cfs_"+name+"_us")
		if err != nil {
			return 0
		}
		return number(strings.TrimSpace(string(text)))
	}
	return read("quota"), read("period")
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
