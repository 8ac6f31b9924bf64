package cli

import (
	"fmt"
	"strings"
)

const shortUsage = `nothing to run: name a script file

  weir FILE           run a script, for example: weir proxy.js
  weir -e CODE        run script text, for example: weir -e '1+1'
  weir --help         all options`

const helpHead = `weir runs JavaScript and TypeScript that handles network traffic.

Usage:
  weir [OPTION...] FILE [-- ARGUMENT...]     run a script file
  weir [OPTION...] -e CODE [-- ARGUMENT...]  run script text
  weir [OPTION...] URL/ [-- ARGUMENT...]     run the codebase at a URL
  weir [OPTION...] repo://NAME               run a built-in codebase
  weir repo [OPTION...] [DIR]                serve codebases, kept in DIR
  weir repo import DIR --store=NEWDIR        copy those of a store of Pipy
  weir [OPTION...] http[s]://HOST:PORT       show the pages of another weir's
                                             admin service
  weir check FILE...                         report errors, open no port
  weir api                                   list everything scripts can use
  weir bpf list | dump MAP | features        show kernel programs and maps
  weir completion bash|zsh|fish              print completions for a shell

Examples:
  weir --watch proxy.js
      Run proxy.js, and run it anew whenever you save one of its files.
  weir --threads=max --log-file=/var/log/weir.log proxy.js
      Use all CPUs and keep a log.
  weir -e 'println("hello", pipy.argv[1])' -- world
      Run a line of script with an argument.
  weir --repo-token=@/etc/weir/token https://repo.example.com/repo/edge/
      Run what is published there, and every new version of it.

Values are given as --option=value. A SIZE is a number of bytes with an optional
k, m, g or t; a TIME is in seconds or has the suffix ms, s, m, h or d.
`

// debugTopics are what --log-level=debug: may name.
const debugTopics = `alloc thread pipeline dump listener inbound outbound socket files
subproc tcp udp http2 elf bpf user codebase`

const helpTail = `
If FILE does not exist it is run as script text; -f makes that an error. A
folder is served as by weir repo. Without any program weir serves codebases from
memory.
"check", "repo", "api", "bpf" and "completion" are commands unless a file has
that name; ./api is a file.
Debug topics: ` + debugTopics + ` ("user" is console.debug).
Accepted without effect: --openssl-engine

Exit codes:
  0      the program has finished, or was stopped by a signal
  N      the script called pipy.exit(N)
  1      weir check found errors
  255    wrong option, or the program could not be loaded or started

Signals:
  SIGINT, SIGTERM   stop listening, let connections finish, then exit;
                    a second one exits at once
  SIGHUP            load the program anew, from the repo if it came from one;
                    if that fails the old one goes on
  SIGTSTP           open or close the admin service
`

// Help is the text for --help.
func Help() string {
	var b strings.Builder
	b.WriteString(helpHead)
	for _, g := range groups {
		if g.title == "" {
			continue
		}
		fmt.Fprintf(&b, "\n%s:\n", g.title)
		for _, o := range g.options {
			writeOption(&b, o)
		}
	}
	b.WriteString(helpTail)
	return b.String()
}

func writeOption(b *strings.Builder, o option) {
	const column = 28
	label := o.names[len(o.names)-1]
	if len(o.names) > 1 {
		label += ", " + o.names[len(o.names)-2]
	}
	if o.value != "" {
		label += "=" + o.value
	}
	label = "  " + label
	lines := strings.Split(o.help, "\n")
	if len(label) > column-2 {
		fmt.Fprintln(b, label)
		label = ""
	}
	for _, line := range lines {
		fmt.Fprintf(b, "%-*s%s\n", column, label, line)
		label = ""
	}
}
