package cli

import (
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"weir/internal/logs"
)

// testSystem has 4 CPUs, the files main.js and token and the directory dir.
func testSystem(t *testing.T) system {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return system{cpus: 4, stat: func(path string) (os.FileInfo, error) {
		switch path {
		case "main.js", "-odd.js", "a b.js", "token", "/etc/weir/token":
			return os.Stat(filepath.Join(root, "file"))
		case "dir", ".", "/":
			return os.Stat(root)
		}
		return nil, fs.ErrNotExist
	}, read: func(path string) ([]byte, error) {
		switch path {
		case "token", "/etc/weir/token":
			return []byte("s3cret\n"), nil
		case "empty":
			return []byte("\n"), nil
		case "main.js":
			return []byte("two\nlines"), nil
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
		{"--no-status --no-metrics --trace-objects --openssl-engine=x main.js", with(program, func(c *Config) {
			c.NoStatus, c.NoMetrics, c.TraceObjects = true, true, true
		})},
		{"--drain-timeout=1m main.js", with(program, func(c *Config) { c.DrainTimeout = time.Minute })},

		// repo
		{"", with(serving(""))},
		{"--threads=2", with(serving(""), threads(2))},
		{"-- -a", with(serving(""), scriptArgs("-a"))},
		{"repo", with(serving(""))},
		{"dir", with(serving("dir"), func(c *Config) { c.Program = "dir" })},
		{"-f dir", with(serving("dir"), func(c *Config) { c.Program = "dir" })},
		{"repo dir", with(serving("dir"), func(c *Config) { c.Program = "dir" })},
		{"repo --store=dir", with(serving("dir"))},
		{"--store=etcd://a:1,b:2/x", with(serving("etcd://a:1,b:2/x"))},
		{"repo etcds://a:1/x", with(serving("etcds://a:1/x"), func(c *Config) { c.Program = "etcds://a:1/x" })},
		{"--store=etcd://a:1/x@y", with(serving("etcd://a:1/x@y"))},
		{"--store=etcds://u@a:1/x --store-password=@token --store-tls-cert=main.js --store-tls-key=token --store-tls-trusted=dir --store-tls-trusted=main.js",
			with(serving("etcds://u@a:1/x"), func(c *Config) {
				c.Repo.StorePassword, c.Repo.StoreTLSCert, c.Repo.StoreTLSKey = "s3cret", "main.js", "token"
				c.Repo.StoreTLSTrusted = []string{"dir", "main.js"}
			})},
		{"repo --init-repo=dir --init-code=a/b/ --admin-port=7000", with(serving(""), func(c *Config) {
			c.Repo.Init, c.Repo.InitCode, c.Admin.Addr = "dir", "/a/b", netip.MustParseAddrPort("127.0.0.1:7000")
		})},
		{"repo import dir --store=etcd://h:1/p", with(func(c *Config) {
			c.Mode, c.Program, c.Repo.Import, c.Repo.Store = ModeImport, "import", "dir", "etcd://h:1/p"
		})},
		{"./repo", with(eval("./repo"), func(c *Config) { c.TextFallback = true })},

		// instance
		{"repo://acme/cli", with(mode(ModeEmbedded), func(c *Config) { c.Program = "repo://acme/cli" })},
		{"http://host/repo/x/", with(remote("http://host/repo/x/"))},
		{"https://host:6060/repo/x/", with(remote("https://host:6060/repo/x/"))},
		{"http://host:1/main.js", with(remote("http://host:1/main.js"))},
		{"https://host", with(remote("https://host"))},
		{"https://host/", with(remote("https://host/"))},
		{"http://host:1", with(proxy("http://host:1"))},
		{"https://[::1]:6060/", with(proxy("https://[::1]:6060/"))},
		{"--repo-token=@token --tls-cert=main.js --tls-key=main.js --tls-trusted=main.js --tls-trusted=dir --repo-poll=1 --cache=/c http://h/x/",
			with(remote("http://h/x/"), func(c *Config) {
				c.Remote = Remote{TLSCert: "main.js", TLSKey: "main.js", TLSTrusted: []string{"main.js", "dir"}, Token: "s3cret",
					Poll: time.Second, Cache: "/c"}
			})},
		{"--tls-insecure --no-cache --repo-token=abc http://h/x/", with(remote("http://h/x/"), func(c *Config) {
			c.Remote.TLSInsecure, c.Remote.NoCache, c.Remote.Token = true, true, "abc"
		})},

		// admin service
		{"--admin-port=6060 main.js", with(program, admin("127.0.0.1:6060"))},
		{"--admin-port=:1 main.js", with(program, admin("127.0.0.1:1"))},
		{"--admin-port=127.0.0.2:1 main.js", with(program, admin("127.0.0.2:1"))},
		{"--admin-port=[::1]:1 main.js", with(program, admin("[::1]:1"))},
		{"--admin-port=::1:1 main.js", with(program, admin("[::1]:1"))},
		{"--admin-port=1 --admin-port-off main.js", with(program, admin("127.0.0.1:1"), func(c *Config) { c.Admin.Open = false })},
		{"--admin-port=1 --admin-open main.js", with(program, admin("[::]:1"), func(c *Config) { c.Admin.Anyone = true })},
		{"--admin-port=0.0.0.0:1 --admin-token=@token --admin-read-token=r main.js", with(program, admin("0.0.0.0:1"), func(c *Config) {
			c.Admin.Token, c.Admin.ReadToken = "s3cret", "r"
		})},
		{"--admin-port=1 --admin-tls-cert=main.js --admin-tls-key=token --admin-tls-trusted=dir main.js", with(program, admin("[::]:1"),
			func(c *Config) {
				c.Admin.TLSCert, c.Admin.TLSKey, c.Admin.TLSTrusted = "main.js", "token", []string{"dir"}
			})},
		{"--admin-gui=dir --admin-log-file=audit --admin-port=1 main.js", with(program, admin("127.0.0.1:1"), func(c *Config) {
			c.Admin.GUI, c.Admin.LogFile = "dir", "audit"
		})},

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
		{"-version --init-repo=dir", with(mode(ModeVersion))},
		{"-h", with(mode(ModeHelp))},
		{"-help -e", with(mode(ModeHelp))},
		{"check --help", with(mode(ModeHelp))},
	} {
		want := defaultConfig()
		want.Admin.Addr = netip.MustParseAddrPort("127.0.0.1:6060")
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

func serving(store string) func(*Config) {
	return func(c *Config) { c.Mode, c.Repo.Store, c.Admin.Open = ModeRepo, store, true }
}

func remote(url string) func(*Config) {
	return func(c *Config) { c.Mode, c.Program = ModeRemote, url }
}

func proxy(url string) func(*Config) {
	return func(c *Config) { c.Mode, c.Program, c.Admin.Open = ModeProxy, url, true }
}

func admin(addr string) func(*Config) {
	return func(c *Config) { c.Admin.Addr, c.Admin.Open = netip.MustParseAddrPort(addr), true }
}

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
	for _, c := range []struct{ args, want string }{
		{"-f", shortUsage},
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

		{"--watch http://h/x/", "--watch needs a script file as program"},
		{"repo --watch", "--watch cannot be used with repo"},
		{"repo none", "not a directory: none; make it to keep codebases in it"},
		{"repo main.js", "not a directory: main.js; make it to keep codebases in it"},
		{"repo import", "weir repo import expects the directory of a store of Pipy"},
		{"repo import dir", "weir repo import needs --store=DIR or --store=etcd://..., where to put the codebases"},
		{"repo import none --store=dir", "not a directory: none; weir repo import expects that of a store of Pipy"},
		{"repo import main.js --store=dir", "not a directory: main.js; weir repo import expects that of a store of Pipy"},
		{"repo import dir --store=.", "--store must be another directory than the one to import from"},
		{"repo import dir dir --store=etcd://h", "redundant argument: dir"},
		{"repo import dir --init-code=x --store=etcd://h", "--init-repo and --init-code cannot be used with weir repo import"},
		{"repo dir --store=dir", "--store and the directory dir exclude each other"},
		{"--store=none", `invalid value for --store: "none" (an existing directory, etcd://HOST:PORT/PREFIX or etcds://HOST:PORT/PREFIX is expected)`},
		{"--store=etcd:///x", `invalid value for --store: "etcd:///x" (etcd[s]://[USER@]HOST:PORT[,HOST:PORT]/PREFIX is expected)`},
		{"--store=etcds://", `invalid value for --store: "etcds://" (etcd[s]://[USER@]HOST:PORT[,HOST:PORT]/PREFIX is expected)`},
		{"--store=etcds://u:p@a:1/x", "a --store with a password is not accepted: everybody on the machine can see command lines; use --store-password=@FILE"},
		{"--store=etcd://u@a:1/x", "the user of the --store needs --store-password=@FILE"},
		{"--store=etcd://a:1/x --store-password=@token", "--store-password is for --store=etcds://USER@HOST:PORT/PREFIX"},
		{"--store=etcd://u@a:1/x --store-password=p", "--store-password expects @FILE: everybody on the machine can see command lines"},
		{"--store=etcd://u@a:1/x --store-password=@none", "cannot open file: none"},
		{"--store=etcd://u@a:1/x --store-password=@empty", "--store-password expects a file with a password: empty is empty"},
		{"--store=etcds://a:1/x --store-tls-cert=main.js", "--store-tls-cert and --store-tls-key must be used in conjunction"},
		{"--store=etcd://a:1/x --store-tls-trusted=dir", "--store-tls-cert, --store-tls-key and --store-tls-trusted are for --store=etcds://HOST:PORT/PREFIX"},
		{"--store-tls-trusted=dir main.js", "invalid option --store-tls-trusted for non-repo mode"},
		{"--init-repo=none", "Cannot read codebase initialization directory: none"},
		{"--init-repo=dir main.js", "invalid option --init-repo for non-repo mode"},
		{"--init-code=x main.js", "invalid option --init-code for non-repo mode"},
		{"--store=dir main.js", "invalid option --store for non-repo mode"},
		{"--init-code=/", `invalid value for --init-code: "/" (the name of a codebase is expected)`},
		{"http://", "invalid URL: http://; http[s]://HOST[:PORT]/CODEBASE/ is expected"},
		{"http://h/x?y", "invalid URL: http://h/x?y; http[s]://HOST[:PORT]/CODEBASE/ is expected"},
		{"http://u:p@h/x/", "a URL with a user or a password is not accepted; use --repo-token=@FILE"},
		{"--tls-cert=main.js http://h/x/", "--tls-cert and --tls-key must be used in conjunction"},
		{"--tls-key=main.js http://h/x/", "--tls-cert and --tls-key must be used in conjunction"},
		{"--tls-cert=none http://h/x/", "cannot open file: none"},
		{"--tls-trusted=none http://h/x/", "file or directory not found: none"},
		{"--tls-insecure --tls-trusted=main.js http://h/x/", "--tls-insecure and --tls-trusted exclude each other"},
		{"--cache=/x --no-cache http://h/x/", "--cache and --no-cache exclude each other"},
		{"--cache http://h/x/", `invalid value for --cache: "" (a directory is expected)`},
		{"--repo-poll=0 http://h/x/", "--repo-poll must be more than 0"},
		{"--repo-token http://h/x/", "--repo-token expects a token, or @FILE for a file with one"},
		{"--repo-token=@empty http://h/x/", "--repo-token expects a token, or @FILE for a file with one"},
		{"--repo-token=@none http://h/x/", "cannot open file: none"},
		{"--repo-token=@main.js http://h/x/", "invalid token for --repo-token: it may consist of visible ASCII characters only"},
		{"--admin-port main.js", "invalid --admin-port"},
		{"--admin-port=0 main.js", "invalid --admin-port"},
		{"--admin-port=65536 main.js", "invalid --admin-port"},
		{"--admin-port=host:1 main.js", "invalid --admin-port"},
		{"--admin-port=[::1 main.js", "invalid --admin-port"},
		{"--admin-port=[::1:1 main.js", "invalid --admin-port"},
		{"--admin-port=0.0.0.0:1 main.js", "--admin-port=0.0.0.0:1 can be reached from other machines: give --admin-token=@FILE or " +
			"--admin-tls-trusted too, or --admin-open to let everybody in"},
		{"--admin-write-token=x main.js", "--admin-write-token needs --admin-token, without which nobody may do the rest"},
		{"--admin-read-token=x main.js", "--admin-read-token needs --admin-token, without which nobody may change anything"},
		{"--admin-open --admin-token=x main.js", "--admin-open and --admin-token exclude each other"},
		{"--admin-tls-cert=main.js main.js", "--admin-tls-cert and --admin-tls-key must be used in conjunction"},
		{"--admin-tls-trusted=dir main.js", "--admin-tls-cert and --admin-tls-key are required for --admin-tls-trusted"},
		{"--admin-gui=none main.js", "cannot locate the admin GUI front-end files"},
		{"--admin-log-file=dir main.js", "invalid admin log file"},
		{"--admin-log-file=none/audit main.js", "directory does not exist for the admin log file"},
		{"--log-format=xml main.js", `invalid value for --log-format: "xml" (text or json is expected)`},
	} {
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
	for _, s := range []string{"main.js\n--\na", "--threads=max\nx", "--log-file-max-size=9t\nx", "check\na", "--admin-port=[::1]:1\nhttp://h:1", "--\n--pipy-options\n-e"} {
		f.Add(s)
	}
	sys := system{
		cpus: 2,
		stat: func(string) (os.FileInfo, error) { return nil, fs.ErrNotExist },
		read: func(string) ([]byte, error) { return nil, fs.ErrNotExist },
	}
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
