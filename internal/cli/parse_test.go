package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"weir/internal/logs"
)

// testSystem has 4 CPUs, the file main.js and the directory dir.
func testSystem(t *testing.T) system {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return system{cpus: 4, stat: func(path string) (os.FileInfo, error) {
		switch path {
		case "main.js", "-odd.js", "a b.js":
			return os.Stat(filepath.Join(root, "file"))
		case "dir":
			return os.Stat(root)
		}
		return nil, fs.ErrNotExist
	}}
}

func TestParse(t *testing.T) {
	t.Parallel()
	sys := testSystem(t)
	program := func(c *Config) { c.Mode, c.Program = ModeProgram, "main.js" }
	eval := func(text string) func(c *Config) {
		return func(c *Config) { c.Mode, c.Program = ModeEval, text }
	}
	for _, c := range []struct {
		args string // separated by spaces
		want []func(*Config)
	}{
		{"main.js", with(program)},
		{"-f main.js", with(program)},
		{"main.js -file", with(program)},
		{"-e 1+1", with(eval("1+1"))},
		{"main.js --eval", with(eval("main.js"))},
		{"-eval=whatever 1+1", with(eval("1+1"))},
		{"-e http://x/", with(eval("http://x/"))},
		{"-e dir", with(eval("dir"))},
		{"-f -e 1", with(eval("1"))},
		{"1+1", with(eval("1+1"), func(c *Config) { c.TextFallback = true })},

		// script arguments
		{"main.js -- -a b", with(program, scriptArgs("-a", "b"))},
		{"-- main.js a -b", with(program, scriptArgs("a", "-b"))},
		{"--args main.js a", with(program, scriptArgs("a"))},
		{"-args -x main.js a", with(program, scriptArgs("-x", "a"))},
		{"main.js -- main.js", with(program, scriptArgs("main.js"))},
		{"-- main.js -- --args -args", with(program, scriptArgs("--", "--args", "-args"))},
		{"-- main.js --threads=9", with(program, scriptArgs("--threads=9"))},
		{"-- main.js a --pipy-options --threads=2 --args b", with(program, scriptArgs("a", "b"), threads(2))},
		{"-- a --pipy-options -e", with(eval("a"))},
		{"-e x -- y z", with(eval("x"), scriptArgs("y", "z"))},
		{"-- api", with(eval("api"), func(c *Config) { c.TextFallback = true })},
		{"--pipy-options main.js", with(program)},

		// process
		{"--threads=1 main.js", with(program)},
		{"--threads=3 main.js", with(program, threads(3))},
		{"--threads=max main.js", with(program, threads(4))},
		{"--threads=3 --threads=1 main.js", with(program)},
		{"--reuse-port main.js", with(program, func(c *Config) { c.ReusePort = true })},
		{"--tls-verify main.js", with(program, func(c *Config) { c.TLSVerify = true })},
		{"--reuse-port=no main.js", with(program, func(c *Config) { c.ReusePort = true })},
		{"main.js --force-start --no-reload --no-graph", with(program, func(c *Config) {
			c.ForceStart, c.NoReload, c.NoGraph = true, true, true
		})},
		{"--watch main.js", with(program, func(c *Config) { c.Watch = true })},
		{"--script-timeout=1.5 --script-memory=64m main.js", with(program, func(c *Config) {
			c.ScriptTimeout, c.ScriptMemory = 1500*time.Millisecond, 64<<20
		})},
		{"--script-timeout=0 --script-memory=0 main.js", with(program, func(c *Config) {
			c.ScriptTimeout, c.ScriptMemory = 0, 0
		})},
		{"--instance-uuid=ab-1 --instance-name=a/b=c main.js", with(program, func(c *Config) {
			c.InstanceUUID, c.InstanceName = "ab-1", "a/b=c"
		})},
		{"--no-status --no-metrics --trace-objects --openssl-engine=x main.js", with(program)},

		// log
		{"--log-level=warn main.js", with(program, func(c *Config) { c.Log.Level = logs.Warn })},
		{"--log-level=debug main.js", with(program, func(c *Config) {
			c.Log.Level, c.Log.Topics = logs.Debug, logs.AllTopics
		})},
		{"--log-level=debug:tcp+user main.js", with(program, func(c *Config) {
			c.Log.Level, c.Log.Topics = logs.Debug, logs.TCP|logs.User
		})},
		{"--log-level=debug --log-level=info main.js", with(program)},
		{"--log-local=stdout --log-local-only main.js", with(program, func(c *Config) {
			c.Log.Local, c.Log.LocalOnly = logs.Stdout, true
		})},
		{"--log-local=null --log-history-limit=0 main.js", with(program, func(c *Config) {
			c.Log.Local, c.Log.HistoryLimit = logs.Null, 0
		})},
		{"--log-history-limit=256m main.js", with(program, func(c *Config) { c.Log.HistoryLimit = 256 << 20 })},
		{"--log-file=/l --log-file-max-size=2k --log-file-max-count=3 --log-file-rotate-interval=1d main.js",
			with(program, func(c *Config) {
				c.Log.File = "/l"
				c.Log.Rotation = logs.FileOptions{MaxSize: 2048, MaxCount: 3, Interval: 24 * time.Hour}
			})},

		// sub-commands
		{"api", with(mode(ModeAPI))},
		{"bpf dump flows", with(mode(ModeBPF), func(c *Config) { c.Words = []string{"dump", "flows"} })},
		{"api --log-level=info", with(mode(ModeAPI))},
		{"check a.js -- -b.js", with(mode(ModeCheck), func(c *Config) { c.Files = []string{"a.js", "-b.js"} })},
		{"check --script-timeout=10s b.ts check", with(mode(ModeCheck), func(c *Config) { c.Files = []string{"b.ts", "check"} })},
		{"--no-graph api", with(eval("api"), func(c *Config) { c.NoGraph, c.TextFallback = true, true })},

		// version and help need no program and no sense
		{"--version", with(mode(ModeVersion))},
		{"-v --help", with(mode(ModeVersion))},
		{"-version --init-repo=x", with(mode(ModeVersion))},
		{"-h", with(mode(ModeHelp))},
		{"-help -e", with(mode(ModeHelp))},
		{"check --help", with(mode(ModeHelp))},
	} {
		want := defaultConfig()
		for _, change := range c.want {
			change(want)
		}
		got, err := parse(strings.Fields(c.args), sys)
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		if got.Mode == ModeVersion || got.Mode == ModeHelp {
			got = &Config{Mode: got.Mode}
			want = &Config{Mode: want.Mode}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.args, got, want)
		}
	}
}

