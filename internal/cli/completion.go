package cli

import (
	"fmt"
	"strings"
)

// Shells are those Completion has a script for.
var Shells = []string{"bash", "zsh", "fish"}

type subcommand struct {
	name, help  string
	words       string // that may follow where anything but a file does
	directories bool   // may follow as well
}

var subcommands = []subcommand{
	{name: "check", help: "report errors, open no port"},
	{name: "repo", help: "serve codebases", words: importWord, directories: true},
	{name: "api", help: "list everything scripts can use"},
	{name: "bpf", help: "show kernel programs and maps", words: "list dump features"},
	{name: "completion", help: "print completions for a shell", words: strings.Join(Shells, " ")},
}

// choices are the values of options that have few.
var choices = map[string]string{
	"--log-level": "debug info warn error", "--log-local": "stderr stdout null", "--log-format": "text json", "--threads": "max",
}

// isPath tells whether the value of an option, as the help names it, is a path.
func isPath(value string) bool {
	return strings.Contains(value, "FILE") || strings.Contains(value, "PATH") || strings.Contains(value, "DIR")
}

// visible calls f for the options of the help, with the names that begin with two dashes or the only one.
func visible(f func(o *option, name string)) {
	for _, g := range groups {
		if g.title == "" {
			continue
		}
		for i := range g.options {
			o := &g.options[i]
			for _, name := range o.names {
				if strings.HasPrefix(name, "--") && name != "--" {
					f(o, name)
				}
			}
		}
	}
}

func (o *option) oneLine() string { return strings.ReplaceAll(o.help, "\n", " ") }

// Completion returns the script that makes a shell complete the command line, "" for a shell that is not among Shells.
func Completion(shell string) string {
	switch shell {
	case "bash":
		return bashCompletion()
	case "zsh":
		return zshCompletion()
	case "fish":
		return fishCompletion()
	}
	return ""
}

func bashCompletion() string {
	var names, cases strings.Builder
	visible(func(o *option, name string) {
		if o.value != "" {
			name += "="
		}
		names.WriteString(" " + name)
	})
	var paths []string
	visible(func(o *option, name string) {
		switch {
		case choices[name] != "":
			fmt.Fprintf(&cases, "    %s=*) COMPREPLY=($(compgen -W '%s' -- \"${cur#*=}\")) ;;\n", name, choices[name])
		case isPath(o.value):
			paths = append(paths, name+"=*")
		}
	})
	fmt.Fprintf(&cases, "    %s) compopt -o filenames; IFS=$'\\n'; COMPREPLY=($(compgen -f -- \"${cur#*=}\")) ;;\n", strings.Join(paths, "|"))
	var commands []string
	var words strings.Builder
	for _, c := range subcommands {
		commands = append(commands, c.name)
		if c.words != "" {
			more := ""
			if c.directories {
				more = `; compopt -o filenames; IFS=$'\n'; COMPREPLY+=($(compgen -d -- "$cur"))`
			}
			fmt.Fprintf(&words, "        1:%s) if ((COMP_CWORD == 2)); then COMPREPLY=($(compgen -W '%s' -- \"$cur\")); fi%s ;;\n", c.name, c.words, more)
		}
	}
	return `# bash completion for weir: source <(weir completion bash)
_weir() {
  local IFS=$'\n' cur line=${COMP_LINE:0:COMP_POINT}
  # The word up to the cursor, not cut at the = that bash breaks words at.
  cur=${line##*[[:space:]]}
  COMPREPLY=()
  IFS=$' \n'
  case $cur in
` + cases.String() + `    -*)
      COMPREPLY=($(compgen -W '` + strings.TrimSpace(names.String()) + `' -- "$cur"))
      [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
      ;;
    *)
      if ((COMP_CWORD == 1)); then COMPREPLY=($(compgen -W '` + strings.Join(commands, " ") + `' -- "$cur")); fi
      case $((COMP_CWORD > 1)):${COMP_WORDS[1]} in
` + words.String() + `        *)
          compopt -o filenames
          IFS=$'\n'
          COMPREPLY+=($(compgen -f -- "$cur"))
          ;;
      esac
      ;;
  esac
}
complete -F _weir weir
`
}

func zshCompletion() string {
	quote := strings.NewReplacer("'", `'\''`, "[", `\[`, "]", `\]`, ":", `\:`).Replace
	var b strings.Builder
	b.WriteString("#compdef weir\n# zsh completion for weir: weir completion zsh > \"${fpath[1]}/_weir\"\n_arguments \\\n")
	visible(func(o *option, name string) {
		switch {
		case o.value == "":
			fmt.Fprintf(&b, "  '%s[%s]' \\\n", name, quote(o.oneLine()))
		case choices[name] != "":
			fmt.Fprintf(&b, "  '%s=[%s]:value:(%s)' \\\n", name, quote(o.oneLine()), choices[name])
		case isPath(o.value):
			fmt.Fprintf(&b, "  '%s=[%s]:path:_files' \\\n", name, quote(o.oneLine()))
		default:
			fmt.Fprintf(&b, "  '%s=[%s]:%s: ' \\\n", name, quote(o.oneLine()), quote(o.value))
		}
	})
	var commands []string
	var words strings.Builder
	for _, c := range subcommands {
		commands = append(commands, fmt.Sprintf(`%s\:"%s"`, c.name, c.help))
		if c.words != "" {
			more := ""
			if c.directories {
				more = "; _files -/"
			}
			fmt.Fprintf(&words, "%s) compadd %s%s ;; ", c.name, c.words, more)
		}
	}
	fmt.Fprintf(&b, "  '1:program:{ _alternative \"commands:command:((%s))\" \"files:file:_files\" }' \\\n", strings.ReplaceAll(strings.Join(commands, " "), `"`, `\"`))
	fmt.Fprintf(&b, "  '*:argument:{ case $words[2] in %s*) _files ;; esac }'\n", words.String())
	return b.String()
}

func fishCompletion() string {
	quote := strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace
	var b strings.Builder
	b.WriteString("# fish completion for weir: weir completion fish > ~/.config/fish/completions/weir.fish\n")
	// Values follow an equals sign, never a space, which fish would put behind an option that it knows to have one.
	visible(func(o *option, name string) {
		if o.value == "" {
			fmt.Fprintf(&b, "complete -c weir -l %s -d '%s'\n", strings.TrimPrefix(name, "--"), quote(o.oneLine()))
			return
		}
		words := name + "="
		for _, c := range strings.Fields(choices[name]) {
			words += " " + name + "=" + c
		}
		fmt.Fprintf(&b, "complete -c weir -n 'string match -q -- \"-*\" (commandline -ct)' -a '%s' -d '%s'\n", words, quote(o.oneLine()))
	})
	for _, c := range subcommands {
		fmt.Fprintf(&b, "complete -c weir -n __fish_use_subcommand -a %s -d '%s'\n", c.name, quote(c.help))
		if c.words != "" {
			files := "-f "
			if c.directories {
				files = ""
			}
			fmt.Fprintf(&b, "complete -c weir -n '__fish_seen_subcommand_from %s' %s-a '%s'\n", c.name, files, c.words)
		}
	}
	return b.String()
}
