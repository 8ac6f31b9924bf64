//go:build linux

package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// image is what Dockerfile.rootfs makes: its files and how it is run.
type image struct {
	root   string
	Config struct {
		User       string
		Env        []string
		Entrypoint []string
		WorkingDir string
		StopSignal string
	}
}

func buildImage(t *testing.T) *image {
	t.Helper()
	harness.Need(t, "buildah")
	if os.Getuid() != 0 {
		t.Skip("the files of an image have owners, which needs root")
	}
	dir := t.TempDir()
	docker := filepath.Join(harness.Root(), "packaging", "docker")
	if r := harness.Run(t, "env", "WEIR_BINARY="+harness.Binary(t), filepath.Join(docker, "rootfs.sh"), filepath.Join(dir, "rootfs")); r.Code != 0 {
		t.Fatalf("rootfs.sh: code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	buildah := func(args ...string) string {
		t.Helper()
		r := harness.Run(t, "buildah", append([]string{"--storage-driver=vfs", "--root=" + filepath.Join(dir, "store"), "--runroot=" + filepath.Join(dir, "run")}, args...)...)
		if r.Code != 0 {
			t.Fatalf("buildah %q: code %d\n%s%s", args, r.Code, r.Stdout, r.Stderr)
		}
		return strings.TrimSpace(r.Stdout)
	}
	buildah("bud", "--isolation=chroot", "--file="+filepath.Join(docker, "Dockerfile.rootfs"), "--tag=weir", dir)
	var im image
	var inspected struct{ Docker struct{ Config any } }
	inspected.Docker.Config = &im.Config
	if err := json.Unmarshal([]byte(buildah("inspect", "--type=image", "weir")), &inspected); err != nil {
		t.Fatal(err)
	}
	im.root = buildah("mount", buildah("from", "--pull-never", "weir"))
	t.Cleanup(func() { buildah("umount", "--all") })
	return &im
}

// The image runs what it ought to, as a user without rights, with nothing but its own files.
func TestContainer(t *testing.T) {
	t.Parallel()
	im := buildImage(t)
	if im.Config.User != "1340:1340" || im.Config.WorkingDir != "/var/lib/weir" || im.Config.StopSignal != "SIGTERM" {
		t.Errorf("image %+v", im.Config)
	}
	uid, gid, _ := strings.Cut(im.Config.User, ":")
	// As with docker run -v.
	harness.WriteFile(t, filepath.Join(im.root, "etc/weir/hello.js"), `
		os.writeFile('state.txt', 'kept')
		pipy.listen(8080, $=>$.serveHTTP(() => new Message(os.readFile('state.txt').toString() + '\n')))`)
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"nothing named", nil, "GET /x\n"},
		{"a script", []string{"weir", "/etc/weir/hello.js"}, "kept\n"},
		{"by the name of Pipy", []string{"pipy", "/etc/weir/hello.js"}, "kept\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ns := harness.NewNetns(t)
			args := []string{"netns", "exec", ns.Name, "env", "-i"}
			args = append(args, im.Config.Env...)
			args = append(args, "/usr/bin/unshare", "--root="+im.root, "--wd="+im.Config.WorkingDir, "--setgid="+gid, "--setuid="+uid)
			args = append(append(args, im.Config.Entrypoint...), c.args...)
			p := harness.StartPeer(t, proc.Command{Name: "ip", Args: args})
			if err := p.Await("Listening on TCP port 8080", harness.Patience); err != nil {
				t.Fatal(err)
			}
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
			if err != nil || !strings.Contains(string(status), "\nUid:\t1340\t1340\t1340\t1340\n") || !strings.Contains(string(status), "\nCapEff:\t0000000000000000\n") {
				t.Errorf("not a user without rights: %v\n%s", err, status)
			}
			if got := ns.Must("curl", "-s", "http://127.0.0.1:8080/x"); !strings.HasPrefix(got, c.want) {
				t.Errorf("answer %q, want %q", got, c.want)
			}
		})
	}
}

// The two files differ in where the root file system comes from, and in nothing else.
func TestDockerfiles(t *testing.T) {
	t.Parallel()
	final := func(name string) string {
		text, err := os.ReadFile(filepath.Join(harness.Root(), "packaging", "docker", name))
		if err != nil {
			t.Fatal(err)
		}
		_, stage, _ := strings.Cut(string(text), "\nFROM scratch\n")
		return strings.NewReplacer(" --from=build", "", " /rootfs", " rootfs").Replace(stage)
	}
	if a, b := final("Dockerfile"), final("Dockerfile.rootfs"); a != b || a == "" {
		t.Errorf("Dockerfile ends\n%sDockerfile.rootfs ends\n%s", a, b)
	}
}
