package dialect

// operandWords are the reserved words after which an operand follows.
var operandWords = map[string]bool{
	"return": true, "typeof": true, "case": true, "in": true, "instanceof": true,
	"new": true, "void": true, "delete": true, "throw": true, "do": true,
	"else": true, "await": true, "yield": true, "default": true, "extends": true,
}

// operandExpected tells whether the next token begins an operand.
func (s *scanner) operandExpected() bool {
	i := len(s.tokens) - 1
	if i < 0 {
		return true
	}
	switch t := s.tokens[i]; t.kind {
	case tokWord:
		return operandWords[s.text(i)] && !s.afterDot(i)
	case tokPunct:
		switch s.text(i) {
		case ")":
			return s.controlHead(int(t.match) - 1)
		case "]", "++", "--":
			return false
		case "}":
			return s.tokens[t.match].opens != objectBrace
		}
		return true
	case tokTemplateHead, tokTemplateMid:
		return true
	}
	return false
}

// controlHead tells whether the parentheses after token i belong to a statement.
func (s *scanner) controlHead(i int) bool {
	if i < 0 {
		return false
	}
	switch s.text(i) {
	case "if", "for", "while", "switch", "with":
		return !s.afterDot(i)
	case "await":
		return s.keyword(i-1, "for")
	case "catch":
		return i > 0 && s.text(i-1) == "}"
	}
	return false
}

// brace tells what a { at the current place opens.
func (s *scanner) brace() bracket {
	i := len(s.tokens) - 1
	if i < 0 {
		return blockBrace
	}
	t := s.tokens[i]
	switch t.kind {
	case tokPunct:
		switch s.text(i) {
		case "=>":
			return functionBrace
		case ")":
			if s.controlHead(int(t.match) - 1) {
				return blockBrace
			}
			if s.classHead(i) {
				return classBrace
			}
			return functionBrace
		case ";", "}":
			return blockBrace
		case "{":
			if t.opens == objectBrace {
				return objectBrace
			}
			return blockBrace
		case "]":
			if s.classHead(i) {
				return classBrace
			}
			return blockBrace
		case ":":
			return s.afterColon(i)
		}
		return objectBrace
	case tokWord:
		if s.afterDot(i) {
			if s.classHead(i) {
				return classBrace
			}
			return blockBrace
		}
		switch w := s.text(i); w {
		case "else", "do", "try", "finally", "catch":
			return blockBrace
		case "static":
			return functionBrace
		case "of":
			return objectBrace
		default:
			if operandWords[w] && w != "else" && w != "do" {
				return objectBrace
			}
			if s.classHead(i) {
				return classBrace
			}
			return blockBrace
		}
	case tokTemplateHead, tokTemplateMid:
		return objectBrace
	}
	return blockBrace
}

// classHead tells whether the tokens up to i are `class Name extends Expr`.
func (s *scanner) classHead(i int) bool {
	for ; i >= 0; i-- {
		t := s.tokens[i]
		switch {
		case t.kind == tokWord && s.text(i) == "class" && !s.afterDot(i):
			return true
		case t.kind == tokWord && s.text(i) == "function":
			return false
		case t.kind == tokWord || s.text(i) == ".":
		case t.kind == tokPunct && t.match >= 0 && t.opens == notBracket && s.text(i) != "}":
			i = int(t.match)
		default:
			return false
		}
	}
	return false
}

// afterColon tells what a { after the colon at token i opens.
func (s *scanner) afterColon(i int) bracket {
	if n := len(s.open); n > 0 {
		switch s.tokens[s.open[n-1]].opens {
		case blockBrace, functionBrace, classBrace:
		default:
			return objectBrace
		}
	}
	for j := i - 1; j >= 0; j-- {
		t := s.tokens[j]
		if t.kind == tokPunct {
			if t.match >= 0 && t.opens == notBracket {
				j = int(t.match)
				continue
			}
			switch s.text(j) {
			case "?":
				return objectBrace
			case ";", "{", "=>":
				return blockBrace
			}
		}
		if s.keyword(j, "case") || s.keyword(j, "default") {
			return blockBrace
		}
	}
	return blockBrace
}
