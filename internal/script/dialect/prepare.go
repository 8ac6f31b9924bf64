package dialect

// prepared is a file made ready for the parser. The parser reads `image`, a
// text of the same length as the author's in which whatever it would refuse
// stands for something harmless, so that every offset means the same in both.
type prepared struct {
	*source
	kind  Kind
	image []byte
	edits edits

	imports  []*importDecl
	exports  []*exportDecl
	exportAt map[int]*exportDecl // by the token after `export`
	commas   int                 // omitted commas put in
}

func prepare(f *source, k Kind) (*prepared, *SyntaxError) {
	p := &prepared{source: f, kind: k, exportAt: map[int]*exportDecl{}}
	p.draw()
	if has(f.text, 0, "\ufeff") {
		p.edits.replace(0, 3, "")
	}
	if at := p.top(); has(f.text, at, "#!") {
		p.edits.replace(at, at+2, "//")
	}
	if f.openComment >= 0 {
		p.edits.insert(len(f.text), "*/")
	}
	for i := range f.tokens {
		switch t := &f.tokens[i]; t.kind {
		case tokString:
			p.repairString(i)
		case tokNumber:
			p.repairNumber(i)
		case tokTemplate, tokTemplateHead, tokTemplateMid, tokTemplateTail:
			p.repairOctal(i)
		case tokPunct:
			if t.end-t.start > 0 {
				p.operator(i)
			}
		}
	}
	if k == Module {
		if err := p.modules(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// top is where the text begins, after a byte order mark.
func (f *source) top() int {
	if has(f.text, 0, "\ufeff") {
		return 3
	}
	return 0
}

// draw makes the image: blanks for blanks and comments, placeholders for
// literals, an operator for await, which the parser knows only in part.
func (p *prepared) draw() {
	img := make([]byte, len(p.text))
	fill(img, ' ')
	for i := range p.tokens {
		t := &p.tokens[i]
		if t.newline {
			img[t.start-1] = '\n'
		}
		out := img[t.start:t.end]
		copy(out, p.text[t.start:t.end])
		switch t.kind {
		case tokString, tokTemplate:
			fill(out[1:len(out)-1], '_')
		case tokTemplateHead, tokTemplateMid:
			fill(out[1:len(out)-2], '_')
		case tokTemplateTail:
			fill(out[1:len(out)-1], '_')
		case tokRegExp:
			fill(out, '_')
			out[0], out[len(out)-1] = '"', '"'
		case tokNumber:
			for j := range out {
				out[j] = '1'
			}
			if p.text[t.start] == '.' {
				out[0] = '.'
			} else if len(out) > 1 {
				out[1] = '.'
			}
		case tokWord, tokPrivate:
			for j, c := range out {
				if c >= 0x80 || c == '\\' || c == '{' || c == '}' {
					out[j] = '_'
				}
			}
			if t.kind == tokWord {
				p.drawWord(i, out)
			}
		case tokPunct:
			if string(out) == "??" {
				copy(out, "||")
			}
		}
	}
	p.image = img
}

func (p *prepared) drawWord(i int, out []byte) {
	switch string(out) {
	case "enum":
		out[3] = '_'
	case "await":
		switch {
		case !p.isAwait(i):
		case p.word(i-1, "for"):
			fill(out, ' ')
		default:
			fill(out, ' ')
			out[0] = '!'
		}
	case "get", "set":
		// the parser takes a field of that name for an accessor
		if p.opener(i) == classBrace && (p.is(i+1, "=") || p.is(i+1, "}")) {
			out[2] = '_'
		}
	case "async":
		if p.opener(i) == classBrace && (p.is(i+1, "=") || p.is(i+1, "}")) {
			out[2] = '_'
		}
		// the parser knows no async generator methods in object literals
		if p.is(i+1, "*") && p.opener(i) == objectBrace {
			fill(out, ' ')
		}
	}
}

// isAwait tells whether token i is the operator await, not a property name.
func (f *source) isAwait(i int) bool {
	if !f.word(i, "await") {
		return false
	}
	for _, s := range [...]string{":", ",", ")", "}", "]", "=", ";", "=>"} {
		if f.is(i+1, s) {
			return false
		}
	}
	if in := f.opener(i); in == objectBrace || in == classBrace {
		for _, s := range [...]string{"{", ",", ";", "}", "async", "get", "set", "static"} {
			if f.is(i-1, s) {
				return false // the name of a method
			}
		}
	}
	return true
}

func fill(b []byte, c byte) {
	for i := range b {
		b[i] = c
	}
}

// repairString rewrites raw line breaks and octal escapes in '…' and "…".
func (p *prepared) repairString(i int) {
	at, end := p.start(i), p.end(i)
	for j := at + 1; j < end-1; j++ {
		switch p.text[j] {
		case '\\':
			j++
			if p.text[j] == '\r' && p.text[j+1] == '\n' {
				j++
			}
		case '\r':
			p.edits.replace(j, j+1, `\r`)
		case '\n':
			p.edits.insert(j, `\n\`)
		}
	}
	p.repairOctal(i)
}

func octal(c byte) bool { return c >= '0' && c <= '7' }

// repairOctal rewrites the octal escapes of a literal, which modules refuse.
func (p *prepared) repairOctal(i int) {
	const hex = "0123456789abcdef"
	end := p.end(i)
	for j := p.start(i) + 1; j < end-1; j++ {
		if p.text[j] != '\\' {
			continue
		}
		j++
		c := p.text[j]
		if c == '8' || c == '9' {
			p.edits.replace(j-1, j, "")
			continue
		}
		if !octal(c) || c == '0' && (p.text[j+1]-'0' >= 10) {
			continue
		}
		n, k := 0, j
		for ; k < j+3 && octal(p.text[k]) && n*8+int(p.text[k]-'0') < 256; k++ {
			n = n*8 + int(p.text[k]-'0')
		}
		p.edits.replace(j, k, "x"+string(hex[n>>4])+string(hex[n&15]))
		j = k - 1
	}
}

// repairNumber drops the leading zeros of 017, which is decimal here.
func (p *prepared) repairNumber(i int) {
	s, at := p.str(i), p.start(i)
	n := 0
	for n+1 < len(s) && s[n] == '0' && s[n+1]-'0' < 10 {
		n++
	}
	if n > 0 {
		p.edits.replace(at, at+n, "")
	}
}

// operator handles what stands left and right of some operators.
func (p *prepared) operator(i int) {
	switch p.str(i) {
	case "??":
		p.coalesce(i)
	case "=", "+=", "-=", "*=", "/=", "%=", "**=", "<<=", ">>=", ">>>=", "&=", "|=", "^=", "&&=", "||=", "??=":
		p.optionalTarget(i)
	case "++", "--":
		if !p.tokens[i].newline {
			p.optionalTarget(i)
		}
	}
}

// optionalTarget lets an assignment through an optional chain pass: a nullish
// link is an error in it, as it is without the question mark.
func (p *prepared) optionalTarget(op int) {
	var links []int
	next := true // the link next to the operator
chain:
	for i := op - 1; ; next = false {
		group := false
		switch {
		case i < 0:
			break chain
		case p.is(i, "]") || p.is(i, ")"):
			i = int(p.tokens[i].match) - 1
			group = true
		case p.tokens[i].kind == tokWord || p.tokens[i].kind == tokPrivate:
			i--
		default:
			break chain
		}
		switch {
		case p.is(i, "?."):
			if next {
				p.rightValue(i)
				return
			}
			links = append(links, i)
			i--
		case p.is(i, "."):
			i--
		case i >= 0 && group && p.endsOperand(i) && !p.is(i, "}") && !p.operandHead(i):
		default:
			break chain
		}
	}
	for _, i := range links {
		at := p.start(i)
		if p.is(i+1, "[") || p.is(i+1, "(") {
			p.edits.replace(at, at+2, "")
			fill(p.image[at:at+2], ' ')
		} else {
			p.edits.replace(at, at+2, ".")
			p.image[at] = ' '
			p.image[at+1] = '.'
		}
	}
}

// rightValue makes an assignment to a?.b the run-time error it is.
func (p *prepared) rightValue(link int) {
	at := p.start(link)
	p.edits.replace(at, at+2, `[(()=>{throw new Error("cannot assign to a right-value")})()]`)
	if !p.is(link+1, "[") {
		p.edits.add(at+2, at+2, ".", rankFirst)
		p.image[at], p.image[at+1] = ' ', '.'
	} else {
		p.image[at], p.image[at+1] = ' ', ' '
	}
}

// coalesce puts parentheses around || and && next to ??, which binds weaker
// than both.
func (p *prepared) coalesce(op int) {
	if at, ok := p.operand(op, -1); ok {
		p.edits.wrap(p.start(at), p.end(op-1), "(", ")")
	}
	if at, ok := p.operand(op, 1); ok {
		if p.is(at+1, "??") {
			return // that one's left operand
		}
		p.edits.wrap(p.start(op+1), p.end(at), "(", ")")
	}
}

// operand finds the outer end of the operand on one side of ??, and tells
// whether it has a logical operator of its own.
func (p *prepared) operand(op, step int) (at int, logical bool) {
	i := op + step
	for ; i >= 0 && i < len(p.tokens); i += step {
		t := &p.tokens[i]
		if t.kind == tokEOF || p.boundary(i, step, op) {
			break
		}
		if p.is(i, "||") || p.is(i, "&&") {
			logical = true
		}
		if j, ok := p.group(i, step); ok {
			i = j
		}
	}
	return i - step, logical
}

// group gives the other end of the bracket at token i, seen in a direction.
func (p *prepared) group(i, step int) (int, bool) {
	t := &p.tokens[i]
	switch {
	case step < 0 && (t.kind == tokTemplateTail || t.kind == tokPunct && t.match >= 0 && t.opens == notBracket):
		j := int(t.match)
		for j > 0 && p.tokens[j].kind == tokTemplateMid {
			k := j - 1
			for int(p.tokens[k].match) != j || p.tokens[k].opens == notBracket {
				k--
			}
			j = k
		}
		return j, true
	case step > 0 && t.opens != notBracket:
		j := int(t.match)
		for p.tokens[j].kind == tokTemplateMid {
			j = int(p.tokens[j].match)
		}
		return j, true
	}
	return i, false
}

func (p *prepared) boundary(i, step, op int) bool {
	t := &p.tokens[i]
	switch t.kind {
	case tokPunct:
		if t.opens != notBracket && step < 0 || t.match >= 0 && t.opens == notBracket && step > 0 {
			return true
		}
		switch p.str(i) {
		case ",", ";", "??", "=", "+=", "-=", "*=", "/=", "%=", "**=", "<<=", ">>=", ">>>=", "&=", "|=", "^=",
			"&&=", "||=", "??=", "=>", "?", ":", "...":
			return true
		}
	case tokTemplateHead:
		return step < 0
	case tokTemplateMid:
		return true
	case tokTemplateTail:
		return step > 0
	case tokWord:
		switch p.str(i) {
		case "return", "throw", "case", "yield", "else", "do", "default", "if", "while", "for":
			return !p.is(i-1, ".") && !p.is(i-1, "?.")
		}
	}
	// two operands side by side: a line break ended a statement
	near, far := i-step, i
	if step > 0 {
		near, far = far, near
	}
	return near != op && far != op && p.endsOperand(far) &&
		(p.beginsOperand(near) || p.tokens[near].newline && p.startsLine(near))
}

func (f *source) endsOperand(i int) bool {
	switch t := &f.tokens[i]; t.kind {
	case tokWord:
		return !operandWords[f.str(i)] || f.is(i-1, ".") || f.is(i-1, "?.")
	case tokPunct:
		return t.match >= 0 && t.opens == notBracket
	case tokTemplateHead, tokTemplateMid, tokEOF:
		return false
	}
	return true
}

func (f *source) beginsOperand(i int) bool {
	switch f.tokens[i].kind {
	case tokWord:
		return !f.is(i, "in") && !f.is(i, "instanceof") && !f.is(i, "of")
	case tokNumber, tokString, tokRegExp, tokPrivate:
		return true
	}
	return f.is(i, "{")
}

// startsLine tells whether token i is an operator that ends the statement on
// the line before.
func (f *source) startsLine(i int) bool {
	return f.is(i, "!") || f.is(i, "~") || f.is(i, "++") || f.is(i, "--")
}

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
