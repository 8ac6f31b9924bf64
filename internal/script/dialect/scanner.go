package dialect

// scanner cuts the author's text into tokens. It decides between division and
// regular expression, block and object, by the tokens before them.
type scanner struct {
	src     string
	file    *source
	at      int
	newline bool
	tokens  []tok
	open    []int32
}

func isWordByte(c byte) bool {
	return c >= 0x80 || c == '_' || c == '$' || c == '\\' || c-'0' < 10 || c|0x20-'a' < 26
}

func (s *scanner) scan() *SyntaxError {
	for {
		if err := s.space(); err != nil {
			return err
		}
		start := s.at
		if s.at >= len(s.src) {
			s.add(tokEOF, start)
			break
		}
		c := s.src[s.at]
		switch {
		case c-'0' < 10, c == '.' && s.at+1 < len(s.src) && s.src[s.at+1]-'0' < 10:
			s.number()
			s.add(tokNumber, start)
		case isWordByte(c):
			if !s.word() {
				return s.file.fail(start, "unknown token")
			}
			s.add(tokWord, start)
		case c == '#':
			s.at++
			if !s.word() || s.at == start+1 {
				return s.file.fail(start, "unknown token")
			}
			s.add(tokPrivate, start)
		case c == '"' || c == '\'':
			if !s.quoted(c) {
				return s.file.fail(start, "unexpected end of expression")
			}
			s.add(tokString, start)
		case c == '`':
			if err := s.template(tokTemplate, tokTemplateHead); err != nil {
				return err
			}
		case c == '}' && len(s.open) > 0 && s.tokens[s.open[len(s.open)-1]].opens == templateBrace:
			if err := s.template(tokTemplateTail, tokTemplateMid); err != nil {
				return err
			}
		case c == '/' && s.operandExpected():
			if !s.regexp() {
				return s.file.fail(start, "unexpected token")
			}
			s.add(tokRegExp, start)
		default:
			if err := s.punct(); err != nil {
				return err
			}
		}
	}
	if n := len(s.open); n > 0 {
		want := map[bracket]string{parens: "')'", brackets: "']'"}[s.tokens[s.open[n-1]].opens]
		if want == "" {
			want = "'}'"
		}
		return s.file.fail(len(s.src), want+" expected")
	}
	return nil
}

func (s *scanner) add(k kind, start int) *tok {
	inside := int32(-1)
	if n := len(s.open); n > 0 {
		inside = s.open[n-1]
	}
	s.tokens = append(s.tokens, tok{
		kind: k, newline: s.newline, start: int32(start), end: int32(s.at), match: -1, inside: inside,
	})
	s.newline = false
	return &s.tokens[len(s.tokens)-1]
}

// space skips blanks and comments.
func (s *scanner) space() *SyntaxError {
	for s.at < len(s.src) {
		switch c := s.src[s.at]; {
		case c == '\n' || c == '\r':
			s.newline = true
			s.at++
		case c == ' ' || c == '\t' || c == '\v' || c == '\f':
			s.at++
		case c == 0xC2 && has(s.src, s.at, "\u00a0"):
			s.at += 2
		case c == 0xEF && has(s.src, s.at, "\ufeff"):
			s.at += 3
		case c == 0xE2 && (has(s.src, s.at, "\u2028") || has(s.src, s.at, "\u2029")):
			s.newline = true
			s.at += 3
		case c == '/' && has(s.src, s.at, "//"):
			for s.at < len(s.src) && s.src[s.at] != '\n' {
				s.at++
			}
		case c == '/' && has(s.src, s.at, "/*"):
			start := s.at
			s.at += 2
			for s.at < len(s.src) && !has(s.src, s.at, "*/") {
				if s.src[s.at] == '\n' {
					s.newline = true
				}
				s.at++
			}
			if s.at >= len(s.src) {
				s.file.openComment = start
				return nil
			}
			s.at += 2
		default:
			return nil
		}
	}
	return nil
}

func has(s string, at int, prefix string) bool {
	return len(s)-at >= len(prefix) && s[at:at+len(prefix)] == prefix
}

// word skips a name; it fails at a backslash that begins no \u escape.
func (s *scanner) word() bool {
	for s.at < len(s.src) && isWordByte(s.src[s.at]) {
		if has(s.src, s.at, "\\u{") {
			for s.at < len(s.src) && s.src[s.at] != '}' && s.src[s.at] != '\n' {
				s.at++
			}
			if s.at < len(s.src) {
				s.at++
			}
			continue
		}
		if c := s.src[s.at]; c == 0xC2 && has(s.src, s.at, "\u00a0") || c == 0xEF && has(s.src, s.at, "\ufeff") ||
			c == 0xE2 && (has(s.src, s.at, "\u2028") || has(s.src, s.at, "\u2029")) {
			return true
		}
		if s.src[s.at] == '\\' && !has(s.src, s.at, "\\u") {
			return false
		}
		s.at++
	}
	return true
}

