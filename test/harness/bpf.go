//go:build linux

package harness

import (
	"os"
	"path/filepath"
	"strings"
)

// KernelBinary is KernelCommand with weir.
func (n *Netns) KernelBinary() string {
	n.t.Helper()
	return n.KernelCommand(Binary(n.t))
}

// KernelCommand returns a program that runs a command in the namespace with file systems of its own: bpffs at /sys/fs/bpf,
// tracefs at /sys/kernel/tracing, and at /sys/fs/cgroup a cgroup of version 2 that holds nothing but that process. Scripts
// that attach to the latter affect the test only.
func (n *Netns) KernelCommand(command ...string) string {
	n.t.Helper()
	Need(n.t, "unshare", "mount")
	group := NewCgroup(n.t).Path
	file := filepath.Join(n.t.TempDir(), "weir")
	// ip gives the command a mount namespace of its own, and mounts /sys anew. The group is entered before the cgroup namespace
	// is made, whose root it becomes. Every step replaces the one before: weir keeps the number of the process.
	inner := "mount -t cgroup2 none /sys/fs/cgroup && mount -t bpf none /sys/fs/bpf && mount -t tracefs none /sys/kernel/tracing && " +
		`exec "$0" "$@"`
	script := "#!/bin/sh\necho $$ > " + group + "/cgroup.procs || exit 1\n" +
		"exec unshare -C ip netns exec " + n.Name + " sh -c '" + inner + "' " + strings.Join(command, " ") + ` "$@"` + "\n"
	if err := os.WriteFile(file, []byte(script), 0o755); err != nil {
		n.t.Fatal(err)
	}
	return file
}
