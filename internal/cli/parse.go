package cli

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Parse reads the arguments after the name of the process. Options and program come in any order. A "--", "-args" or
// "--args" begins the script's arguments, of which the first without a dash is the program if there was none before;
// "--pipy-options" goes back to options.
//
// "check", "repo", "api", "bpf" and "completion" are sub-commands when they are the first argument and no file has that name;
// "./api" is always a file, and -e "api" a script. An error is a message for the user, to be printed alone before exiting with
// ExitUsage.
func Parse(args []string) (*Config, error) {
	return parse(args, system{cpus: runtime.NumCPU(), stat: os.Stat, read: os.ReadFile})
}

// system is what the command line is judged against.
type system struct {
	cpus int
	stat func(path string) (os.FileInfo, error)
	read func(path string) ([]byte, error)
}

// parser is the state between two arguments.
type parser struct {
	*Config
	system
	hasProgram bool
	subcommand string // "check", "repo", "api", "bpf", "completion" or ""
	help       bool
	version    bool
	eval       bool
	file       bool
	adminPort  bool // --admin-port was given
	adminOff   bool
	storeUser  bool // --store names a user
}

func parse(args []string, sys system) (*Config, error) {
	p := &parser{Config: defaultConfig(), system: sys}
	if len(args) > 0 && p.isSubcommand(args[0]) {
		p.subcommand = args[0]
		args = args[1:]
	}
	if err := p.scan(args); err != nil {
		return nil, err
	}
	if err := p.interpret(); err != nil {
		return nil, err
	}
	return p.Config, nil
}

func (p *parser) isSubcommand(arg string) bool {
	switch arg {
	case "check", "repo", "api", "bpf", "completion":
	default:
		return false
	}
	info, err := p.stat(arg)
	return err != nil || info.IsDir()
}