func (s *scanner) number() {
	radix := has(s.src, s.at, "0x") || has(s.src, s.at, "0X")
	dot := false
	for s.at < len(s.src) {
		c := s.src[s.at]
		switch {
		case c == '.' && !dot && !radix:
			dot = true
		case (c == '+' || c == '-') && !radix && s.src[s.at-1]|0x20 == 'e':
		case c < 0x80 && isWordByte(c) && c != '\\':
		default:
			return
		}
		s.at++
	}
}

func (s *scanner) quoted(q byte) bool {
	for s.at++; s.at < len(s.src); s.at++ {
		switch s.src[s.at] {
		case '\\':
			s.at++
		case q:
			s.at++
			return true
		}
	}
	s.at = len(s.src)
	return false
}

func (s *scanner) regexp() bool {
	class := false
	for s.at++; s.at < len(s.src); s.at++ {
		switch s.src[s.at] {
		case '\\':
			s.at++
		case '[':
			class = true
		case ']':
			class = false
		case '\n':
			return false
		case '/':
			if !class {
				s.at++
				return s.word()
			}
		}
	}
	s.at = len(s.src)
	return false
}

// template scans from ` or } to the next ${ or `.
func (s *scanner) template(last, more kind) *SyntaxError {
	start := s.at
	for s.at++; s.at < len(s.src); s.at++ {
		switch {
		case s.src[s.at] == '\\':
			s.at++
		case s.src[s.at] == '`':
			s.at++
			s.close(last == tokTemplateTail)
			s.add(last, start)
			s.link(last == tokTemplateTail)
			return nil
		case has(s.src, s.at, "${"):
			s.at += 2
			s.close(more == tokTemplateMid)
			s.add(more, start)
			s.link(more == tokTemplateMid)
			t := &s.tokens[len(s.tokens)-1]
			t.opens = templateBrace
			s.open = append(s.open, int32(len(s.tokens)-1))
			return nil
		}
	}
	s.at = len(s.src)
	return s.file.fail(start, "unexpected end of expression")
}

// close and link pop the innermost bracket before and after its closing token
// is added. A template's middle piece closes one bracket and opens another, so
// its match is that of the bracket it opens.
func (s *scanner) close(really bool) {
	if really {
		s.file.closing = s.open[len(s.open)-1]
		s.open = s.open[:len(s.open)-1]
	}
}

func (s *scanner) link(really bool) {
	if really {
		n := int32(len(s.tokens) - 1)
		s.tokens[n].match = s.file.closing
		s.tokens[s.file.closing].match = n
	}
}

var puncts = []string{
	">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "??=",
	"=>", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "++", "--", "+=", "-=", "*=",
	"/=", "%=", "&=", "|=", "^=", "<<", ">>", "**",
}

func (s *scanner) punct() *SyntaxError {
	start := s.at
	c := s.src[s.at]
	switch c {
	case '(', '[', '{':
		opens := parens
		if c == '[' {
			opens = brackets
		} else if c == '{' {
			opens = s.brace()
		}
		if len(s.open) > maxNesting {
			return s.file.fail(start, "brackets nested too deeply")
		}
		s.at++
		s.add(tokPunct, start).opens = opens
		s.open = append(s.open, int32(len(s.tokens)-1))
		return nil
	case ')', ']', '}':
		if len(s.open) == 0 || !closes(c, s.tokens[s.open[len(s.open)-1]].opens) {
			return s.file.fail(start, "unexpected token")
		}
		s.at++
		s.close(true)
		s.add(tokPunct, start)
		s.link(true)
		return nil
	case ';', ',', ':', '~', '@':
		s.at++
		s.add(tokPunct, start)
		return nil
	}
	s.at++
	for _, p := range puncts {
		if p[0] == c && has(s.src, start, p) {
			if p == "?." && start+2 < len(s.src) && s.src[start+2]-'0' < 10 {
				continue
			}
			s.at = start + len(p)
			break
		}
	}
	switch c {
	case '.', '?', '=', '!', '<', '>', '&', '|', '+', '-', '*', '/', '%', '^':
		s.add(tokPunct, start)
		return nil
	}
	return s.file.fail(start, "unknown token")
}

func closes(c byte, b bracket) bool {
	switch c {
	case ')':
		return b == parens
	case ']':
		return b == brackets
	}
	return b == blockBrace || b == functionBrace || b == classBrace || b == objectBrace
}
