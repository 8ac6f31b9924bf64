package yaml

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxNesting bounds how deep collections may be nested.
const maxNesting = 1000

// The tree that is made of a text takes nodeSize bytes for each value, and a value takes one byte of the text or two.
const (
	nodeSize = 256
	maxTree  = 256 << 20
)

// document returns the last document of a stream, nil if there is none.
func document(stream string) (last *yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil { // a defect of the parser must not look like one of weir
			err = fmt.Errorf("YAML: cannot understand this text: %v", p)
		}
	}()
	if parts(stream) > maxTree/nodeSize {
		return nil, fmt.Errorf("YAML: the text has more than %d values", maxTree/nodeSize)
	}
	dec := yaml.NewDecoder(strings.NewReader(anyVersion(stream)))
	for {
		n := new(yaml.Node)
		if err := dec.Decode(n); err == io.EOF {
			return last, nil
		} else if err != nil {
			return nil, explain(err)
		}
		last = n
	}
}

// parts returns how many values a text has at most.
func parts(s string) (n int) {
	for i := range len(s) {
		switch s[i] {
		case ',', ':', '[', '{', '\n', '?':
			n++
		case '-':
			if i+1 < len(s) && (s[i+1] == ' ' || s[i+1] == '\t') {
				n++
			}
		}
	}
	return n
}

var version = regexp.MustCompile(`(?m)^%YAML[ \t]+1\.\d`)

// anyVersion declares all documents as YAML 1.1, which is the only version the parser takes; it reads what is in use of 1.2.
func anyVersion(stream string) string {
	if !strings.Contains(stream, "%YAML") {
		return stream
	}
	return version.ReplaceAllStringFunc(stream, func(s string) string { return s[:len(s)-1] + "1" })
}

var place = regexp.MustCompile(`^line (\d+): `)

// explain puts the line, which the parser leaves out if it is the first one, behind what is wrong.
func explain(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	line := "1"
	if m := place.FindStringSubmatch(text); m != nil {
		text, line = text[len(m[0]):], m[1]
	}
	return errors.New("YAML: " + text + " at line " + line)
}
