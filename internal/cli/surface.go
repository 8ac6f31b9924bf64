package cli

import "strings"

// Row is a line of the list of everything there is: see weir api.
type Row struct{ Path, Kind, Signature string }

// Surface lists the options of the command line, the shapes of its program argument, exit codes and signals. Options
// without effect are listed as such.
func Surface() []Row {
	var rows []Row
	add := func(path, kind, signature string) { rows = append(rows, Row{"cli:" + path, kind, signature}) }
	for _, g := range groups {
		for _, o := range g.options {
			switch {
			case g.title != "":
				add(o.names[len(o.names)-1], "cli", o.signature())
			case o.set != nil:
				add(o.names[0], "cli", "accepted without effect")
			}
		}
	}
	for _, topic := range strings.Fields(debugTopics) {
		add("--log-level=debug:"+topic, "constant", "debug log topic")
	}
	add("program:<file>", "cli", "run a script file; the root of its codebase is its folder")
	add("program:<text>", "cli", "run script text; the value of a single expression is printed")
	add("program:none", "cli", "serve codebases that are kept in memory")
	add("program:<directory>", "cli", "serve codebases that are kept in the directory")
	add("program:repo://<codebase>", "cli", "run a codebase that is part of the executable")
	add("program:http[s]://host[:port]/<base>/", "cli", "run a codebase from a web server or a repo, and its new versions")
	add("program:http[s]://host:port", "cli", "show the admin pages of another process")
	add("program:repo", "cli", "repo [DIR]: serve codebases; repo import DIR --store=...: copy those of a store of Pipy")
	add("program:check", "cli", "check FILE...: report errors, open no port")
	add("program:completion", "cli", "completion bash|zsh|fish: print completions for a shell")
	add("program:api", "cli", "list everything scripts can use")
	add("program:bpf", "cli", "bpf list | dump MAP | features: show kernel programs, maps and links, what a map holds, what the kernel can do")
	add("--pipy", "cli", "drop the default options and what came before (only with built-in default options)")
	add("embed:pipy_main", "cli", "int pipy_main(int argc, char *argv[]), of the C library")
	add("embed:pipy_exit", "cli", "void pipy_exit(int force), of the C library")
	add("build:embedded-codebases", "cli", "folders <group>/<name> of internal/embedded, compiled into the executable")
	add("build:default-options", "cli", "options put before the user's arguments")
	add("env:PIPY_CONFIG_FILE", "cli", "container: file to run")
	add("env:PIPY_THREADS", "cli", "container: number of threads")
	add("env:PIPY_SPAWN", "cli", "container: number of threads, if PIPY_THREADS is not set")
	add("exit:0", "cli", "the program has finished, or was stopped by a signal")
	add("exit:1", "cli", "weir check found errors, or weir bpf failed")
	add("exit:255", "cli", "wrong option, or the program could not be loaded or started")
	add("exit:n", "cli", "pipy.exit(n)")
	add("signal:SIGINT", "cli", "stop listening, let connections finish, exit; a second one exits at once")
	add("signal:SIGTERM", "cli", "as SIGINT")
	add("signal:SIGHUP", "cli", "load the program anew, from the repo if it came from one")
	add("signal:SIGTSTP", "cli", "open or close the admin service")
	return rows
}

// signature is the option's spellings and what it does, on one line.
func (o *option) signature() string {
	names := make([]string, len(o.names))
	for i, name := range o.names {
		names[len(names)-1-i] = name
	}
	s := strings.Join(names, " | ")
	if o.value != "" {
		s += "=" + o.value
	}
	return s + ": " + strings.ReplaceAll(o.help, "\n", " ")
}
