package dialect

import (
	"encoding/json"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"
)

// viaESBuild strips types, or lowers syntax that the parser does not know,
// and translates what esbuild makes of the file.
func viaESBuild(src string, o Options, typescript bool) (*Output, *SyntaxError) {
	loader := api.LoaderJS
	if typescript {
		loader = api.LoaderTS
	}
	result := api.Transform(src, api.TransformOptions{
		Loader:      loader,
		Target:      api.ES2022,
		Sourcemap:   api.SourceMapExternal,
		Sourcefile:  o.File,
		TreeShaking: api.TreeShakingFalse,
		LogLevel:    api.LogLevelSilent,
		Charset:     api.CharsetUTF8,
	})
	author := splitLines(src)
	if len(result.Errors) > 0 {
		return nil, esbuildError(author, o.File, result.Errors[0])
	}
	m, ok := readSourceMap(result.Map, author)
	if !ok {
		return nil, &SyntaxError{o.File, 1, 1, "unreadable source map"}
	}
	code := splitLines(string(result.Code))
	o.renamed = true
	out, _, err := translate(string(result.Code), o)
	place := func(line, col int) (int, int) { return m.lookup(line, code.codePointColumn(line, col)) }
	if err != nil {
		err.Line, err.Column = place(err.Line, err.Column)
		return nil, err
	}
	out.Map.stages = append(out.Map.stages, m)
	for i := range out.Imports {
		d := &out.Imports[i]
		d.Line, d.Column = place(d.Line, d.Column)
	}
	return out, nil
}

func esbuildError(author lines, file string, m api.Message) *SyntaxError {
	text := m.Text
	if text != "" && !strings.HasPrefix(text, "JS") {
		_, n := utf8.DecodeRuneInString(text)
		text = strings.ToLower(text[:n]) + text[n:]
	}
	e := &SyntaxError{file, 1, 1, text}
	if m.Location != nil {
		e.Line, e.Column = author.position(author.offset(m.Location.Line, m.Location.Column+1))
	}
	return e
}

// sourceMap is a translation described by a source map.
type sourceMap struct {
	source   lines
	segments []segment
}

// segment is one mapping, lines and columns from 0, columns in UTF-16 units.
type segment struct {
	line, col             int
	sourceLine, sourceCol int
}

var _ stage = (*sourceMap)(nil)

func (m *sourceMap) lookup(line, col int) (int, int) {
	line, col = line-1, col-1
	i := sort.Search(len(m.segments), func(i int) bool {
		s := m.segments[i]
		return s.line > line || s.line == line && s.col > col
	}) - 1
	if i < 0 {
		return 1, 1
	}
	s := m.segments[i]
	text, _ := m.source.line(s.sourceLine + 1)
	at := 0
	for n := s.sourceCol; n > 0 && at < len(text); n-- {
		r, size := utf8.DecodeRuneInString(text[at:])
		if r > 0xFFFF {
			n--
		}
		at += size
	}
	return s.sourceLine + 1, at + 1
}

// readSourceMap reads the mappings of a source map with a single source.
func readSourceMap(data []byte, source lines) (*sourceMap, bool) {
	var file struct{ Mappings string }
	if json.Unmarshal(data, &file) != nil {
		return nil, false
	}
	m := &sourceMap{source: source}
	var sourceLine, sourceCol int
	for line, text := range strings.Split(file.Mappings, ";") {
		col := 0
		for _, s := range strings.Split(text, ",") {
			if s == "" {
				continue
			}
			var fields [5]int
			n := 0
			for ; s != "" && n < 5; n++ {
				var ok bool
				if fields[n], s, ok = readVLQ(s); !ok {
					return nil, false
				}
			}
			col += fields[0]
			if n < 4 {
				continue
			}
			sourceLine += fields[2]
			sourceCol += fields[3]
			m.segments = append(m.segments, segment{line, col, sourceLine, sourceCol})
		}
	}
	return m, true
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func readVLQ(s string) (value int, rest string, ok bool) {
	for i, shift := 0, 0; i < len(s) && shift < 35; i, shift = i+1, shift+5 {
		d := strings.IndexByte(base64Digits, s[i])
		if d < 0 {
			return 0, "", false
		}
		value |= d & 31 << shift
		if d&32 == 0 {
			if value&1 != 0 {
				return -(value >> 1), s[i+1:], true
			}
			return value >> 1, s[i+1:], true
		}
	}
	return 0, "", false
}
