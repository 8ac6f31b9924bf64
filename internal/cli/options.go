package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"weir/internal/logs"
)

// option is one entry of the command line and of the help.
type option struct {
	names []string // the last one is shown first
	value string   // what stands for the value in the help; "" for a flag
	help  string   // lines of at most 48 columns; "" hides the option
	set   func(p *parser, value string) error
}

type group struct {
	title   string
	options []option
}

var groups = []group{
	{"Program", []option{
		flag("run the program argument as script text", func(p *parser) { p.eval = true }, "-eval", "--eval", "-e"),
		flag("the program argument must be a file, never text", func(p *parser) { p.file = true }, "-file", "--file", "-f"),
		flag("run the program again whenever one of its files\nchanges; open connections finish on the old one",
			func(p *parser) { p.Watch = true }, "--watch"),
		flag("check nothing for changes, also not for scripts", func(p *parser) { p.NoReload = true }, "--no-reload"),
		timeOption("--script-timeout", "interrupt a callback that runs longer\n(default 10s, 0: never)",
			func(p *parser) *time.Duration { return &p.ScriptTimeout }),
		sizeOption("--script-memory", "script objects per thread (default 1g, 0: no limit)",
			func(p *parser) *int64 { return &p.ScriptMemory }),
	}},
	{"Process", []option{
		{[]string{"--threads"}, "N|max", "worker threads, each running the whole program\n(default 1, max: one per CPU)", setThreads},
		flag("share listening ports with other processes;\nseveral threads always do", func(p *parser) { p.ReusePort = true }, "--reuse-port"),
		flag("start even if a port cannot be opened", func(p *parser) { p.ForceStart = true }, "--force-start"),
		{[]string{"--cpu-profile"}, "FILE", "write a CPU profile for go tool pprof", func(p *parser, v string) error {
			p.CPUProfile = v
			return nil
		}},
		flag("do not print pipeline diagrams at start", func(p *parser) { p.NoGraph = true }, "--no-graph"),
		timeOption("--drain-timeout", "after a reload or a stop, close connections that\nare still open then (default 0: never)",
			func(p *parser) *time.Duration { return &p.DrainTimeout }),
		flag("find out where scripts make objects", func(p *parser) { p.TraceObjects = true }, "--trace-objects"),
		{[]string{"--instance-name"}, "NAME", "name of this process for scripts and reports", func(p *parser, v string) error {
			p.InstanceName = v
			return nil
		}},
		{[]string{"--instance-uuid"}, "ID", "identity of this process (default: random)", setUUID},
	}},
	{"TLS", []option{
		flag("check all servers connectTLS connects to, those\nwithout a list of trusted certificates against\nthe system's roots", func(p *parser) { p.TLSVerify = true }, "--tls-verify"),
	}},
	{"Running from a repo", []option{
		text("--repo-token", "TOKEN|@FILE", "token for the repo",
			func(p *parser) *string { return &p.Remote.Token }, secret("--repo-token")),
		text("--tls-cert", "FILE", "client certificate for an https repo",
			func(p *parser) *string { return &p.Remote.TLSCert }, (*parser).existing),
		text("--tls-key", "FILE", "its key", func(p *parser) *string { return &p.Remote.TLSKey }, (*parser).existing),
		trusted("--tls-trusted", "certificates to check an https repo against\n(default: the system's roots)",
			func(p *parser) *[]string { return &p.Remote.TLSTrusted }),
		flag("do not check an https repo", func(p *parser) { p.Remote.TLSInsecure = true }, "--tls-insecure"),
		timeOption("--repo-poll", "how often to ask a server that cannot say when\nthere is a new version (default 5s)",
			func(p *parser) *time.Duration { return &p.Remote.Poll }),
		text("--cache", "DIR", "keep copies here to start from when the repo is\naway (default: weir in the user's cache folder)",
			func(p *parser) *string { return &p.Remote.Cache }, directoryName("--cache")),
		flag("keep no copies", func(p *parser) { p.Remote.NoCache = true }, "--no-cache"),
		flag("report nothing to the repo, take no commands", func(p *parser) { p.NoStatus = true }, "--no-status"),
		flag("report no metrics", func(p *parser) { p.NoMetrics = true }, "--no-metrics"),
	}},
	{"Serving a repo", []option{
		{[]string{"--store"}, "DIR|etcd[s]://...", "where to keep codebases, as with the argument of\nweir repo (default: in memory);\netcd://[USER@]HOST:PORT[,HOST:PORT]/PREFIX\nshares them, etcds:// does so over TLS", setStore},
		text("--store-password", "@FILE", "password of USER",
			func(p *parser) *string { return &p.Repo.StorePassword }, passwordFile("--store-password")),
		text("--store-tls-cert", "FILE", "client certificate for etcds://",
			func(p *parser) *string { return &p.Repo.StoreTLSCert }, (*parser).existing),
		text("--store-tls-key", "FILE", "its key", func(p *parser) *string { return &p.Repo.StoreTLSKey }, (*parser).existing),
		trusted("--store-tls-trusted", "certificates to check etcd against (default: the\nsystem's roots)",
			func(p *parser) *[]string { return &p.Repo.StoreTLSTrusted }),
		text("--init-repo", "DIR", "import each sub-folder of DIR as a codebase",
			func(p *parser) *string { return &p.Repo.Init }, (*parser).initDirectory),
		text("--init-code", "NAME", "run this codebase in the same process",
			func(p *parser) *string { return &p.Repo.InitCode }, codebaseName),
	}},
	{"Admin service", []option{
		{[]string{"--admin-port"}, "[IP:]PORT", "open the admin service (default 6060 with\nweir repo); without a token or certificates on\nthis machine only", setAdminPort},
		flag("do not open it before SIGTSTP", func(p *parser) { p.adminOff = true }, "--admin-port-off"),
		text("--admin-token", "TOKEN|@FILE", "demand this token for everything",
			func(p *parser) *string { return &p.Admin.Token }, secret("--admin-token")),
		text("--admin-write-token", "TOKEN|@FILE", "accept this one too, for reading and for\nchanging codebases of the repo",
			func(p *parser) *string { return &p.Admin.WriteToken }, secret("--admin-write-token")),
		text("--admin-read-token", "TOKEN|@FILE", "accept this one too, for reading only",
			func(p *parser) *string { return &p.Admin.ReadToken }, secret("--admin-read-token")),
		flag("let everybody do everything", func(p *parser) { p.Admin.Anyone = true }, "--admin-open"),
		text("--admin-tls-cert", "FILE", "serve HTTPS with this certificate",
			func(p *parser) *string { return &p.Admin.TLSCert }, (*parser).existing),
		text("--admin-tls-key", "FILE", "its key", func(p *parser) *string { return &p.Admin.TLSKey }, (*parser).existing),
		trusted("--admin-tls-trusted", "demand client certificates signed by one of these",
			func(p *parser) *[]string { return &p.Admin.TLSTrusted }),
		text("--admin-gui", "DIR", "pages to serve instead of the built-in ones",
			func(p *parser) *string { return &p.Admin.GUI }, (*parser).guiDirectory),
		text("--admin-log-file", "PATH", "append what was changed through it to a file",
			func(p *parser) *string { return &p.Admin.LogFile }, (*parser).adminLog),
	}},
	{"Log", []option{
		{[]string{"--log-level"}, "LEVEL", "debug, info (default), warn or error;\ndebug:TOPIC+TOPIC for parts of debug", setLogLevel},
		{[]string{"--log-local"}, "OUTPUT", "stderr (default), stdout or null", func(p *parser, v string) (err error) {
			p.Log.Local, err = logs.ParseOutput(v)
			return err
		}},
		{[]string{"--log-format"}, "text|json", "json: one object a line", setLogFormat},
		flag("write to that output and nowhere else", func(p *parser) { p.Log.LocalOnly = true }, "--log-local-only"),
		{[]string{"--log-file"}, "PATH", "also append to a file", setLogFile},
		sizeOption("--log-file-max-size", "begin a new file before it gets larger",
			func(p *parser) *int64 { return &p.Log.Rotation.MaxSize }),
		{[]string{"--log-file-max-count"}, "N", "old files to keep (default: all)", func(p *parser, v string) (err error) {
			p.Log.Rotation.MaxCount, err = parseCount("--log-file-max-count", v)
			return err
		}},
		timeOption("--log-file-rotate-interval", "begin a new file when it gets older",
			func(p *parser) *time.Duration { return &p.Log.Rotation.Interval }),
		{[]string{"--log-history-limit"}, "SIZE", "log kept in memory (default 1m, 0: none)", setHistoryLimit},
	}},
	{"Other", []option{
		flag("print this help", func(p *parser) { p.help = true }, "-help", "--help", "-h"),
		flag("print version and build", func(p *parser) { p.version = true }, "-version", "--version", "-v"),
		flag("what follows is for the script (also --args)", nil, "--"),
		flag("back from script arguments to options", func(*parser) {}, "--pipy-options"),
	}},
	{"", []option{ignored("--openssl-engine")}},
}