func with(changes ...func(*Config)) []func(*Config) { return changes }

func scriptArgs(args ...string) func(*Config) { return func(c *Config) { c.ScriptArgs = args } }

func mode(m Mode) func(*Config) { return func(c *Config) { c.Mode = m } }

func threads(n int) func(*Config) {
	return func(c *Config) { c.Threads, c.ReusePort = n, true }
}

func TestParseKeepsArgumentsWhole(t *testing.T) {
	t.Parallel()
	c, err := parse([]string{"a b.js", "--", "", "c d", "-"}, testSystem(t))
	if err != nil || c.Program != "a b.js" || !reflect.DeepEqual(c.ScriptArgs, []string{"", "c d", "-"}) {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	sys := testSystem(t)
	missing, err := filepath.Abs("none.js")
	if err != nil {
		t.Fatal(err)
	}
	const (
		size = " (a size in bytes is expected, such as 4096, 512k, 10m or 1g)"
		span = " (a time is expected, such as 30, 500ms, 15m, 1h or 1d)"
	)
	cases := []struct{ args, want string }{
		{"", shortUsage},
		{"--threads=2", shortUsage},
		{"-- -a", shortUsage},
		{"-e", "missing script to evaluate"},
		{"--eval -- -a", "missing script to evaluate"},
		{"-f none.js", "file or directory does not exist: " + missing},
		{"main.js other.js", "redundant argument: other.js"},
		{"--unknown=5 main.js", "unknown option: --unknown"},
		{"-", "unknown option: -"},
		{"-x", "unknown option: -x"},
		{"--=x", "unknown option: --"},
		{"--threads 4", "invalid number of threads"},
		{"--threads=0 main.js", "invalid number of threads"},
		{"--threads=-1 main.js", "invalid number of threads"},
		{"--threads=two main.js", "--threads expects a number"},
		{"--threads=2x main.js", "--threads expects a number"},
		{"--threads=5 main.js", "number of threads exceeds the maximum 4"},
		{"--threads=99999999999999999999 main.js", "number of threads exceeds the maximum 4"},
		{"--log-level=loud main.js", "unknown log level: loud"},
		{"--log-level main.js", "unknown log level: "},
		{"--log-level=debug:nothing main.js", "unknown log topic: nothing (available topics include: alloc | thread | " +
			"pipeline | dump | listener | inbound | outbound | socket | files | subproc | tcp | udp | http2 | elf | bpf | " +
			"user | codebase)"},
		{"--log-local=printer main.js", "unknown log output: printer"},
		{"--log-history-limit=257m main.js", "maximum value supported by --log-history-limit is 256MB"},
		{"--log-history-limit=foo main.js", `invalid value for --log-history-limit: "foo"` + size},
		{"--log-file-max-size=-1 main.js", `invalid value for --log-file-max-size: "-1"` + size},
		{"--log-file-max-size main.js", `invalid value for --log-file-max-size: ""` + size},
		{"--script-memory=9x main.js", `invalid value for --script-memory: "9x"` + size},
		{"--script-timeout=soon main.js", `invalid value for --script-timeout: "soon"` + span},
		{"--log-file-rotate-interval=1w main.js", `invalid value for --log-file-rotate-interval: "1w"` + span},
		{"--log-file-max-count=-2 main.js", `invalid value for --log-file-max-count: "-2" (a number is expected)`},
		{"--log-file main.js", `invalid value for --log-file: "" (a path is expected)`},
		{"--instance-uuid=a/b main.js", "--instance-uuid does not allow slashes"},
		{"repo://acme/cli", "Codebase not found: /acme/cli"},
		{"http://host/repo/x/", "running a remote codebase is not available in this version yet: http://host/repo/x/"},
		{"https://host", "running a remote codebase is not available in this version yet: https://host"},
		{"dir", "dir is a directory, and serving it as a repo is not available in this version yet; name a script file to run it"},
		{"-f dir", "dir is a directory, and serving it as a repo is not available in this version yet; name a script file to run it"},
		{"--watch -e 1", "--watch needs a script file as program"},
		{"--watch 1+1", "--watch needs a script file as program"},
		{"--watch --no-reload main.js", "--watch and --no-reload exclude each other"},
		{"check", "nothing to check: name one or more script files"},
		{"check -e 1", "--eval cannot be used with check"},
		{"check -f main.js", "--file cannot be used with check"},
		{"check --watch main.js", "--watch cannot be used with check"},
		{"bpf", "use weir bpf list, weir bpf dump MAP, or weir bpf features"},
		{"api main.js", "redundant argument: main.js"},
		{"api -e", "--eval cannot be used with api"},
	}
	for _, o := range []string{
		"--init-repo", "--init-code", "--admin-port", "--admin-port-off", "--admin-open", "--admin-gui", "--admin-log-file",
		"--admin-tls-cert", "--admin-tls-key", "--admin-tls-trusted", "--tls-cert", "--tls-key", "--tls-trusted",
		"--tls-insecure",
	} {
		cases = append(cases, struct{ args, want string }{o + "=x main.js", o + " is not available in this version yet"})
	}
	for _, c := range cases {
		_, err := parse(strings.Fields(c.args), sys)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.args, err, c.want)
		}
	}
}

