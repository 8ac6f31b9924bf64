package dialect

// putComma puts in a comma that was omitted at the line break before token i.
func (p *prepared) putComma(i int) bool {
	if i < 1 || !p.tokens[i].newline || !p.endsOperand(i-1) || p.commas > 200 {
		return false
	}
	in := int(p.tokens[i].inside)
	switch p.opener(i) {
	case brackets, objectBrace:
	case parens:
		if in == 0 || !p.endsOperand(in-1) || p.operandHead(in-1) {
			return false
		}
	default:
		return false
	}
	at := p.end(i - 1)
	if p.image[at] == ',' {
		return false
	}
	p.commas++
	p.image[at] = ','
	p.edits.add(at, at, ",", rankComma)
	return true
}

// operandHead tells whether token i is a word that heads parentheses.
func (f *source) operandHead(i int) bool {
	switch f.str(i) {
	case "if", "for", "while", "switch", "with", "catch", "function":
		return !f.is(i-1, ".")
	}
	return false
}
