//go:build linux

package harness

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Cgroup is a control group of version 2 that lasts until the end of the test. Kernel programs attached to it concern
// the processes in it and no others.
type Cgroup struct {
	Path string
	t    testing.TB
}

// NewCgroup makes a control group. Where there is no hierarchy of version 2 or no permission the test is skipped.
func NewCgroup(t testing.TB) *Cgroup {
	t.Helper()
	for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		var st unix.Statfs_t
		if unix.Statfs(root, &st) != nil || st.Type != unix.CGROUP2_SUPER_MAGIC {
			continue
		}
		dir, err := os.MkdirTemp(root, "weir-test-")
		if err != nil {
			t.Skipf("no cgroup: %v", err)
		}
		if err := os.Chmod(dir, 0o755); err != nil { // like those that mkdir makes
			t.Fatal(err)
		}
		t.Cleanup(func() {
			// Processes leave it when they have ended, a moment after they are waited for.
			Eventually(t, "the cgroup to be empty", func() bool { return os.Remove(dir) == nil })
		})
		return &Cgroup{dir, t}
	}
	t.Skip("no hierarchy of cgroup version 2")
	return nil
}

// Command returns the command that runs another one in the group and in a network namespace. The command sees the group as
// the root of the hierarchy, at /sys/fs/cgroup.
func (g *Cgroup) Command(n *Netns, name string, args ...string) []string {
	// ip gives the command a mount namespace of its own, with a /sys that has no cgroups.
	const enter = `echo $$ > "$1" && shift && exec unshare -C ip netns exec "$@"`
	const mount = `mount -t cgroup2 none /sys/fs/cgroup && exec "$@"`
	return append([]string{"/bin/sh", "-c", enter, "sh", filepath.Join(g.Path, "cgroup.procs"), n.Name, "/bin/sh", "-c", mount, "sh", name}, args...)
}

// Binary returns a program that runs weir like Command, for Config.Binary.
func (g *Cgroup) Binary(n *Netns) string {
	g.t.Helper()
	args := g.Command(n, Binary(g.t))
	for i, a := range args {
		args[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	file := filepath.Join(g.t.TempDir(), "weir")
	if err := os.WriteFile(file, []byte("#!/bin/sh\nexec "+strings.Join(args, " ")+` "$@"`+"\n"), 0o755); err != nil {
		g.t.Fatal(err)
	}
	return file
}