// A file named like a sub-command is the program; a directory is not.
func TestSubcommandOrFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("check", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("api", 0o755); err != nil {
		t.Fatal(err)
	}
	if c, err := Parse([]string{"check"}); err != nil || c.Mode != ModeProgram || c.Program != "check" {
		t.Errorf("check: %+v, %v", c, err)
	}
	if c, err := Parse([]string{"api"}); err != nil || c.Mode != ModeAPI {
		t.Errorf("api: %+v, %v", c, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"main.js\n--\na", "--threads=max\nx", "--log-file-max-size=9t\nx", "check\na", "--\n--pipy-options\n-e"} {
		f.Add(s)
	}
	sys := system{cpus: 2, stat: func(string) (os.FileInfo, error) { return nil, fs.ErrNotExist }}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parse(strings.Split(s, "\n"), sys)
		switch {
		case err != nil:
			if c != nil || err.Error() == "" {
				t.Fatalf("%+v, %q", c, err)
			}
		case c.Threads < 1 || c.Threads > 2 || c.ScriptTimeout < 0 || c.ScriptMemory < 0 || c.Log.HistoryLimit < 0 ||
			c.Log.Rotation.MaxSize < 0 || c.Log.Rotation.Interval < 0:
			t.Fatalf("%+v", c)
		}
	})
}
