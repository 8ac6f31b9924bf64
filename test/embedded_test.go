//go:build linux

package test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"weir/test/harness"
)

// buildEmbedded runs a command that builds weir, with files added to the codebases that are part of it, by their paths
// below internal/embedded/codebases. Nothing is written into the checkout, and nothing is downloaded.
func buildEmbedded(t *testing.T, command string, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for name, text := range files {
		file := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		harness.WriteFile(t, file, text)
		replace[filepath.Join(harness.Root(), "internal/embedded/codebases", name)] = file
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	harness.WriteFile(t, list, string(overlay))
	cmd := exec.Command("bash", "-c", command)
	cmd.Dir = harness.Root()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOPROXY=off", "GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+list)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// An executable is built as docs/embedding.md tells, and works as it is shown there. The repo it serves has the codebases that
// are part of it.
func TestEmbeddedCodebases(t *testing.T) {
	t.Parallel()
	harness.Need(t, "bash")
	page, err := os.ReadFile(filepath.Join(harness.Root(), "docs/embedding.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands, scripts := parseDoc(t, string(page))
	build := regexp.MustCompile(`(?m)^go build .*$`).FindAllString(string(page), -1)
	if len(build) != 1 || len(commands) != 2 || scripts["main.js"] == "" {
		t.Fatalf("%d builds, %d commands, scripts %v", len(build), len(commands), scripts)
	}
	ports := harness.Ports(t, 2)
	bin := t.TempDir()
	acme := filepath.Join(bin, "acme")
	buildEmbedded(t, strings.Replace(build[0], "-o acme ", "-o "+acme+" ", 1), map[string]string{
		"acme/cli/main.js":  scripts["main.js"],
		"acme/web/main.js":  fmt.Sprintf("pipy.listen(%d, $=>$.serveHTTP(() => new Message(pipy.load('text.txt'))))", ports[1]),
		"acme/web/text.txt": "embedded", "acme/web/.hidden": "hidden", "acme/notes.txt": "no codebase",
	})
	shell := startDocShell(t, nil)
	shell.follow(docCommand{text: "ln -s " + acme + " acme"})
	for _, c := range commands {
		shell.follow(c)
	}
	if r := harness.Run(t, acme, "--pipy", "--version"); !regexp.MustCompile(`Builtin Codebases *: Yes\n`).MatchString(r.Stdout) ||
		!regexp.MustCompile(`Default Options *: repo://acme/cli --args\n`).MatchString(r.Stdout) {
		t.Errorf("version:\n%s", r.Stdout)
	}
	if r := harness.Run(t, acme, "--pipy", "repo://acme/none"); r.Code != 255 || r.Stderr != "Codebase not found: /acme/none\n" {
		t.Errorf("unknown codebase: %d %s", r.Code, r.Stderr)
	}

	store := t.TempDir()
	repo := func(flags ...string) *harness.Weir {
		return harness.Start(t, harness.Config{Binary: acme, Listen: ports[:1],
			Flags: append([]string{"--pipy", "repo", fmt.Sprintf("--admin-port=%d", ports[0])}, flags...)})
	}
	ask := func(want, path string, args ...string) {
		t.Helper()
		if got := adminCurl(t, ports[0], path, args...); got != want {
			t.Fatalf("%s %v: got\n%s\nwant %s", path, args, got, want)
		}
	}
	served := func(want string) {
		t.Helper()
		harness.Eventually(t, "the answer "+want, func() bool {
			return listening(ports[1]) && harness.Curl(t, "http://"+harness.Addr(ports[1])) == want
		})
	}
	w := repo(store)
	ask("/acme/cli\n/acme/web\n200", "/api/v1/repo")
	ask("/main.js\n/.hidden\n/text.txt\n200", "/repo/acme/web/")
	ask("embedded\n200", "/repo/acme/web/text.txt")
	ask("\n201", "/api/v1/repo/site", `-d{"base":"/acme/web"}`)
	ask("\n201", "/api/v1/repo/site", "-XPATCH", `-d{"version":1}`)
	edge := harness.Start(t, harness.Config{Flags: []string{"--no-cache", "http://" + harness.Addr(ports[0]) + "/repo/site/"}, Listen: ports[1:]})
	served("embedded")
	ask("\n201", "/api/v1/repo-files/acme/web/text.txt", "-dedited")
	ask("embedded\n200", "/repo/acme/web/text.txt") // not published yet
	ask("\n201", "/api/v1/repo/acme/web", "-XPATCH", `-d{"version":2}`)
	served("edited")
	ask("\n201", "/api/v1/repo-files/site/text.txt", "-dmine")
	ask("\n201", "/api/v1/repo/site", "-XPATCH", `-d{"version":5}`)
	served("mine")
	if code := edge.Stop(); code != 0 {
		t.Errorf("exit code %d of the instance", code)
	}

	// In the repo's own process, and again after a restart: the store's version counts.
	ask("\n201", "/api/v1/program", "-d/acme/web")
	served("edited")
	if code := w.Stop(); code != 0 {
		t.Errorf("exit code %d of the repo", code)
	}
	w = repo(store)
	ask("/acme/cli\n/acme/web\n/site\n200", "/api/v1/repo")
	ask("edited\n200", "/repo/acme/web/text.txt")
	w.Stop()
	w = repo("--init-repo=" + t.TempDir())
	ask("\n200", "/api/v1/repo")
	w.Stop()
	harness.Start(t, harness.Config{Binary: acme, Flags: []string{"--pipy", "repo://acme/web"}, Listen: ports[1:]})
	served("embedded")
}
