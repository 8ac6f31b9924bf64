package dialect

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
