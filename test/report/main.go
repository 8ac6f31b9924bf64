// Command report runs go test and tells at the end what passing tests do not: which were skipped and why, and which rows of
// the capability table ran on which kernel.
//
//	report -o FILE go test [arguments]   runs go test, prints what it would, and keeps the results in FILE
//	report FILE...                       prints the summary of results that were kept
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"weir/test/capability"
)

func main() {
	file := flag.String("o", "", "keep the results in this file instead of printing the summary")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: report -o FILE go test [arguments]\n       report FILE...")
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	if *file != "" {
		os.Exit(run(*file, flag.Args()))
	}
	var all []Result
	for _, name := range flag.Args() {
		b, err := os.ReadFile(name)
		if err == nil {
			var list []Result
			err = json.Unmarshal(b, &list)
			all = append(all, list...)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "report:", err)
			os.Exit(1)
		}
	}
	summarize(os.Stdout, all, capability.Table)
}

// run runs a command that is go test, and returns its exit code.
func run(file string, command []string) int {
	args := append([]string{command[1], "-json"}, command[2:]...)
	cmd := exec.Command(command[0], args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		return 1
	}
	results, err := read(out, os.Stdout)
	if werr := cmd.Wait(); werr != nil {
		return max(cmd.ProcessState.ExitCode(), 1)
	}
	b, jerr := json.MarshalIndent(results, "", "\t")
	if err == nil {
		err = jerr
	}
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o755)
	}
	if err == nil {
		err = os.WriteFile(file, b, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		return 1
	}
	return 0
}