var optionByName = func() map[string]*option {
	byName := make(map[string]*option)
	for _, g := range groups {
		for i := range g.options {
			for _, name := range g.options[i].names {
				byName[name] = &g.options[i]
			}
		}
	}
	delete(byName, "--") // ends the options, so it is never looked up as one
	return byName
}()

// flag is an option whose value, if it is given one, does not matter.
func flag(help string, set func(*parser), names ...string) option {
	return option{names: names, help: help, set: func(p *parser, _ string) error {
		set(p)
		return nil
	}}
}

// ignored options configure parts that this version does not have, so that command lines made for others work.
func ignored(name string) option { return flag("", func(*parser) {}, name) }

// text is an option whose value is checked, and perhaps replaced, by read.
func text(name, value, help string, field func(*parser) *string, read func(p *parser, value string) (string, error)) option {
	return option{[]string{name}, value, help, func(p *parser, v string) (err error) {
		*field(p), err = read(p, v)
		return err
	}}
}

func sizeOption(name, help string, field func(*parser) *int64) option {
	return option{[]string{name}, "SIZE", help, func(p *parser, v string) (err error) {
		*field(p), err = parseSize(name, v)
		return err
	}}
}

func timeOption(name, help string, field func(*parser) *time.Duration) option {
	return option{[]string{name}, "TIME", help, func(p *parser, v string) (err error) {
		*field(p), err = parseTime(name, v)
		return err
	}}
}

