//go:build linux

package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"weir/test/harness/proc"
)

//go:embed nginx haproxy weir
var configs embed.FS

// errMissing marks a peer that cannot take part because something is not installed.
var errMissing = errors.New("not installed")

// env is what all cases share: programs, CPUs, a folder for temporary files.
type env struct {
	ctx       context.Context
	dir       string
	serverCPU []int
	loadCPU   []int
	allCPUs   []int
	runs      int
	length    time.Duration // of one measurement
	peers     []string      // words that select peers, none for all
	load      string        // binaries
	gopeer    string
	weir      string
	weirErr   error // why there is no weir to measure
	modules   string
	identity  identity // of the servers that speak TLS
}

func newEnv(ctx context.Context, weir string) (*env, error) {
	e := &env{ctx: ctx, weir: weir}
	cpus, err := proc.CPUs()
	if err != nil {
		return nil, err
	}
	e.allCPUs, e.serverCPU, e.loadCPU = cpus, cpus[:1], cpus[len(cpus)-1:]
	if len(cpus) < 2 {
		fmt.Fprintln(os.Stderr, "bench: only one CPU: server and load share it, the figures mean little")
	}
	if e.dir, err = os.MkdirTemp("", "weir-bench-"); err != nil {
		return nil, err
	}
	// nginx's workers run as another user.
	if err := os.Chmod(e.dir, 0o755); err != nil {
		return nil, err
	}
	if e.identity, err = newIdentity(e.dir); err != nil {
		e.close()
		return nil, err
	}
	if e.load, err = e.build("./bench/load"); err == nil {
		e.gopeer, err = e.build("./bench/gopeer")
	}
	if err != nil {
		e.close()
		return nil, err
	}
	if e.weir == "" {
		e.weir, e.weirErr = e.build("./cmd/weir")
	} else if e.weir, err = filepath.Abs(e.weir); err != nil {
		return nil, err
	}
	if e.weirErr != nil {
		fmt.Fprintln(os.Stderr, "bench: no weir to measure:", e.weirErr)
	}
	for _, dir := range []string{"/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules"} {
		if _, err := os.Stat(dir); err == nil {
			e.modules = dir
			break
		}
	}
	return e, nil
}

func (e *env) close() { _ = os.RemoveAll(e.dir) }

func (e *env) build(pkg string) (string, error) {
	root, err := exec.CommandContext(e.ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	path := filepath.Join(e.dir, filepath.Base(pkg))
	cmd := exec.CommandContext(e.ctx, "go", "build", "-trimpath", "-o", path, pkg)
	cmd.Dir = filepath.Dir(strings.TrimSpace(string(root)))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return path, nil
}

// ports are where one server listens and where its targets are.
type ports struct {
	server   int
	backends [3]int
}

// render writes one of the embedded configurations, its @WORDS@ replaced, into a folder of its own.
func (e *env) render(name string, p ports) (string, error) {
	text, err := configs.ReadFile(name)
	if err != nil {
		return "", err
	}
	if strings.Contains(string(text), "@MODULES@") {
		for line := range strings.Lines(string(text)) {
			module, ok := strings.CutPrefix(line, "load_module @MODULES@/")
			if !ok {
				continue
			}
			module = strings.TrimSuffix(strings.TrimSpace(module), ";")
			if _, err := os.Stat(filepath.Join(e.modules, module)); err != nil {
				return "", fmt.Errorf("%w: nginx's %s", errMissing, module)
			}
		}
	}
	dir, err := os.MkdirTemp(e.dir, "peer-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, filepath.Base(name))
	rendered := strings.NewReplacer(
		"@MODULES@", e.modules,
		"@PORT@", strconv.Itoa(p.server),
		"@BACKEND1@", strconv.Itoa(p.backends[0]),
		"@BACKEND2@", strconv.Itoa(p.backends[1]),
		"@BACKEND3@", strconv.Itoa(p.backends[2]),
		"@BODY@", proxyBody,
		"@CERT@", e.identity.cert,
		"@KEY@", e.identity.key,
		"@BOTH@", e.identity.both,
	).Replace(string(text))
	return path, os.WriteFile(path, []byte(rendered), 0o644)
}

// file stores text and returns its path.
func (e *env) file(name, text string) (string, error) {
	path := filepath.Join(e.dir, name)
	return path, os.WriteFile(path, []byte(text), 0o644)
}

// tool runs a load generator to its end, pinned, and returns its output.
func (e *env) tool(cpus []int, limit time.Duration, name string, args ...string) (out string, cpu time.Duration, err error) {
	if _, err := exec.LookPath(name); err != nil {
		return "", 0, fmt.Errorf("%w: %s", errMissing, name)
	}
	p, err := proc.Start(proc.Command{Name: name, Args: args, CPUs: cpus})
	if err != nil {
		return "", 0, err
	}
	defer p.Stop(os.Kill, 5*time.Second) //nolint:errcheck // has ended, as a rule
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.Exited():
	case <-timer.C:
		return "", 0, fmt.Errorf("%s took longer than %v", filepath.Base(name), limit)
	case <-e.ctx.Done():
		return "", 0, e.ctx.Err()
	}
	if code := p.ExitCode(); code != 0 {
		return "", 0, fmt.Errorf("%s: exit code %d: %s %s", filepath.Base(name), code, p.Stderr.String(), firstLines(p.Stdout.String(), 3))
	}
	return p.Stdout.String(), p.CPUTime(), nil
}

func firstLines(text string, n int) string {
	lines := strings.SplitN(strings.TrimSpace(text), "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], " / ")
}
