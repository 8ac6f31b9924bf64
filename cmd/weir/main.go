// Command weir runs network programs written in JavaScript. See weir --help.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/google/uuid"

	"weir/internal/admin"
	"weir/internal/api"
	"weir/internal/api/pipy"
	"weir/internal/cli"
	"weir/internal/codebase"
	"weir/internal/ebpf/host"
	"weir/internal/ebpf/inspect"
	"weir/internal/embedded"
	"weir/internal/filter"
	"weir/internal/logs"
	"weir/internal/logs/target"
	"weir/internal/reactor"
	"weir/internal/repo"
	"weir/internal/worker"
)

// Set by the linker for releases.
var version, commit, date = "dev", "", ""

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	conf, err := cli.Parse(embedded.Arguments(embedded.Options, args))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return cli.ExitUsage
	}
	switch conf.Mode {
	case cli.ModeHelp:
		fmt.Print(cli.Help())
		return 0
	case cli.ModeVersion:
		fmt.Print(build().Block())
		return 0
	case cli.ModeAPI:
		return listSurface()
	case cli.ModeCompletion:
		fmt.Print(cli.Completion(conf.Files[0]))
		return 0
	case cli.ModeBPF:
		if err := inspect.Run(os.Stdout, host.Kernel(), conf.Words); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	log, err := logs.New(conf.Log)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return cli.ExitUsage
	}
	defer log.Close()
	logs.SetDefault(log)
	if conf.Mode == cli.ModeCheck {
		return check(conf, log)
	}
	return serve(conf, log)
}

func build() cli.Build {
	b := cli.ReadBuild(version)
	if commit != "" {
		b.Commit, b.Date = commit, date
	}
	list, err := embedded.List(embedded.Files)
	b.Codebases, b.Options = err == nil && len(list) > 0, embedded.Options
	return b
}

// gcPercent trades memory for CPU: weir's live heap is small, and collecting it each time 4 MiB have been allocated, as
// Go does by default, costs a tenth of the CPU at 100,000 requests per second.
const gcPercent = 400

// logGrace is how long the end of the process waits for log records to be delivered.
const logGrace = 2 * time.Second

// serve runs the program to its end.
func serve(conf *cli.Config, log *logs.Logger) int {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if conf.CPUProfile != "" {
		stop, err := profile(conf.CPUProfile)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return cli.ExitUsage
		}
		defer stop()
	}
	reactor.RaiseFileLimit()
	target.SetHistoryLimit(conf.Log.HistoryLimit)
	exit, err := serveMode(conf, log)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return cli.ExitUsage
	}
	for _, name := range target.CloseAll(logGrace) {
		log.Warnf("[logging] Records for %s are lost: it does not take them", name)
	}
	if exit == worker.ExitFailure && conf.TextFallback {
		fmt.Fprintln(os.Stderr, cli.NotAFileEither)
	}
	return exit
}

// serveMode does what the command line asks for until it comes to an end, and returns the exit code.
func serveMode(conf *cli.Config, log *logs.Logger) (exit int, err error) {
	o := options(conf, log)
	switch conf.Mode {
	case cli.ModeRemote:
		return serveRemote(conf, log, o)
	case cli.ModeRepo:
		return serveRepo(conf, log, o)
	case cli.ModeImport:
		return importStore(conf)
	case cli.ModeProxy:
		return serveProxy(conf, log)
	}
	code, err := open(conf)
	if err != nil {
		return 0, err
	}
	return serveLocal(conf, log, o, code)
}

// open finds the program.
func open(conf *cli.Config) (*codebase.Codebase, error) {
	switch conf.Mode {
	case cli.ModeEval:
		return codebase.FromText(conf.Program), nil
	case cli.ModeEmbedded:
		c, ok := embedded.Find(embedded.Files, conf.Program)
		if !ok {
			return nil, errors.New("Codebase not found: /" + strings.TrimPrefix(conf.Program, "repo://"))
		}
		return codebase.FromFiles(c.Main, "1", c.Files), nil
	}
	return codebase.OpenFile(conf.Program)
}

// profile writes a CPU profile to a file until stop is called.
func profile(file string) (stop func(), err error) {
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}

func options(conf *cli.Config, log *logs.Logger) worker.Options {
	filter.VerifyTLS = conf.TLSVerify
	b := build()
	id := conf.InstanceUUID
	if id == "" {
		id = uuid.NewString()
	}
	return worker.Options{
		Log:       log,
		Threads:   conf.Threads,
		ReusePort: conf.ReusePort, ForceStart: conf.ForceStart, Watch: conf.Watch,
		DrainTimeout: conf.DrainTimeout, TraceObjects: conf.TraceObjects,
		ScriptTimeout: conf.ScriptTimeout, ScriptMemory: conf.ScriptMemory,
		Info: pipy.Info{
			Tag: b.Version, Commit: b.Commit, Date: b.Date,
			Source: conf.Program, Name: conf.InstanceName, UUID: id,
			Argv: append([]string{os.Args[0]}, conf.ScriptArgs...), NoReload: conf.NoReload, NoGraph: conf.NoGraph,
		},
	}
}

// check reports the errors of programs without running them.
func check(conf *cli.Config, log *logs.Logger) int {
	failed := 0
	for _, f := range conf.Files {
		code, err := codebase.OpenFile(f)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			failed++
			continue
		}
		c := *conf
		c.Program = f
		n := worker.Check(code, options(&c, log))
		if n == 0 {
			fmt.Printf("%s: ok\n", f)
		}
		failed += n
	}
	if failed > 0 {
		return 1
	}
	return 0
}

// listSurface prints everything scripts can use, and the command line.
func listSurface() int {
	out := bufio.NewWriter(os.Stdout)
	fmt.Fprintln(out, "path\tkind\tsignature")
	for _, r := range cli.Surface() {
		fmt.Fprintf(out, "%s\t%s\t%s\n", r.Path, r.Kind, r.Signature)
	}
	for _, r := range admin.Surface() {
		fmt.Fprintf(out, "%s\t%s\t%s\n", r.Path, r.Kind, r.Signature)
	}
	for _, r := range append(repo.Surface(), api.Surface()...) {
		fmt.Fprintf(out, "%s\t%s\t%s\n", r.Path, r.Kind, r.Signature)
	}
	if err := out.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
