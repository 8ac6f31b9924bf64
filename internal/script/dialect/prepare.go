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
