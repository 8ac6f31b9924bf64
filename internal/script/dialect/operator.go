package dialect

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
