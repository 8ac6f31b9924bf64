package yaml

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxNesting bounds how deep collections may be nested: the parser is recursive.
const maxNesting = 1000

// document is the text of one document of a stream.
type document struct {
	text  string
	line  int  // lines before it
	begun bool // it begins with ---
}

// split cuts a stream at its markers, which are markers wherever a line begins with them. The parser is given one
// document at a time because it loses its way after an empty one.
func split(stream string) []document {
	var docs []document
	var d document
	begin, at, n := 0, 0, 0
	for line := range strings.Lines(stream) {
		begins, ends := isMarker(line, "---"), isMarker(line, "...")
		if begins || ends {
			d.text = stream[begin:at]
			if d.begun || ends || !onlyDirectives(d.text) {
				docs = append(docs, d)
			}
			d, begin = document{line: n, begun: begins}, at
		}
		at += len(line)
		n++
		if ends {
			d.line, begin = n, at
		}
	}
	d.text = stream[begin:]
	return append(docs, d)
}

// onlyDirectives reports whether a text consists of directives and comments. They matter for tags only.
func onlyDirectives(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '%' && line[0] != '#' {
			return false
		}
	}
	return true
}

func isMarker(line, marker string) bool {
	rest, ok := strings.CutPrefix(line, marker)
	return ok && (rest == "" || strings.ContainsRune(" \t\r\n", rune(rest[0])))
}

// documents parses a stream. The result has a nil node for an empty document.
func documents(stream string) ([]ast.Node, error) {
	var nodes []ast.Node
	for _, d := range split(stream) {
		n, err := d.parse()
		if err != nil {
			return nil, err
		}
		if n != nil || d.begun {
			nodes = append(nodes, n)
		}
	}
	return nodes, nil
}

func (d document) parse() (n ast.Node, err error) {
	defer func() {
		if p := recover(); p != nil { // a defect of the parser must not look like one of weir
			err = fmt.Errorf("YAML: cannot understand this text: %v", p)
		}
	}()
	tokens := lexer.Tokenize(d.text)
	if err := d.checkNesting(tokens); err != nil {
		return nil, err
	}
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, d.explain(err)
	}
	if len(f.Docs) == 0 {
		return nil, nil
	}
	return f.Docs[0].Body, nil
}

func (d document) checkNesting(tokens token.Tokens) error {
	flow, inLine, line := 0, 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			if t.Position.Line != line {
				line, inLine = t.Position.Line, 0
			}
			inLine++
		}
		if flow > maxNesting || inLine > maxNesting {
			return d.fault("nested too deep", t)
		}
	}
	return nil
}

func (d document) explain(err error) error {
	var e interface {
		GetMessage() string
		GetToken() *token.Token
	}
	if errors.As(err, &e) {
		return d.fault(e.GetMessage(), e.GetToken())
	}
	return fmt.Errorf("YAML: %w", err)
}

func (d document) fault(what string, t *token.Token) error {
	if t == nil || t.Position == nil {
		return errors.New("YAML: " + what)
	}
	return fmt.Errorf("YAML: %s at line %d column %d", what, d.line+t.Position.Line, t.Position.Column)
}
