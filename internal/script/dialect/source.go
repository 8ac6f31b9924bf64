package dialect

import "slices"

// source is the author's text cut into tokens.
type source struct {
	name   string
	text   string
	lines  lines
	tokens []tok
	index  []int32 // token that begins at an offset, plus 1

	// openComment is where a comment begins that nothing closes, or -1.
	openComment int

	closing int32 // scratch of the scanner
}

func readSource(name, text string) (*source, *SyntaxError) {
	f := &source{name: name, text: text, lines: splitLines(text), openComment: -1}
	s := scanner{src: text, file: f, tokens: make([]tok, 0, len(text)/4+8)}
	if has(text, 0, "\ufeff") {
		s.at = 3
	}
	if has(text, s.at, "#!") {
		for s.at < len(text) && text[s.at] != '\n' {
			s.at++
		}
	}
	err := s.scan()
	if err != nil {
		return nil, err
	}
	f.tokens = s.tokens
	f.index = make([]int32, len(text)+1)
	for i := len(f.tokens) - 1; i >= 0; i-- {
		f.index[f.tokens[i].start] = int32(i + 1)
	}
	return f, nil
}

func (f *source) fail(offset int, message string) *SyntaxError {
	line, col := f.lines.position(offset)
	return &SyntaxError{File: f.name, Line: line, Column: col, Message: message}
}

// token gives the index of the token that begins at an offset, or of the first
// one after it.
func (f *source) token(offset int) int {
	if offset >= 0 && offset < len(f.index) {
		if i := f.index[offset]; i > 0 {
			return int(i) - 1
		}
	}
	i, _ := slices.BinarySearchFunc(f.tokens, offset, func(t tok, at int) int { return int(t.start) - at })
	return min(i, len(f.tokens)-1)
}

func (f *source) str(i int) string {
	if i < 0 || i >= len(f.tokens) {
		return ""
	}
	return f.text[f.tokens[i].start:f.tokens[i].end]
}

// is tells whether token i is the given word or punctuation.
func (f *source) is(i int, s string) bool {
	if i < 0 || i >= len(f.tokens) {
		return false
	}
	t := &f.tokens[i]
	return (t.kind == tokWord || t.kind == tokPunct) && f.text[t.start:t.end] == s
}

// word tells whether token i is the reserved word w, not a property name.
func (f *source) word(i int, w string) bool {
	return f.is(i, w) && f.tokens[i].kind == tokWord && !f.is(i-1, ".") && !f.is(i-1, "?.")
}

func (f *source) start(i int) int { return int(f.tokens[i].start) }

func (f *source) end(i int) int { return int(f.tokens[i].end) }

// opener gives what kind of bracket the token is inside of.
func (f *source) opener(i int) bracket {
	if in := f.tokens[i].inside; in >= 0 {
		return f.tokens[in].opens
	}
	return notBracket
}

// newlines counts the line breaks in text[from:to].
func (f *source) newlines(from, to int) int {
	a, _ := f.lines.position(from)
	b, _ := f.lines.position(to)
	return b - a
}