func (p *parser) scan(args []string) error {
	inOptions := true
	for _, arg := range args {
		switch {
		case !inOptions && arg == "--pipy-options":
			inOptions = true
		case !inOptions && (p.subcommand != "" || !p.hasProgram && !strings.HasPrefix(arg, "-")):
			if err := p.positional(arg); err != nil {
				return err
			}
		case !inOptions:
			p.ScriptArgs = append(p.ScriptArgs, arg)
		case arg == "--" || arg == "-args" || arg == "--args":
			inOptions = false
		case !strings.HasPrefix(arg, "-"):
			if err := p.positional(arg); err != nil {
				return err
			}
		default:
			if err := p.option(arg); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *parser) positional(arg string) error {
	switch p.subcommand {
	case "check", "completion":
		p.Files = append(p.Files, arg)
		return nil
	case "bpf":
		p.Words = append(p.Words, arg)
		return nil
	}
	if p.subcommand == "repo" && p.Program == importWord && p.Repo.Import == "" {
		p.Repo.Import = arg
		return nil
	}
	if p.hasProgram || p.subcommand == "api" {
		return fmt.Errorf("redundant argument: %s", arg)
	}
	p.Program, p.hasProgram = arg, true
	return nil
}

func (p *parser) option(arg string) error {
	name, value, _ := strings.Cut(arg, "=")
	o := optionByName[name]
	if o == nil {
		return fmt.Errorf("unknown option: %s", name)
	}
	return o.set(p, value)
}

// interpret decides what to do once all arguments are known.
func (p *parser) interpret() error {
	switch {
	case p.version:
		p.Mode = ModeVersion
		return nil
	case p.help:
		p.Mode = ModeHelp
		return nil
	}
	if p.Threads > 1 {
		p.ReusePort = true
	}
	var err error
	if p.subcommand != "" {
		err = p.interpretSubcommand()
	} else {
		err = p.interpretProgram()
	}
	if err != nil {
		return err
	}
	if err := p.interpretRemote(); err != nil {
		return err
	}
	if err := p.interpretAdmin(); err != nil {
		return err
	}
	switch {
	case p.Watch && p.Mode != ModeProgram:
		return errors.New("--watch needs a script file as program")
	case p.Watch && p.NoReload:
		return errors.New("--watch and --no-reload exclude each other")
	}
	return nil
}

func (p *parser) interpretSubcommand() error {
	for _, o := range []struct {
		name  string
		given bool
	}{{"--eval", p.eval}, {"--file", p.file}, {"--watch", p.Watch}} {
		if o.given {
			return fmt.Errorf("%s cannot be used with %s", o.name, p.subcommand)
		}
	}
	switch p.subcommand {
	case "api":
		p.Mode = ModeAPI
	case "bpf":
		p.Mode = ModeBPF
		w := p.Words
		if !(len(w) == 1 && (w[0] == "list" || w[0] == "features") || len(w) == 2 && w[0] == "dump") {
			return errors.New("use weir bpf list, weir bpf dump MAP, or weir bpf features")
		}
	case "check":
		p.Mode = ModeCheck
		if len(p.Files) == 0 {
			return errors.New("nothing to check: name one or more script files")
		}
	case "completion":
		p.Mode = ModeCompletion
		if len(p.Files) != 1 || !slices.Contains(Shells, p.Files[0]) {
			return fmt.Errorf("weir completion expects the name of a shell: %s", strings.Join(Shells, ", "))
		}
	case "repo":
		return p.interpretRepo()
	default:
		p.Mode = ModeAPI
	}
	return nil
}

// interpretRepo is for a program argument that can only be a store of codebases, or nothing.
func (p *parser) interpretRepo() error {
	p.Mode = ModeRepo
	switch {
	case !p.hasProgram:
		return nil
	case p.Repo.Import != "":
		return p.interpretImport()
	case p.Repo.Store != "":
		return fmt.Errorf("--store and the directory %s exclude each other", p.Program)
	case strings.Contains(p.Program, "://"):
		return setStore(p, p.Program)
	case p.subcommand == "repo" && p.Program == importWord && !p.isDirectory(p.Program):
		return errors.New("weir repo import expects the directory of a store of Pipy")
	case !p.isDirectory(p.Program):
		return fmt.Errorf("not a directory: %s; make it to keep codebases in it", p.Program)
	}
	p.Repo.Store = p.Program
	return nil
}

// importWord makes "weir repo" an import, if a directory follows.
const importWord = "import"

func (p *parser) interpretImport() error {
	p.Mode = ModeImport
	from, err := p.stat(p.Repo.Import)
	switch {
	case err != nil || !from.IsDir():
		return fmt.Errorf("not a directory: %s; weir repo import expects that of a store of Pipy", p.Repo.Import)
	case p.Repo.Init != "" || p.Repo.InitCode != "":
		return errors.New("--init-repo and --init-code cannot be used with weir repo import")
	case p.Repo.Store == "":
		return errors.New("weir repo import needs --store=DIR or --store=etcd://..., where to put the codebases")
	}
	if to, err := p.stat(p.Repo.Store); err == nil && os.SameFile(from, to) {
		return errors.New("--store must be another directory than the one to import from")
	}
	return nil
}

func (p *parser) interpretProgram() error {
	program := p.Program
	switch {
	case p.eval && !p.hasProgram:
		return errors.New("missing script to evaluate")
	case p.eval:
		p.Mode = ModeEval
		return nil
	case p.file && !p.hasProgram:
		return errors.New(shortUsage)
	case !p.hasProgram || p.isDirectory(program):
		return p.interpretRepo()
	case strings.HasPrefix(program, "repo://"):
		p.Mode = ModeEmbedded
		return nil
	case strings.HasPrefix(program, "http://") || strings.HasPrefix(program, "https://"):
		return p.interpretURL()
	}
	_, err := p.stat(program)
	switch {
	case err == nil:
		p.Mode = ModeProgram
		return nil
	case p.file:
		path, absErr := filepath.Abs(program)
		if absErr != nil {
			path = program
		}
		return fmt.Errorf("file or directory does not exist: %s", path)
	}
	p.Mode = ModeEval
	p.TextFallback = true
	return nil
}

// interpretURL tells a codebase from an admin service: the latter has a port and no path.
func (p *parser) interpretURL() error {
	u, err := url.Parse(p.Program)
	switch {
	case err != nil || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("invalid URL: %s; http[s]://HOST[:PORT]/CODEBASE/ is expected", p.Program)
	case u.User != nil:
		return errors.New("a URL with a user or a password is not accepted; use --repo-token=@FILE")
	case u.Port() != "" && (u.Path == "" || u.Path == "/"):
		p.Mode = ModeProxy
	default:
		p.Mode = ModeRemote
	}
	return nil
}