// trusted options may be given more than once.
func trusted(name, help string, field func(*parser) *[]string) option {
	return option{[]string{name}, "FILE|DIR", help, func(p *parser, v string) error {
		if _, err := p.stat(v); err != nil {
			return fmt.Errorf("file or directory not found: %s", v)
		}
		*field(p) = append(*field(p), v)
		return nil
	}}
}

func setThreads(p *parser, value string) error {
	if value == "max" {
		p.Threads = p.cpus
		return nil
	}
	n, err := strconv.Atoi(value)
	switch {
	case value == "":
		return errors.New("invalid number of threads")
	case errors.Is(err, strconv.ErrSyntax):
		return errors.New("--threads expects a number")
	case n < 1:
		return errors.New("invalid number of threads")
	case n > p.cpus:
		return fmt.Errorf("number of threads exceeds the maximum %d", p.cpus)
	}
	p.Threads = n
	return nil
}

func setUUID(p *parser, value string) error {
	if strings.Contains(value, "/") {
		return errors.New("--instance-uuid does not allow slashes")
	}
	p.InstanceUUID = value
	return nil
}

func setLogLevel(p *parser, value string) (err error) {
	p.Log.Level, p.Log.Topics, err = logs.ParseLevel(value)
	return err
}

func setLogFile(p *parser, value string) error {
	if value == "" {
		return badValue("--log-file", value, "a path is expected")
	}
	p.Log.File = value
	return nil
}

func setHistoryLimit(p *parser, value string) error {
	n, err := parseSize("--log-history-limit", value)
	if err != nil {
		return err
	}
	if n > 256<<20 {
		return errors.New("maximum value supported by --log-history-limit is 256MB")
	}
	p.Log.HistoryLimit = int(n)
	return nil
}

func setLogFormat(p *parser, value string) error {
	switch value {
	case "json", "text":
		p.Log.JSON = value == "json"
		return nil
	}
	return badValue("--log-format", value, "text or json is expected")
}
