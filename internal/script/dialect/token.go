package dialect

// kind is the lexical class of a token.
type kind uint8

const (
	tokEOF kind = iota
	tokWord
	tokPrivate
	tokNumber
	tokString
	tokRegExp
	tokPunct
	tokTemplate     // `…`
	tokTemplateHead // `…${
	tokTemplateMid  // }…${
	tokTemplateTail // }…`
)

// bracket is what an opening token opens.
type bracket uint8

const (
	notBracket bracket = iota
	parens
	brackets
	blockBrace
	functionBrace
	classBrace
	objectBrace
	templateBrace
)

// maxNesting bounds the recursion of the parser.
const maxNesting = 1000

// tok is one token of the author's text.
type tok struct {
	kind       kind
	opens      bracket
	newline    bool // a line break precedes it
	start, end int32
	match      int32 // the partner of a bracket
	inside     int32 // the innermost bracket open at it, -1 at the top level
}

func (s *scanner) text(i int) string {
	if i < 0 {
		return ""
	}
	t := &s.tokens[i]
	return s.src[t.start:t.end]
}

// keyword tells whether token i is the reserved word w, not a property name.
func (s *scanner) keyword(i int, w string) bool {
	if i < 0 || s.tokens[i].kind != tokWord || s.text(i) != w {
		return false
	}
	return !s.afterDot(i)
}

func (s *scanner) afterDot(i int) bool {
	if i == 0 {
		return false
	}
	p := s.text(i - 1)
	return p == "." || p == "?."
}
