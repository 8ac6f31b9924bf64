// Package http1test has malformed requests for the tests of whatever reads HTTP/1: the codec, and servers over sockets.
package http1test

import (
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

//go:embed malformed.txt
var malformed string

// Case is a malformed request.
type Case struct {
	Name   string
	Status int    // of the answer
	Body   bool   // the head is fine, the body is not
	Input  string // bytes to send
}

var repeat = regexp.MustCompile(`<(\d+)\*([^>]+)>`)

// Malformed returns the cases of malformed.txt.
func Malformed() []Case {
	var cases []Case
	for i, line := range strings.Split(malformed, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.SplitN(line, " ", 4)
		if len(fields) != 4 {
			panic(fmt.Sprintf("malformed.txt:%d: want status, part, name, input", i+1))
		}
		status, err := strconv.Atoi(fields[0])
		input, err2 := strconv.Unquote(`"` + fields[3] + `"`)
		if err != nil || err2 != nil {
			panic(fmt.Sprintf("malformed.txt:%d: %v %v", i+1, err, err2))
		}
		input = repeat.ReplaceAllStringFunc(input, func(s string) string {
			m := repeat.FindStringSubmatch(s)
			n, _ := strconv.Atoi(m[1])
			return strings.Repeat(m[2], n)
		})
		cases = append(cases, Case{fields[2], status, fields[1] == "body", input})
	}
	return cases
}
