package main

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
)

// Result is how a test ended.
type Result struct {
	Package, Test string
	Action        string // pass, skip or fail
	Reason        string // of a skip
}

// event is a line of go test -json; see go doc test2json.
type event struct {
	Action, Package, Test, Output string
}

// read prints what go test would print without -json: the output of tests that fail, a line for each package.
func read(in io.Reader, out io.Writer) ([]Result, error) {
	type key struct{ pkg, test string }
	output := map[key]*strings.Builder{}
	var results []Result
	for d := json.NewDecoder(in); ; {
		var e event
		if err := d.Decode(&e); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return results, err
		}
		k := key{e.Package, e.Test}
		switch e.Action {
		case "build-output":
			io.WriteString(out, e.Output)
		case "output":
			switch {
			case e.Test != "":
				if output[k] == nil {
					output[k] = &strings.Builder{}
				}
				output[k].WriteString(e.Output)
			case e.Output != "PASS\n":
				io.WriteString(out, e.Output)
			}
		case "pass", "skip", "fail":
			text := ""
			if b := output[k]; b != nil {
				text = b.String()
				delete(output, k)
			}
			if e.Test == "" {
				continue
			}
			r := Result{Package: e.Package, Test: e.Test, Action: e.Action}
			switch e.Action {
			case "fail":
				io.WriteString(out, text)
			case "skip":
				r.Reason = reason(text)
			}
			results = append(results, r)
		}
	}
}

var position = regexp.MustCompile(`^\s+\S+\.go:\d+: `)

// reason finds what a test that was skipped said.
func reason(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, " ") && !strings.HasPrefix(strings.TrimSpace(line), "--- ") {
			lines = append(lines, strings.TrimSpace(position.ReplaceAllString(line, "")))
		}
	}
	return strings.Join(lines, " ")
}
